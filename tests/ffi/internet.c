/* Sockets of the internet that listen. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connects to a port of the host itself. */
static int connected_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_IS(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void a_port_is_chosen_and_told(void)
{
    char host[64];
    int32_t fd = ipcx_listen_internet("127.0.0.1", 0, 8), peer[3], client;
    int32_t port = ipcx_internet_name(fd, host, sizeof(host)), connection;
    int value = 0;
    socklen_t size = sizeof(value);

    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK(port > 0 && port < 65536);
    CHECK(strcmp(host, "127.0.0.1") == 0);
    CHECK_IS(ipcx_accept(fd, peer), -EAGAIN);
    client = connected_to(port);
    connection = ipcx_accept(fd, peer);
    CHECK(connection >= 0);
    /* The kernel knows processes on Unix sockets only. */
    CHECK_IS(peer[0], 0);
    getsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    CHECK_IS(value, 1);
    CHECK_IS(ipcx_listen_internet("127.0.0.1", (uint32_t)port, 8),
             -EADDRINUSE);
    ipcx_close(connection);
    ipcx_close(client);
    ipcx_close(fd);
}

static void addresses_are_of_both_kinds(void)
{
    char host[64];
    int32_t fd = ipcx_listen_internet("::1", 0, 8);

    if (fd != -EADDRNOTAVAIL && fd != -EAFNOSUPPORT) {
        CHECK(ipcx_internet_name(fd, host, sizeof(host)) > 0);
        CHECK(strcmp(host, "::1") == 0);
        CHECK_IS(ipcx_internet_name(fd, host, 2), -ENAMETOOLONG);
        ipcx_close(fd);
    }
    CHECK_IS(ipcx_listen_internet("localhost", 0, 8), -EINVAL);
    CHECK_IS(ipcx_listen_internet("", 0, 8), -EINVAL);
    CHECK_IS(ipcx_listen_internet("127.0.0.1", 65536, 8), -EINVAL);
    CHECK_IS(ipcx_listen_internet("192.0.2.1", 0, 8), -EADDRNOTAVAIL);
}

static void a_port_is_chosen_without_binding(void)
{
    char host[64];
    int32_t fd = ipcx_listen_ephemeral(0, 0, 8), peer[3], client, connection;
    int32_t port = ipcx_internet_name(fd, host, sizeof(host));
    int value = 0;
    socklen_t size = sizeof(value);

    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK(port > 0 && strcmp(host, "0.0.0.0") == 0);
    getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &value, &size);
    CHECK_IS(value, 1);
    client = connected_to(port);
    connection = ipcx_accept(fd, peer);
    CHECK(connection >= 0);
    getsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    CHECK_IS(value, 1);
    ipcx_close(connection);
    ipcx_close(client);
    ipcx_close(fd);

    fd = ipcx_listen_ephemeral(0, 1, 8);
    getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &value, &size);
    CHECK_IS(value, 0);
    ipcx_close(fd);
}

static void one_of_ipv6_is_one_of_ipv4_too(void)
{
    char host[64];
    int32_t fd = ipcx_listen_ephemeral(1, 0, 8);

    if (fd == -EAFNOSUPPORT)
        return;
    CHECK(fd >= 0);
    ipcx_close(connected_to(ipcx_internet_name(fd, host, sizeof(host))));
    CHECK(strcmp(host, "::") == 0);
    ipcx_close(fd);
}

static void other_sockets_have_no_such_name(void)
{
    char host[64];
    int32_t unix_socket = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_internet_name(unix_socket, host, sizeof(host)),
             -EAFNOSUPPORT);
    CHECK_IS(ipcx_internet_name(-1, host, sizeof(host)), -EBADF);
    CHECK_IS(ipcx_internet_name(0, host, sizeof(host)), -ENOTSOCK);
    ipcx_close(unix_socket);
}

static void a_socket_needs_a_descriptor(void)
{
    leave_room_for(0);
    CHECK_IS(ipcx_listen_internet("127.0.0.1", 0, 8), -EMFILE);
    CHECK_IS(ipcx_listen_ephemeral(0, 0, 8), -EMFILE);
}

void test_internet(void)
{
    RUN(a_port_is_chosen_and_told);
    RUN(addresses_are_of_both_kinds);
    RUN(a_port_is_chosen_without_binding);
    RUN(one_of_ipv6_is_one_of_ipv4_too);
    RUN(other_sockets_have_no_such_name);
    RUN_IN_CHILD(a_socket_needs_a_descriptor);
}
