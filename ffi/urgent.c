/* Out-of-band bytes on a stream: MSG_OOB of send(2), recv(2), unix(7). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <sys/socket.h>

/* Sends one byte ahead of those that wait. Never raises SIGPIPE. */
int32_t ipcx_send_urgent(int32_t fd, int32_t byte)
{
    unsigned char urgent = (unsigned char)byte;
    ssize_t sent;

    do
        sent = send(fd, &urgent, 1, MSG_OOB | MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

/* Takes the urgent byte, or fails with -EINVAL if there is none. */
int32_t ipcx_receive_urgent(int32_t fd)
{
    unsigned char urgent;
    ssize_t got;

    do
        got = recv(fd, &urgent, 1, MSG_OOB | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got == 0 ? -EINVAL : urgent;
}
