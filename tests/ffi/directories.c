/* Directories: opened as places, and locked. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static void a_place_is_opened_as_nothing_else(void)
{
    int32_t fd = ipcx_open_path("/tmp", IPCX_OPEN_DIRECTORY);
    char byte;

    CHECK(fd >= 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK(fcntl(fd, F_GETFL) & O_PATH);
    CHECK(read(fd, &byte, 1) < 0 && errno == EBADF);
    ipcx_close(fd);
    CHECK_IS(ipcx_open_path("/nowhere/at/all", 0), -ENOENT);
    CHECK_IS(ipcx_open_path("/dev/null", IPCX_OPEN_DIRECTORY), -ENOTDIR);
    leave_room_for(0);
    CHECK_IS(ipcx_open_path("/tmp", 0), -EMFILE);
}

/* A directory of one's own, and the path of a file in it for its removal. */
static void make_directory(char directory[109], char path[109])
{
    own_path(path, 60);
    strcpy(directory, path);
    *strrchr(directory, '/') = 0;
}

/* Opens a place, and tells what file it is; 0 if it cannot be opened. */
static mode_t kind_of(const char *path, int32_t flags)
{
    int32_t fd = ipcx_open_path(path, flags);
    struct stat status = {0};

    if (fd < 0)
        return 0;
    CHECK_IS(fstat(fd, &status), 0);
    ipcx_close(fd);
    return status.st_mode & S_IFMT;
}

static void a_link_is_followed_unless_that_is_not_wanted(void)
{
    const int32_t both = IPCX_OPEN_DIRECTORY | IPCX_OPEN_NO_FOLLOW;
    char directory[109], path[109];

    CHECK_IS(IPCX_OPEN_DIRECTORY, 1);
    CHECK_IS(IPCX_OPEN_NO_FOLLOW, 2);
    make_directory(directory, path);
    CHECK_IS(symlink("/tmp", path), 0);
    CHECK_IS(kind_of(path, 0), S_IFDIR);
    CHECK_IS(kind_of(path, IPCX_OPEN_DIRECTORY), S_IFDIR);
    CHECK_IS(kind_of(path, IPCX_OPEN_NO_FOLLOW), S_IFLNK);
    CHECK_IS(ipcx_open_path(path, both), -ENOTDIR);
    CHECK_IS(kind_of(directory, both), S_IFDIR);
    CHECK_IS(kind_of("/dev/null", IPCX_OPEN_NO_FOLLOW), S_IFCHR);
    remove_own_path(path);
}

static void a_directory_is_locked_by_one_at_a_time(void)
{
    char directory[109], path[109];
    int32_t lock;

    make_directory(directory, path);
    lock = ipcx_lock_directory(directory, 0);
    CHECK(lock >= 0);
    CHECK_IS(ipcx_is_close_on_exec(lock), 1);
    CHECK_IS(ipcx_lock_directory(directory, 0), -EWOULDBLOCK);
    CHECK_IS(ipcx_lock_directory(directory, 3), -EWOULDBLOCK);
    ipcx_close(lock);
    lock = ipcx_lock_directory(directory, 0);
    CHECK(lock >= 0);
    ipcx_close(lock);
    remove_own_path(path);
}

static int32_t held;

static void let_go(int number)
{
    (void)number;
    close(held);
}

static void a_lock_is_waited_for(void)
{
    const struct itimerval soon = {.it_value.tv_usec = 20000};
    char directory[109], path[109];
    int32_t lock;

    make_directory(directory, path);
    held = ipcx_lock_directory(directory, 0);
    CHECK(held >= 0);
    signal(SIGALRM, let_go);
    setitimer(ITIMER_REAL, &soon, NULL);
    lock = ipcx_lock_directory(directory, PATIENCE_MS);
    CHECK(lock >= 0);
    ipcx_close(lock);
    remove_own_path(path);
}

static void what_cannot_be_locked_gives_an_error(void)
{
    CHECK_IS(ipcx_lock_directory("/nowhere/at/all", 0), -ENOENT);
    CHECK_IS(ipcx_lock_directory("/dev/null", 0), -ENOTDIR);
    leave_room_for(0);
    CHECK_IS(ipcx_lock_directory("/tmp", 0), -EMFILE);
}

void test_directories(void)
{
    RUN_IN_CHILD(a_place_is_opened_as_nothing_else);
    RUN(a_link_is_followed_unless_that_is_not_wanted);
    RUN(a_directory_is_locked_by_one_at_a_time);
    RUN_IN_CHILD(a_lock_is_waited_for);
    RUN_IN_CHILD(what_cannot_be_locked_gives_an_error);
}
