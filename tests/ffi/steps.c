/* The steps of a plan: what each does, and how it fails. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The fields of /proc/self/stat by their names in proc(5). */
#define FIELDS \
    "read -r pid comm state ppid pgrp session tty rest </proc/self/stat; "

static void a_directory_is_changed_to(void)
{
    int32_t place = ipcx_open_path("/usr", IPCX_OPEN_DIRECTORY);
    struct plan plan = plan_to_say("pwd -P");

    step(&plan, IPCX_STEP_CHANGE_DIRECTORY, place, 0, 0);
    CHECK_SAYS(&plan, "/usr\n");
    plan = plan_to_say("pwd -P");
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/proc", 6);
    CHECK_SAYS(&plan, "/proc\n");
    ipcx_close(place);

    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
    CHECK_REFUSED(&plan, EBADF, 0);
    plan = plan_to_say(":");
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/proc", 6);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/nowhere/at/all", 16);
    CHECK_REFUSED(&plan, ENOENT, 1);
}

static void a_descriptor_gets_its_number(void)
{
    int32_t ends[2];
    struct plan plan = plan_to_say("head -c 6 /proc/self/fd/40; "
                                   "[ ! -e /proc/self/fd/41 ]");

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(write(ends[1], "hello\n", 6), 6);
    step(&plan, IPCX_STEP_DUPLICATE, ends[0], 40, 0);
    step(&plan, IPCX_STEP_DUPLICATE, ends[0], 41, 1);
    step(&plan, IPCX_STEP_CLOSE_RANGE, ends[1], ends[1], 0);
    CHECK_SAYS(&plan, "hello\n");
    CHECK_IS(ipcx_is_close_on_exec(ends[0]), 1);
    close_pair(ends);

    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_DUPLICATE, -1, 40, 0);
    CHECK_REFUSED(&plan, EBADF, 0);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_DUPLICATE, 0, -1, 0);
    CHECK_REFUSED(&plan, EBADF, 0);
}

static void a_descriptor_onto_itself_is_kept_or_closed(void)
{
    char line[64];

    for (int32_t is_closed = 0; is_closed < 2; is_closed++) {
        int32_t fd = ipcx_duplicate(0);
        struct plan plan;

        /* The other way round than it is to become. */
        CHECK_IS(fcntl(fd, F_SETFD, is_closed ? 0 : FD_CLOEXEC), 0);
        sprintf(line, "[ %s -e /proc/self/fd/%d ]", is_closed ? "!" : "", fd);
        plan = plan_to_say(line);
        step(&plan, IPCX_STEP_DUPLICATE, fd, fd, is_closed);
        CHECK_SAYS(&plan, "");
        ipcx_close(fd);
        plan = plan_to_say(":");
        step(&plan, IPCX_STEP_DUPLICATE, fd, fd, is_closed);
        CHECK_REFUSED(&plan, EBADF, 0);
    }
}

static void a_range_is_closed_at_once_or_by_exec(void)
{
    struct plan plan = plan_to_say("for n in 30 31 32; do "
                                   "[ -e /proc/self/fd/$n ] && echo $n; "
                                   "done; :");

    for (int32_t number = 30; number <= 32; number++)
        step(&plan, IPCX_STEP_DUPLICATE, 0, number, 0);
    step(&plan, IPCX_STEP_CLOSE_RANGE, 31, 31, 0);
    step(&plan, IPCX_STEP_CLOSE_RANGE, 32, -1, 1);
    /* It is there until exec, and the other one is not. */
    step(&plan, IPCX_STEP_DUPLICATE, 32, 33, 1);
    step(&plan, IPCX_STEP_DUPLICATE | IPCX_STEP_TOLERATED, 31, 32, 0);
    CHECK_SAYS(&plan, "30\n");

    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_CLOSE_RANGE, 2, 1, 0);
    CHECK_REFUSED(&plan, EINVAL, 0);
}

static void sessions_and_groups_are_begun(void)
{
    struct plan plan = plan_to_say(FIELDS "echo $((session == pid))");

    CHECK_SAYS(&plan, "0\n");
    step(&plan, IPCX_STEP_SESSION, 0, 0, 0);
    CHECK_SAYS(&plan, "1\n");
    plan = plan_to_say(FIELDS "echo $((session == pid)) $((pgrp == pid))");
    step(&plan, IPCX_STEP_GROUP, 0, 0, 0);
    CHECK_SAYS(&plan, "0 1\n");
    /* Who leads a group begins no session. */
    step(&plan, IPCX_STEP_SESSION, 0, 0, 0);
    CHECK_REFUSED(&plan, EPERM, 1);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_GROUP, -1, 0, 0);
    CHECK_REFUSED(&plan, EINVAL, 0);
}

