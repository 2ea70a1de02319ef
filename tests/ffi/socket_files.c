/* Socket files: their modes, and how they are moved. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH 60

static mode_t mode_of(const char *path)
{
    struct stat status = {0};

    CHECK_IS(lstat(path, &status), 0);
    return status.st_mode;
}

static void a_file_has_its_mode_whatever_the_umask(void)
{
    const mode_t modes[] = {0600, 0660, 0666, 0777, 0};
    const mode_t masks[] = {0, 022, 077, 0777};
    char path[109];

    for (int i = 0; i < 5 * 4; i++) {
        int32_t fd = ipcx_socket(SOCK_STREAM);
        mode_t before = umask(masks[i % 4]);

        own_path(path, LENGTH);
        CHECK_IS(ipcx_bind_file(fd, path, LENGTH, modes[i / 4]), 0);
        CHECK_IS(mode_of(path), S_IFSOCK | modes[i / 4]);
        CHECK_IS(umask(before), masks[i % 4]);
        ipcx_close(fd);
        remove_own_path(path);
    }
}

static void what_is_bound_so_serves(void)
{
    char path[109], told[IPCX_NAME_SIZE];
    int32_t listener = ipcx_socket(SOCK_STREAM), peer[3];
    int32_t client = ipcx_socket(SOCK_STREAM), connection;

    own_path(path, LENGTH);
    CHECK_IS(ipcx_bind_file(listener, path, LENGTH, 0600), 0);
    CHECK_IS(ipcx_name(listener, 0, told), LENGTH + 1);
    CHECK(memcmp(told, path, LENGTH) == 0);
    CHECK_IS(ipcx_listen(listener, 1), 0);
    CHECK_IS(ipcx_connect(client, path, LENGTH), 0);
    connection = ipcx_accept(listener, peer);
    CHECK_IS(peer[0], getpid());
    ipcx_close(connection);
    ipcx_close(client);
    ipcx_close(listener);
    remove_own_path(path);
}

static void a_path_of_108_bytes_fits_and_no_more(void)
{
    char path[109] = "";
    int32_t fd = ipcx_socket(SOCK_STREAM);

    CHECK_IS(ipcx_bind_file(fd, path, 109, 0600), -ENAMETOOLONG);
    CHECK_IS(ipcx_bind_file(fd, path, UINT32_MAX, 0600), -ENAMETOOLONG);
    own_path(path, 108);
    CHECK_IS(ipcx_bind_file(fd, path, 108, 0600), 0);
    CHECK_IS(mode_of(path), S_IFSOCK | 0600);
    ipcx_close(fd);
    remove_own_path(path);
}

static void what_cannot_be_bound_to_gives_an_error(void)
{
    char path[109];
    int32_t fd = ipcx_socket(SOCK_STREAM), other = ipcx_socket(SOCK_STREAM);

    own_path(path, LENGTH);
    CHECK_IS(ipcx_bind_file(-1, path, LENGTH, 0600), -EBADF);
    CHECK_IS(ipcx_bind_file(fd, "/nowhere/at/all", 15, 0600), -ENOENT);
    CHECK_IS(ipcx_bind_file(fd, path, LENGTH, 0600), 0);
    CHECK_IS(ipcx_bind_file(fd, path, LENGTH - 1, 0600), -EINVAL);
    CHECK_IS(ipcx_bind_file(other, path, LENGTH, 0600), -EADDRINUSE);
    ipcx_close(fd);
    ipcx_close(other);
    remove_own_path(path);
}

static void signals_are_as_they_were(void)
{
    sigset_t blocked, before, after;
    char path[109];
    int32_t fd = ipcx_socket(SOCK_STREAM);

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    own_path(path, LENGTH);
    CHECK_IS(ipcx_bind_file(fd, path, LENGTH, 0600), 0);
    sigprocmask(SIG_SETMASK, &before, &after);
    CHECK_IS(sigismember(&after, SIGUSR1), 1);
    CHECK_IS(sigismember(&after, SIGUSR2), 0);
    ipcx_close(fd);
    remove_own_path(path);
}

static void a_file_is_moved_only_where_nothing_is(void)
{
    char path[109], other[112];
    int32_t fd = ipcx_socket(SOCK_STREAM);

    own_path(path, LENGTH);
    sprintf(other, "%s.x", path);
    CHECK_IS(ipcx_move(path, other), -ENOENT);
    CHECK_IS(ipcx_bind_file(fd, path, LENGTH, 0600), 0);
    CHECK_IS(ipcx_move(path, other), 0);
    CHECK_IS(mode_of(other), S_IFSOCK | 0600);
    CHECK_IS(symlink("nowhere", path), 0);
    CHECK_IS(ipcx_move(other, path), -EEXIST);
    CHECK_IS(ipcx_move(path, other), -EEXIST);
    CHECK_IS(mode_of(other), S_IFSOCK | 0600);
    CHECK_IS(unlink(path), 0);
    CHECK_IS(ipcx_move(other, path), 0);
    ipcx_close(fd);
    remove_own_path(path);
}

void test_socket_files(void)
{
    RUN(a_file_has_its_mode_whatever_the_umask);
    RUN(what_is_bound_so_serves);
    RUN(a_path_of_108_bytes_fits_and_no_more);
    RUN(what_cannot_be_bound_to_gives_an_error);
    RUN(signals_are_as_they_were);
    RUN(a_file_is_moved_only_where_nothing_is);
}
