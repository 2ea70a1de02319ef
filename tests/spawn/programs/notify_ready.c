/*
 * Sends READY=1 to NOTIFY_SOCKET, says with which error number, and stays.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *name = getenv("NOTIFY_SOCKET");
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t length = strlen(name);

    memcpy(to.sun_path, name, length);
    if (name[0] == '@')
        to.sun_path[0] = 0;
    errno = 0;
    sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&to,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    dprintf(1, "%d\n", errno);
    pause();
    return 0;
}
