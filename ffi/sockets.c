/* Sockets and their names: socket(2), bind(2), accept4(2), unix(7). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME_OFFSET offsetof(struct sockaddr_un, sun_path)

static int32_t result_of(int value)
{
    return value < 0 ? -errno : value;
}

static socklen_t fill(struct sockaddr_un *address, const void *name,
                      uint32_t length)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (length)
        memcpy(address->sun_path, name, length);
    return (socklen_t)(NAME_OFFSET + length);
}

/* A new Unix socket: nonblocking, close-on-exec. */
int32_t ipcx_socket(int32_t type)
{
    return result_of(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/* Two connected sockets, nonblocking and close-on-exec. */
int32_t ipcx_socketpair(int32_t type, int32_t *ends)
{
    return result_of(
        socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
}

/* Binds to a name as it stands in sun_path: a path without its NUL, an abstract
 * name with its leading NUL, or nothing for autobind. */
int32_t ipcx_bind(int32_t fd, const void *name, uint32_t length)
{
    struct sockaddr_un address;

    if (length > sizeof(address.sun_path))
        return -ENAMETOOLONG;
    socklen_t size = fill(&address, name, length);

    return result_of(bind(fd, (struct sockaddr *)&address, size));
}

int32_t ipcx_listen(int32_t fd, int32_t backlog)
{
    return result_of(listen(fd, backlog));
}

/* Accepts one connection, nonblocking and close-on-exec, and tells the peer's
 * pid, uid and gid at the time of its connect(2). */
int32_t ipcx_accept(int32_t fd, int32_t *peer)
{
    struct ucred credentials = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t size = sizeof(credentials);
    int connection;

    do
        connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (connection < 0)
        return -errno;
    getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size);
    peer[0] = credentials.pid;
    peer[1] = (int32_t)credentials.uid;
    peer[2] = (int32_t)credentials.gid;
    return connection;
}

int32_t ipcx_connect(int32_t fd, const void *name, uint32_t length)
{
    struct sockaddr_un address;

    if (length > sizeof(address.sun_path))
        return -ENAMETOOLONG;
    socklen_t size = fill(&address, name, length);

    return result_of(connect(fd, (struct sockaddr *)&address, size));
}

/* Takes a datagram socket's peer away, so that it receives from anybody again. */
int32_t ipcx_disconnect(int32_t fd)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    return result_of(connect(fd, &nobody, sizeof(nobody.sa_family)));
}

/* The name of a socket or of its peer: the bytes of sun_path that count.
 * `name` has IPCX_NAME_SIZE bytes. -EAFNOSUPPORT for other than Unix sockets. */
int32_t ipcx_name(int32_t fd, int32_t of_peer, void *name)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct sockaddr *generic = (struct sockaddr *)&address;
    int result = of_peer ? getpeername(fd, generic, &size)
                         : getsockname(fd, generic, &size);

    if (result < 0)
        return -errno;
    if (address.ss_family != AF_UNIX)
        return -EAFNOSUPPORT;
    if (size <= NAME_OFFSET)
        return 0;
    size -= NAME_OFFSET;
    if (size > IPCX_NAME_SIZE)
        size = IPCX_NAME_SIZE;
    memcpy(name, (char *)&address + NAME_OFFSET, size);
    return (int32_t)size;
}

/* Reads an option and returns the bytes it has. */
int32_t ipcx_get_option(int32_t fd, int32_t level, int32_t option, void *value,
                        uint32_t size)
{
    socklen_t length = size;

    if (getsockopt(fd, level, option, value, &length) < 0)
        return -errno;
    return (int32_t)length;
}

int32_t ipcx_set_option(int32_t fd, int32_t level, int32_t option,
                        const void *value, uint32_t size)
{
    return result_of(setsockopt(fd, level, option, value, size));
}

int32_t ipcx_shutdown(int32_t fd, int32_t how)
{
    return result_of(shutdown(fd, how));
}
