/* The environment as bytes; a program without a descriptor. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void the_environment_is_read_byte_by_byte(void)
{
    char *variables[] = {"A=1", "B=\xff\xfe=", "", "C", "\xe9=2", NULL};
    const char expected[] = "A=1\0B=\xff\xfe=\0\0C\0\xe9=2";
    char text[32];

    environ = variables;
    memset(text, '.', sizeof(text));
    CHECK_IS(ipcx_environment(text, sizeof(text)), sizeof(expected));
    CHECK(memcmp(text, expected, sizeof(expected)) == 0);
    CHECK_IS(text[sizeof(expected)], '.');
}

static void without_room_nothing_is_written(void)
{
    char *variables[] = {"A=1", "B=2", NULL}, *none[] = {NULL};
    char text[8];

    environ = variables;
    for (uint32_t size = 0; size < 8; size++) {
        memset(text, '.', sizeof(text));
        CHECK_IS(ipcx_environment(text, size), 8);
        CHECK(memcmp(text, "........", 8) == 0);
    }
    CHECK_IS(ipcx_environment(text, 8), 8);
    CHECK(memcmp(text, "A=1\0B=2", 8) == 0);
    environ = none;
    CHECK_IS(ipcx_environment(text, 0), 0);
}

/* Becomes a shell in a process of its own. Gives its exit status. */
static int run_shell(const char *line, int32_t fd)
{
    char arguments[256] = "sh\0-c";
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        strcpy(arguments + 6, line);
        if (fd >= 0)
            CHECK_IS(ipcx_keep_on_exec(fd), 0);
        CHECK_IS(ipcx_exec("/bin/sh", arguments, 3, "A=\xff", 1, NULL, 0, 0),
                 0);
        _exit(99);
    }
    CHECK_IS(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_program_is_given_no_descriptor(void)
{
    /* Whatever the driver was started with. */
    CHECK(!is_open(3) || fcntl(3, F_SETFD, FD_CLOEXEC) == 0);
    CHECK_IS(run_shell("[ ! -e /proc/self/fd/3 ]", -1), 0);
    /* What is there stays, and so does what is in the way. */
    CHECK_IS(dup2(0, 3), 3);
    CHECK_IS(run_shell("[ -e /proc/self/fd/3 ]", -1), 0);
    CHECK_IS(run_shell("[ \"$A\" = \"$(printf '\\377')\" ]", -1), 0);
    CHECK_IS(ipcx_exec("/nowhere/at/all", "none", 1, NULL, 0, NULL, 0, 0),
             -ENOENT);
    CHECK(is_open(3) && !is_open(4));
    ipcx_close(3);
}

static void a_descriptor_is_kept_where_it_is(void)
{
    int32_t fd = fcntl(0, F_DUPFD_CLOEXEC, 8);

    CHECK_IS(fd, 8);
    CHECK_IS(run_shell("[ ! -e /proc/self/fd/8 ]", -1), 0);
    CHECK_IS(run_shell("[ -e /proc/self/fd/8 ]", fd), 0);
    CHECK_IS(ipcx_keep_on_exec(fd), 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 0);
    CHECK_IS(ipcx_keep_on_exec(fd), 0);
    ipcx_close(fd);
    CHECK_IS(ipcx_keep_on_exec(fd), -EBADF);
}

void test_environment(void)
{
    RUN_IN_CHILD(the_environment_is_read_byte_by_byte);
    RUN_IN_CHILD(without_room_nothing_is_written);
    RUN_IN_CHILD(a_program_is_given_no_descriptor);
    RUN_IN_CHILD(a_descriptor_is_kept_where_it_is);
}
