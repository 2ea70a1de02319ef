/* Sockets: made, accepted, connected, set, shut down. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_nonblocking(int fd)
{
    return fcntl(fd, F_GETFL) & O_NONBLOCK;
}

static void sockets_are_nonblocking_and_close_on_exec(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2], type;

    for (int i = 0; i < 3; i++) {
        int32_t fd = ipcx_socket(types[i]);

        CHECK(is_nonblocking(fd));
        CHECK_IS(ipcx_is_close_on_exec(fd), 1);
        CHECK_IS(ipcx_get_option(fd, SOL_SOCKET, SO_TYPE, &type, 4), 4);
        CHECK_IS(type, types[i]);
        CHECK_IS(ipcx_close(fd), 0);
        make_pair(types[i], ends);
        for (int end = 0; end < 2; end++) {
            CHECK(is_nonblocking(ends[end]));
            CHECK_IS(ipcx_is_close_on_exec(ends[end]), 1);
        }
        close_pair(ends);
    }
}

static void sockets_that_cannot_be_made_give_an_error(void)
{
    int32_t ends[2];

    CHECK_IS(ipcx_socket(SOCK_RDM), -ESOCKTNOSUPPORT);
    CHECK_IS(ipcx_socket(-1), -EINVAL);
    CHECK_IS(ipcx_socketpair(SOCK_RDM, ends), -ESOCKTNOSUPPORT);
    leave_room_for(1);
    CHECK_IS(ipcx_socketpair(SOCK_STREAM, ends), -EMFILE);
    leave_room_for(0);
    CHECK_IS(ipcx_socket(SOCK_STREAM), -EMFILE);
}

static int32_t listener_at(const char *name, uint32_t length, int32_t backlog)
{
    int32_t fd = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_bind(fd, name, length), 0);
    CHECK_IS(ipcx_listen(fd, backlog), 0);
    return fd;
}

static void an_accepted_connection_tells_its_peer(void)
{
    char name[108];
    uint32_t length = own_name(name);
    int32_t listener = listener_at(name, length, 8), peer[3], connection;
    int32_t client = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_accept(listener, peer), -EAGAIN);
    CHECK_IS(ipcx_connect(client, name, length), 0);
    CHECK_IS(ipcx_connect(client, name, length), -EISCONN);
    connection = ipcx_accept(listener, peer);
    CHECK(connection >= 0 && is_nonblocking(connection));
    CHECK_IS(ipcx_is_close_on_exec(connection), 1);
    CHECK_IS(peer[0], getpid());
    CHECK_IS((uint32_t)peer[1], geteuid());
    CHECK_IS((uint32_t)peer[2], getegid());
    ipcx_close(connection);
    ipcx_close(client);
    ipcx_close(listener);
}

static void what_cannot_be_accepted_gives_an_error(void)
{
    char name[108];
    uint32_t length = own_name(name);
    int32_t listener = listener_at(name, length, 8), peer[3];
    int32_t client = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_accept(-1, peer), -EBADF);
    CHECK_IS(ipcx_accept(client, peer), -EINVAL);
    CHECK_IS(ipcx_connect(client, name, length), 0);
    leave_room_for(0);
    CHECK_IS(ipcx_accept(listener, peer), -EMFILE);
    CHECK_IS(ipcx_close(client), 0);
    /* It is still in the queue: accept(2) takes a number first. */
    int32_t connection = ipcx_accept(listener, peer);

    CHECK(connection >= 0);
    ipcx_close(connection);
    ipcx_close(listener);
}

static void what_cannot_be_listened_at_gives_an_error(void)
{
    int32_t stream = ipcx_socket(SOCK_STREAM), dgram = ipcx_socket(SOCK_DGRAM);

    CHECK_IS(ipcx_listen(-1, 1), -EBADF);
    CHECK_IS(ipcx_listen(stream, 1), -EINVAL);
    CHECK_IS(ipcx_listen(dgram, 1), -EOPNOTSUPP);
    ipcx_close(stream);
    ipcx_close(dgram);
}

