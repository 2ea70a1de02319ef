/* The names of sockets: bound, told, at their limits. */
#define _GNU_SOURCE
#include "check.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Binds, connects, and looks at what either end is told. The kernel counts
 * `extra` bytes more than it was given. */
static void check_name(const void *name, uint32_t length, uint32_t extra)
{
    char told[IPCX_NAME_SIZE];
    int32_t listener = ipcx_socket(SOCK_STREAM), peer[3];
    int32_t client = ipcx_socket(SOCK_STREAM), connection;

    CHECK_IS(ipcx_bind(listener, name, length), 0);
    CHECK_IS(ipcx_listen(listener, 1), 0);
    CHECK_IS(ipcx_connect(client, name, length), 0);
    connection = ipcx_accept(listener, peer);
    CHECK_IS(ipcx_name(listener, 0, told), length + extra);
    CHECK(memcmp(told, name, length) == 0);
    CHECK_IS(ipcx_name(client, 1, told), length + extra);
    CHECK(memcmp(told, name, length) == 0);
    CHECK(extra == 0 || told[length] == 0);
    CHECK_IS(ipcx_name(connection, 0, told), length + extra);
    CHECK_IS(ipcx_name(connection, 1, told), 0);
    CHECK_IS(ipcx_name(client, 0, told), 0);
    ipcx_close(connection);
    ipcx_close(client);
    ipcx_close(listener);
}

static void a_path_may_have_108_bytes(void)
{
    char path[109];

    for (uint32_t length = 106; length <= 108; length++) {
        own_path(path, length);
        check_name(path, length, 1);
        remove_own_path(path);
    }
}

static void an_abstract_name_may_have_nuls_and_107_bytes(void)
{
    char name[108] = {0};
    uint32_t length = own_name(name);

    check_name(name, length, 0);
    check_name(name, length + 2, 0);
    check_name(name, 108, 0);
}

static void abstract_names_differ_by_their_nuls(void)
{
    char name[108] = {0};
    uint32_t length = own_name(name);
    int32_t one = ipcx_socket(SOCK_STREAM), other = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_bind(one, name, length), 0);
    CHECK_IS(ipcx_bind(other, name, length), -EADDRINUSE);
    CHECK_IS(ipcx_bind(other, name, length + 1), 0);
    ipcx_close(one);
    ipcx_close(other);
}

static void the_kernel_chooses_a_name_if_none_is_given(void)
{
    char told[IPCX_NAME_SIZE];
    int32_t fd = ipcx_socket(SOCK_DGRAM);

    CHECK_IS(ipcx_name(fd, 0, told), 0);
    CHECK_IS(ipcx_bind(fd, NULL, 0), 0);
    CHECK_IS(ipcx_name(fd, 0, told), 6);
    CHECK_IS(told[0], 0);
    for (int i = 1; i < 6; i++)
        CHECK(isxdigit((unsigned char)told[i]));
    ipcx_close(fd);
}

static void what_cannot_be_bound_gives_an_error(void)
{
    char path[109] = "";
    int32_t fd = ipcx_socket(SOCK_STREAM), other = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_bind(-1, "\0name", 5), -EBADF);
    CHECK_IS(ipcx_bind(fd, path, 109), -ENAMETOOLONG);
    CHECK_IS(ipcx_bind(fd, path, UINT32_MAX), -ENAMETOOLONG);
    CHECK_IS(ipcx_bind(fd, "/nowhere/at/all", 15), -ENOENT);
    own_path(path, 60);
    CHECK_IS(ipcx_bind(fd, path, 60), 0);
    CHECK_IS(ipcx_bind(fd, path, 59), -EINVAL);
    CHECK_IS(ipcx_bind(other, path, 60), -EADDRINUSE);
    ipcx_close(fd);
    ipcx_close(other);
    remove_own_path(path);
}

static void what_has_no_such_name_gives_an_error(void)
{
    char told[IPCX_NAME_SIZE];
    int32_t fd = ipcx_socket(SOCK_STREAM);
    int internet = socket(AF_INET, SOCK_DGRAM, 0), pipe_ends[2];

    CHECK_IS(ipcx_name(fd, 1, told), -ENOTCONN);
    CHECK_IS(ipcx_name(-1, 0, told), -EBADF);
    CHECK_IS(pipe(pipe_ends), 0);
    CHECK_IS(ipcx_name(pipe_ends[0], 0, told), -ENOTSOCK);
    if (internet >= 0) {
        CHECK_IS(ipcx_name(internet, 0, told), -EAFNOSUPPORT);
        close(internet);
    }
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    ipcx_close(fd);
}

void test_names(void)
{
    RUN(a_path_may_have_108_bytes);
    RUN(an_abstract_name_may_have_nuls_and_107_bytes);
    RUN(abstract_names_differ_by_their_nuls);
    RUN(the_kernel_chooses_a_name_if_none_is_given);
    RUN(what_cannot_be_bound_gives_an_error);
    RUN(what_has_no_such_name_gives_an_error);
}
