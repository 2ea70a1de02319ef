/* Descriptors: closed, duplicated, written to, limited; names of errors. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
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

static void what_is_written_arrives(void)
{
    char data[4] = "";
    int ends[2];

    CHECK_IS(pipe2(ends, O_NONBLOCK), 0);
    CHECK_IS(ipcx_write(ends[1], "abc", 3), 3);
    CHECK_IS(ipcx_write(ends[1], NULL, 0), 0);
    CHECK_IS(read(ends[0], data, 4), 3);
    CHECK(strcmp(data, "abc") == 0);
    CHECK_IS(ipcx_write(ends[0], "x", 1), -EBADF);
    while (ipcx_write(ends[1], data, 4) > 0)
        continue;
    CHECK_IS(ipcx_write(ends[1], data, 4), -EAGAIN);
    close(ends[0]);
    /* Unlike ipcx_send(), this leaves the signal to the program. */
    signal(SIGPIPE, SIG_IGN);
    CHECK_IS(ipcx_write(ends[1], "x", 1), -EPIPE);
    signal(SIGPIPE, SIG_DFL);
    close(ends[1]);
}

static int full_pipe[2];
static volatile sig_atomic_t ticks;

/* Interrupts the write a few times before it makes room for it: a page, which
 * may have 64 KiB. */
static void tick(int number)
{
    static char data[65536];

    (void)number;
    if (++ticks == 3 && read(full_pipe[0], data, sizeof(data)) < 0)
        _exit(1);
}

static void an_interrupted_write_goes_on(void)
{
    const struct itimerval often = {.it_interval.tv_usec = 5000,
                                    .it_value.tv_usec = 5000};
    const struct itimerval never = {.it_value.tv_usec = 0};
    struct sigaction action = {.sa_handler = tick};
    char data[4096] = "";

    CHECK_IS(pipe(full_pipe), 0);
    fcntl(full_pipe[1], F_SETPIPE_SZ, 4096);
    fcntl(full_pipe[1], F_SETFL, O_NONBLOCK);
    while (ipcx_write(full_pipe[1], data, 4096) > 0)
        continue;
    fcntl(full_pipe[1], F_SETFL, 0);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    CHECK_IS(ipcx_write(full_pipe[1], data, 4096), 4096);
    CHECK(ticks >= 3);
    setitimer(ITIMER_REAL, &never, NULL);
    close_pair(full_pipe);
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
    RUN(a_descriptor_is_made_nonblocking);
    RUN(what_is_written_arrives);
    RUN_IN_CHILD(an_interrupted_write_goes_on);
    RUN_IN_CHILD(the_limit_is_raised_as_far_as_it_goes);
    RUN(errors_have_names_and_texts);
    RUN(a_text_is_cut_to_the_room_there_is);
}