static void what_cannot_be_connected_gives_an_error(void)
{
    char name[108];
    uint32_t length = own_name(name);
    int32_t fd = ipcx_socket(SOCK_STREAM), packets = ipcx_socket(SOCK_DGRAM);
    int32_t listener, pending[2];

    CHECK_IS(ipcx_connect(-1, name, length), -EBADF);
    CHECK_IS(ipcx_connect(fd, name, length), -ECONNREFUSED);
    CHECK_IS(ipcx_connect(fd, "/nowhere/at/all", 15), -ENOENT);
    CHECK_IS(ipcx_connect(fd, name, 109), -ENAMETOOLONG);
    CHECK_IS(ipcx_connect(fd, name, UINT32_MAX), -ENAMETOOLONG);
    CHECK_IS(ipcx_connect(fd, NULL, 0), -EINVAL);
    listener = listener_at(name, length, 0);
    /* Abstract names are separate for each type of socket. */
    CHECK_IS(ipcx_connect(packets, name, length), -ECONNREFUSED);
    /* A backlog of n takes n + 1. */
    pending[0] = ipcx_socket(SOCK_STREAM);
    CHECK_IS(ipcx_connect(pending[0], name, length), 0);
    pending[1] = ipcx_socket(SOCK_STREAM);
    CHECK_IS(ipcx_connect(pending[1], name, length), -EAGAIN);
    close_pair(pending);
    ipcx_close(listener);
    ipcx_close(packets);
    ipcx_close(fd);
}

static void options_are_read_and_set(void)
{
    int32_t ends[2], value = 1;
    struct ucred peer;

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_set_option(ends[0], SOL_SOCKET, SO_PASSCRED, &value, 4), 0);
    value = 0;
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, SO_PASSCRED, &value, 4), 4);
    CHECK_IS(value, 1);
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, SO_PEERCRED, &peer,
                             sizeof(peer)),
             sizeof(peer));
    CHECK_IS(peer.pid, getpid());
    /* Less room than the option needs gets its beginning. */
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, 4), 4);
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, 9999, &value, 4),
             -ENOPROTOOPT);
    CHECK_IS(ipcx_set_option(ends[0], SOL_SOCKET, 9999, &value, 4),
             -ENOPROTOOPT);
    CHECK_IS(ipcx_set_option(ends[0], SOL_SOCKET, SO_PASSCRED, &value, 1),
             -EINVAL);
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, SO_TYPE, &value, UINT32_MAX),
             -EINVAL);
    CHECK_IS(ipcx_get_option(-1, SOL_SOCKET, SO_TYPE, &value, 4), -EBADF);
    CHECK_IS(ipcx_set_option(-1, SOL_SOCKET, SO_PASSCRED, &value, 4), -EBADF);
    close_pair(ends);
}

static void each_direction_is_shut_down_by_itself(void)
{
    int32_t ends[2];
    char byte;

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_shutdown(ends[0], SHUT_WR), 0);
    CHECK_IS(read(ends[1], &byte, 1), 0);
    CHECK_IS(write(ends[1], "x", 1), 1);
    CHECK_IS(read(ends[0], &byte, 1), 1);
    CHECK_IS(ipcx_shutdown(ends[0], 3), -EINVAL);
    CHECK_IS(ipcx_shutdown(-1, SHUT_RD), -EBADF);
    close_pair(ends);
}

static void a_datagram_socket_loses_its_peer(void)
{
    int32_t ends[2];

    make_pair(SOCK_DGRAM, ends);
    CHECK_IS(ipcx_send_bytes(ends[0], "x", 1, 0), 1);
    CHECK_IS(ipcx_disconnect(ends[0]), 0);
    CHECK_IS(ipcx_send_bytes(ends[0], "x", 1, 0), -ENOTCONN);
    CHECK_IS(ipcx_disconnect(-1), -EBADF);
    close_pair(ends);
}

void test_sockets(void)
{
    RUN(sockets_are_nonblocking_and_close_on_exec);
    RUN_IN_CHILD(sockets_that_cannot_be_made_give_an_error);
    RUN(an_accepted_connection_tells_its_peer);
    RUN_IN_CHILD(what_cannot_be_accepted_gives_an_error);
    RUN(what_cannot_be_listened_at_gives_an_error);
    RUN(what_cannot_be_connected_gives_an_error);
    RUN(options_are_read_and_set);
    RUN(a_datagram_socket_loses_its_peer);
    RUN(each_direction_is_shut_down_by_itself);
}
