/* Descriptors: closed, duplicated, limited; names of errors. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void a_descriptor_is_closed_once(void)
{
    int fd = dup(0);

    CHECK_IS(ipcx_close(fd), 0);
    CHECK(!is_open(fd));
    CHECK_IS(ipcx_close(fd), -EBADF);
    CHECK_IS(ipcx_close(-1), -EBADF);
}

static void many_are_closed_even_if_one_is_not_open(void)
{
    int32_t fds[3] = {dup(0), -1, dup(0)};

    CHECK_IS(ipcx_close_all(fds, 3), 3);
    CHECK(!is_open(fds[0]) && !is_open(fds[2]));
    CHECK_IS(ipcx_close_all(NULL, 0), 0);
}

static void a_number_is_vacated(void)
{
    int32_t ends[2], more = dup(0);

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_vacate(more), 0);
    CHECK(!is_open(more));
    CHECK_IS(ipcx_vacate(more), -EBADF);
    /* A standard stream stays open, for programs that are started as well. */
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        int saved = ipcx_duplicate(fd);

        CHECK_IS(dup2(ends[0], fd), fd);
        CHECK(ipcx_vacate(fd) >= 0);
        CHECK(is_open(fd) && !is_same_file(fd, ends[0]));
        CHECK_IS(write(fd, "x", 1), 1);
        CHECK_IS(read(fd, &(char){0}, 1), 0);
        CHECK_IS(ipcx_is_close_on_exec(fd), 0);
        CHECK_IS(dup2(saved, fd), fd);
        ipcx_close(saved);
    }
    CHECK_IS(ipcx_vacate(-1), -EBADF);
    leave_room_for(0);
    CHECK_IS(ipcx_vacate(0), -EMFILE);
    close_pair(ends);
}

static void a_duplicate_is_close_on_exec_and_no_standard_stream(void)
{
    int32_t fd;

    close(0);
    fd = ipcx_duplicate(1);
    CHECK(fd >= 3 && is_same_file(fd, 1));
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK_IS(fcntl(fd, F_SETFD, 0), 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 0);
    CHECK_IS(dup2(fd, 0), 0);
    CHECK_IS(ipcx_duplicate(-1), -EBADF);
    CHECK_IS(ipcx_is_close_on_exec(-1), -EBADF);
    leave_room_for(0);
    CHECK_IS(ipcx_duplicate(1), -EMFILE);
    ipcx_close(fd);
}

static void a_duplicate_is_as_high_as_asked_for(void)
{
    struct rlimit limit = {64, 64};
    int32_t first = ipcx_duplicate_from(1, 40), second;

    CHECK(first >= 40 && is_same_file(first, 1));
    CHECK_IS(ipcx_is_close_on_exec(first), 1);
    second = ipcx_duplicate_from(1, first);
    CHECK(second > first);
    CHECK_IS(ipcx_duplicate_from(-1, 40), -EBADF);
    CHECK_IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_IS(ipcx_duplicate_from(1, 64), -EINVAL);
    ipcx_close(first);
    ipcx_close(second);
}

static void a_descriptor_is_made_nonblocking(void)
{
    int ends[2];

    CHECK_IS(pipe(ends), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_IS(ipcx_set_nonblocking(ends[1]), 0);
        CHECK_IS(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK);
    }
    close_pair(ends);
    CHECK_IS(ipcx_set_nonblocking(-1), -EBADF);
}

static void the_limit_is_raised_as_far_as_it_goes(void)
{
    struct rlimit limit = {.rlim_cur = 64, .rlim_max = 100};

    CHECK_IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_IS(ipcx_raise_descriptor_limit(), 100);
    CHECK_IS(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_IS(limit.rlim_cur, 100);
    CHECK_IS(ipcx_raise_descriptor_limit(), 100);
}

/* Makes the kernel refuse to set limits, as it does where the hard one lies above
 * fs.nr_open; to read them is allowed. */
static bool refuse_to_set_limits(void)
{
    const uint32_t call = offsetof(struct seccomp_data, nr);
    const uint32_t new_limit = offsetof(struct seccomp_data, args[2]);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, call),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prlimit64, 0, 5),
        /* A null pointer, half by half: the limit is only read. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, new_limit),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, new_limit + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(code) / sizeof(*code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void a_limit_that_cannot_be_raised_is_told_as_it_is(void)
{
    struct rlimit limit = {.rlim_cur = 64, .rlim_max = 100};

    CHECK_IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (!refuse_to_set_limits())
        return;
    CHECK_IS(setrlimit(RLIMIT_NOFILE, &limit), -1);
    CHECK_IS(ipcx_raise_descriptor_limit(), 64);
    CHECK_IS(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_IS(limit.rlim_cur, 64);
}

static void errors_have_names_and_texts(void)
{
    char text[64] = "";

    CHECK_IS(ipcx_error_name(ECONNREFUSED, text, sizeof(text)), 12);
    CHECK(memcmp(text, "ECONNREFUSED", 12) == 0);
    CHECK_IS(ipcx_error_text(ECONNREFUSED, text, sizeof(text)), 18);
    CHECK(memcmp(text, "Connection refused", 18) == 0);
    for (int unknown = -1; unknown <= 9999; unknown += 10000) {
        CHECK_IS(ipcx_error_name(unknown, text, sizeof(text)), 0);
        CHECK_IS(ipcx_error_text(unknown, text, sizeof(text)), 0);
    }
}

static void a_text_is_cut_to_the_room_there_is(void)
{
    char text[6] = "......";

    CHECK_IS(ipcx_error_name(ECONNREFUSED, text, 5), 4);
    CHECK(memcmp(text, "ECON\0.", 6) == 0);
    CHECK_IS(ipcx_error_name(ECONNREFUSED, text, 1), 0);
    CHECK_IS(ipcx_error_text(ECONNREFUSED, text, 0), 0);
    CHECK(memcmp(text, "\0CON\0.", 6) == 0);
}

void test_descriptors(void)
{
    RUN(a_descriptor_is_closed_once);
    RUN(many_are_closed_even_if_one_is_not_open);
    RUN_IN_CHILD(a_number_is_vacated);
    RUN_IN_CHILD(a_duplicate_is_close_on_exec_and_no_standard_stream);
    RUN_IN_CHILD(a_duplicate_is_as_high_as_asked_for);
    RUN(a_descriptor_is_made_nonblocking);
    RUN_IN_CHILD(the_limit_is_raised_as_far_as_it_goes);
    RUN_IN_CHILD(a_limit_that_cannot_be_raised_is_told_as_it_is);
    RUN(errors_have_names_and_texts);
    RUN(a_text_is_cut_to_the_room_there_is);
}
