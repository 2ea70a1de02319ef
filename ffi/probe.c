/* Calls with whatever values, also those that the other functions keep from the
 * kernel: for who wants to know what it says to them. */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int32_t result_of(long value)
{
    return value < 0 ? -errno : (int32_t)value;
}

/* A socket of any family: nonblocking, close-on-exec. */
int32_t ipcx_probe_socket(int32_t family, int32_t type, int32_t protocol)
{
    return result_of(
        socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

/* `address` begins with its family, and may have any length. */
int32_t ipcx_probe_bind(int32_t fd, const void *address, uint32_t length)
{
    return result_of(bind(fd, address, length));
}

/* The name of a socket, as much of it as there is room for. Returns the bytes
 * that it has, which may be more. */
int32_t ipcx_probe_name(int32_t fd, void *address, uint32_t size)
{
    socklen_t length = size;

    return getsockname(fd, address, &length) < 0 ? -errno : (int32_t)length;
}

/* Sends `parts` times the same bytes as one message, with control messages that
 * are laid out as sendmsg(2) wants them. `parts` is at most
 * IPCX_PROBE_MOST_PARTS, else -E2BIG. */
int32_t ipcx_probe_send(int32_t fd, const void *data, uint32_t length,
                        uint32_t parts, const void *control,
                        uint32_t control_length, int32_t flags)
{
    struct iovec vector[IPCX_PROBE_MOST_PARTS];
    struct msghdr message = {.msg_iov = vector,
                             .msg_iovlen = parts,
                             .msg_control = (void *)control,
                             .msg_controllen = control_length};

    if (parts > IPCX_PROBE_MOST_PARTS)
        return -E2BIG;
    for (uint32_t i = 0; i < parts; i++)
        vector[i] = (struct iovec){.iov_base = (void *)data, .iov_len = length};
    return result_of(
        sendmsg(fd, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* Receives a message with its control messages as they are: their descriptors
 * are the caller's. `told` is given msg_flags, the bytes of `control` that
 * were used, and the length of the sender's address. */
int32_t ipcx_probe_receive(int32_t fd, void *data, uint32_t length,
                           void *control, uint32_t control_size, int32_t flags,
                           int32_t *told)
{
    struct iovec part = {.iov_base = data, .iov_len = length};
    struct sockaddr_storage name;
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = sizeof(name),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = control_size};
    ssize_t got = recvmsg(fd, &message, flags | MSG_DONTWAIT);

    if (got < 0)
        return -errno;
    told[0] = message.msg_flags;
    told[1] = (int32_t)message.msg_controllen;
    told[2] = (int32_t)message.msg_namelen;
    return (int32_t)got;
}

/* How many of so many empty messages one sendmmsg(2) sends, or one recvmmsg(2)
 * receives. -E2BIG beyond IPCX_PROBE_MOST_PARTS. */
int32_t ipcx_probe_batch(int32_t fd, uint32_t count, int32_t receives)
{
    struct mmsghdr messages[IPCX_PROBE_MOST_PARTS] = {0};
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;

    if (count > IPCX_PROBE_MOST_PARTS)
        return -E2BIG;
    return result_of(receives ? recvmmsg(fd, messages, count, flags, NULL)
                              : sendmmsg(fd, messages, count, flags));
}

int32_t ipcx_probe_fcntl(int32_t fd, int32_t command, int32_t argument)
{
    return result_of(fcntl(fd, command, argument));
}

/* Memory as a file, with any flags, and close-on-exec. */
int32_t ipcx_probe_memory(uint32_t flags)
{
    return result_of(memfd_create("probe", flags | MFD_CLOEXEC));
}

/* A duplicate of a descriptor that another process has. */
int32_t ipcx_probe_take(int32_t pidfd, int32_t fd)
{
    return result_of(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}