static void a_terminal_becomes_the_controlling_one(void)
{
    struct plan plan = plan_to_say("echo hello >/dev/tty");
    int32_t ends[2], outcome[IPCX_OUTCOME_SLOTS];
    char said[8] = "";

    CHECK_IS(ipcx_terminal(-1, ends), 0);
    step(&plan, IPCX_STEP_SESSION, 0, 0, 0);
    step(&plan, IPCX_STEP_TERMINAL, ends[1], 0, 0);
    CHECK_IS(carry_out(&plan, outcome), 0);
    CHECK_IS(await(outcome), 0);
    CHECK_IS(read(ends[0], said, sizeof(said)), 7);
    CHECK(memcmp(said, "hello\r\n", 7) == 0);

    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_TERMINAL, ends[1], 0, 0);
    CHECK_REFUSED(&plan, EPERM, 0);
    close_pair(ends);
    CHECK_IS(ipcx_pipe(ends), 0);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_SESSION, 0, 0, 0);
    step(&plan, IPCX_STEP_TERMINAL, ends[0], 0, 0);
    CHECK_REFUSED(&plan, ENOTTY, 1);
    close_pair(ends);
}

static void limits_and_niceness_are_set(void)
{
    const uint64_t limit[2] = {50, 60}, reversed[2] = {2, 1};
    struct plan plan = plan_to_say("ulimit -Sn; ulimit -Hn");
    int nice = getpriority(PRIO_PROCESS, 0);
    char expected[16];

    step_with(&plan, IPCX_STEP_LIMIT, RLIMIT_NOFILE, limit, sizeof(limit));
    CHECK_SAYS(&plan, "50\n60\n");
    plan = plan_to_say(":");
    step_with(&plan, IPCX_STEP_LIMIT, RLIMIT_NOFILE, reversed, sizeof(limit));
    CHECK_REFUSED(&plan, EINVAL, 0);
    plan = plan_to_say(":");
    step_with(&plan, IPCX_STEP_LIMIT, 99, limit, sizeof(limit));
    CHECK_REFUSED(&plan, EINVAL, 0);

    plan = plan_to_say("nice");
    step(&plan, IPCX_STEP_NICE, nice < 14 ? nice + 5 : 19, 0, 0);
    sprintf(expected, "%d\n", nice < 14 ? nice + 5 : 19);
    CHECK_SAYS(&plan, expected);
    CHECK_IS(getpriority(PRIO_PROCESS, 0), nice);
}

static void a_file_is_written(void)
{
    const char good[] = "/proc/self/oom_score_adj\0" "321";
    const char bad[] = "/proc/self/oom_score_adj\0" "no number";
    const char none[] = "/nowhere/at/all\0" "x";
    struct plan plan = plan_to_say("cat /proc/self/oom_score_adj");

    step_with(&plan, IPCX_STEP_WRITE, 0, good, sizeof(good));
    CHECK_SAYS(&plan, "321\n");
    plan = plan_to_say(":");
    step_with(&plan, IPCX_STEP_WRITE, 0, bad, sizeof(bad));
    CHECK_REFUSED(&plan, EINVAL, 0);
    plan = plan_to_say(":");
    step_with(&plan, IPCX_STEP_WRITE, 0, none, sizeof(none));
    CHECK_REFUSED(&plan, ENOENT, 0);
    /* What may fail leaves no descriptor either. */
    plan = plan_to_say("ls /proc/self/fd | wc -l");
    step(&plan, IPCX_STEP_CLOSE_RANGE, 3, -1, 1);
    CHECK_SAYS(&plan, "4\n");
    step_with(&plan, IPCX_STEP_WRITE | IPCX_STEP_TOLERATED, 0, bad, sizeof(bad));
    CHECK_SAYS(&plan, "4\n");
}

static void a_step_that_may_fail_stops_nothing(void)
{
    struct plan plan = plan_to_say("pwd -P");

    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/usr", 5);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH | IPCX_STEP_TOLERATED, 0, "/x/y",
              5);
    CHECK_SAYS(&plan, "/usr\n");
    step(&plan, 77, 0, 0, 0);
    CHECK_REFUSED(&plan, EINVAL, 2);
}

void test_steps(void)
{
    RUN(a_directory_is_changed_to);
    RUN(a_descriptor_gets_its_number);
    RUN(a_descriptor_onto_itself_is_kept_or_closed);
    RUN(a_range_is_closed_at_once_or_by_exec);
    RUN(sessions_and_groups_are_begun);
    RUN(a_terminal_becomes_the_controlling_one);
    RUN(limits_and_niceness_are_set);
    RUN(a_file_is_written);
    RUN(a_step_that_may_fail_stops_nothing);
}
