/* Sockets of the internet that listen: tcp(7), ip(7), getaddrinfo(3). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The loopback interface has this number in every network namespace, whatever
 * its name. */
#define LOOPBACK_INDEX 1

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

static int turn_on(int fd, int level, int option)
{
    return set(fd, level, option, 1);
}

static int32_t listen_at(const struct addrinfo *address, int32_t backlog)
{
    int fd = socket(address->ai_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    /* Who accepts takes over TCP_NODELAY: answers are written as a whole. */
    if (turn_on(fd, SOL_SOCKET, SO_REUSEADDR) < 0 ||
        turn_on(fd, IPPROTO_TCP, TCP_NODELAY) < 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) < 0 ||
        listen(fd, backlog) < 0) {
        int32_t result = -errno;

        close(fd);
        return result;
    }
    return fd;
}

/* A socket that listens at an IP address, which may have a scope as in
 * fe80::1%eth0; port 0 lets the kernel choose. Nonblocking, close-on-exec. */
int32_t ipcx_listen_internet(const char *host, uint32_t port, int32_t backlog)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
    };
    struct addrinfo *found = NULL;
    char service[8];
    int32_t result;

    if (port > 65535)
        return -EINVAL;
    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -EINVAL;
    result = listen_at(found, backlog);
    freeaddrinfo(found);
    return result;
}

/* A socket that listens without having been bound, at a port that the kernel
 * chooses: at loopback, or with everywhere at every interface. One of IPv6 takes
 * connections of IPv4 as well. Nonblocking, close-on-exec. */
int32_t ipcx_listen_ephemeral(int32_t ipv6, int32_t everywhere,
                              int32_t backlog)
{
    int fd = socket(ipv6 ? AF_INET6 : AF_INET,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (turn_on(fd, IPPROTO_TCP, TCP_NODELAY) < 0 ||
        (ipv6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) < 0) ||
        (!everywhere &&
         set(fd, SOL_SOCKET, SO_BINDTOIFINDEX, LOOPBACK_INDEX) < 0) ||
        listen(fd, backlog) < 0) {
        int32_t result = -errno;

        close(fd);
        return result;
    }
    return fd;
}

/* Where a socket is bound: its port, and its IP address as text. Other kinds of
 * sockets have neither. */
int32_t ipcx_internet_name(int32_t fd, char *host, uint32_t size)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    struct sockaddr *name = (struct sockaddr *)&address;

    if (getsockname(fd, name, &length) < 0)
        return -errno;
    if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
        return -EAFNOSUPPORT;
    if (getnameinfo(name, length, host, size, NULL, 0, NI_NUMERICHOST) != 0)
        return -ENAMETOOLONG;
    return ntohs(address.ss_family == AF_INET
                     ? ((struct sockaddr_in *)&address)->sin_port
                     : ((struct sockaddr_in6 *)&address)->sin6_port);
}
