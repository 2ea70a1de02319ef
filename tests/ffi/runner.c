/* A thread that starts processes, and what it tells of them. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long one may live: so long that it is over by then, or so short that it is
 * not. In microseconds. */
#define LONG 200000000
#define SHORT 1000

/* As long as a test may take that waits for what comes. */
#define EVER 999000000

struct runner {
    struct ipcx_runner *thread;
    int32_t done;
};

/* What was told of a process. */
struct told {
    int32_t slots[IPCX_RUN_SLOTS];
    int64_t ended[IPCX_ENDED_SLOTS];
    char bytes[2][IPCX_RUN_BYTES];
};

static struct runner patient, hasty;
static struct told told;

static struct runner start(int32_t patience)
{
    struct runner runner;
    uint64_t handle;

    if (CHECK_IS(ipcx_runner_start(patience, &handle, &runner.done), 0) != 0)
        exit(2);
    runner.thread = (struct ipcx_runner *)(uintptr_t)handle;
    return runner;
}

/* What the plan prints goes to the runner. */
static struct plan plan_to_tell(const char *line)
{
    struct plan plan = plan_to_say(line);

    step(&plan, IPCX_STEP_DUPLICATE, IPCX_RUN_STREAMS, 1, 0);
    step(&plan, IPCX_STEP_DUPLICATE, IPCX_RUN_STREAMS + 1, 2, 0);
    return plan;
}

static void submit(const struct runner *runner, const struct plan *plan, int32_t id)
{
    struct written written;

    write_plan(plan, &written);
    CHECK_IS(ipcx_runner_submit(runner->thread, id, written.words, written.data,
                                sizeof(written.data)),
             0);
    /* It has a copy. */
    memset(&written, 0xff, sizeof(written));
}

/* Waits for the next that is told of. */
static void collect(const struct runner *runner)
{
    while (ipcx_runner_await(runner->thread, EVER) == 0)
        continue;
    CHECK_IS(ipcx_runner_collect(runner->thread, told.slots, told.ended,
                                 told.bytes),
             1);
}

static void run_by(const struct runner *runner, const struct plan *plan)
{
    submit(runner, plan, 7);
    collect(runner);
    CHECK_IS(told.slots[IPCX_RUN_ID], 7);
    CHECK_IS(ipcx_runner_collect(runner->thread, told.slots, told.ended,
                                 told.bytes),
             0);
    CHECK_IS(ipcx_runner_await(runner->thread, 0), 0);
}

static bool has_printed(int stream, const char *text)
{
    const size_t length = (size_t)told.slots[IPCX_RUN_LENGTHS + stream];

    return length == strlen(text) && memcmp(told.bytes[stream], text, length) == 0;
}

static void check_ended(int64_t status)
{
    CHECK_IS(told.slots[IPCX_RUN_RESULT], 0);
    CHECK_IS(told.slots[IPCX_RUN_HAS_ENDED], 1);
    CHECK_IS(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD], -1);
    CHECK_IS(told.ended[IPCX_ENDED_CODE], CLD_EXITED);
    CHECK_IS(told.ended[IPCX_ENDED_STATUS], status);
    CHECK(waitpid(told.slots[IPCX_RUN_OUTCOME], NULL, 0) < 0 && errno == ECHILD);
}

/* Closes what was handed over, and ends it. */
static void dispose(void)
{
    for (int i = 0; i < 2; i++)
        if (told.slots[IPCX_RUN_FDS + i] >= 0)
            ipcx_close(told.slots[IPCX_RUN_FDS + i]);
    if (told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD] < 0)
        return;
    ipcx_signal(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD], SIGKILL);
    await(told.slots + IPCX_RUN_OUTCOME);
}

static void a_short_one_is_told_of_once_with_all_that_it_has_printed(void)
{
    struct plan plan = plan_to_tell("echo out; echo err >&2; exit 3");

    run_by(&patient, &plan);
    check_ended(3);
    CHECK(has_printed(0, "out\n"));
    CHECK(has_printed(1, "err\n"));
    CHECK_IS(told.slots[IPCX_RUN_FDS], -1);
    CHECK_IS(told.slots[IPCX_RUN_FDS + 1], -1);
    CHECK(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PID] > 0);
    CHECK_IS(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_OWN_PID],
             told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PID]);
}

static void one_that_goes_on_is_handed_over(void)
{
    struct plan plan = plan_to_tell("echo early; read late; echo $late; exit 4");
    int32_t ends[2];
    char text[32];

    CHECK_IS(ipcx_pipe(ends), 0);
    step(&plan, IPCX_STEP_DUPLICATE, ends[0], 0, 0);
    run_by(&hasty, &plan);
    CHECK_IS(told.slots[IPCX_RUN_RESULT], 0);
    CHECK_IS(told.slots[IPCX_RUN_HAS_ENDED], 0);
    CHECK_IS(write(ends[1], "late\n", 5), 5);
    CHECK_IS(await(told.slots + IPCX_RUN_OUTCOME), 4);
    memcpy(text, told.bytes[0], (size_t)told.slots[IPCX_RUN_LENGTHS]);
    read_all(told.slots[IPCX_RUN_FDS], text + told.slots[IPCX_RUN_LENGTHS], 20);
    CHECK(strcmp(text, "early\nlate\n") == 0);
    for (int i = 0; i < 2; i++) {
        CHECK_IS(ipcx_is_close_on_exec(told.slots[IPCX_RUN_FDS + i]), 1);
        ipcx_close(told.slots[IPCX_RUN_FDS + i]);
    }
    close_pair(ends);
}

static void what_closes_its_streams_is_handed_over_without_them(void)
{
    struct plan plan = plan_to_tell("exec >/dev/null 2>&1; exec sleep 1000");
    char text[1];

    run_by(&hasty, &plan);
    CHECK_IS(told.slots[IPCX_RUN_HAS_ENDED], 0);
    CHECK_IS(told.slots[IPCX_RUN_LENGTHS], 0);
    /* It may have come to that later. */
    for (int i = 0; i < 2; i++)
        if (told.slots[IPCX_RUN_FDS + i] >= 0) {
            CHECK_IS(ipcx_set_blocking(told.slots[IPCX_RUN_FDS + i]), 0);
            CHECK_IS(read(told.slots[IPCX_RUN_FDS + i], text, 1), 0);
        }
    dispose();
}

static void a_failure_names_the_step_and_the_error(void)
{
    struct plan plan = plan_to_tell(":");

    plan.paths[0] = "/nowhere/at/all";
    run_by(&patient, &plan);
    CHECK_IS(told.slots[IPCX_RUN_RESULT], -ENOENT);
    CHECK_IS(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_FAILED], 2);
    CHECK_IS(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD], -1);
    CHECK_IS(told.slots[IPCX_RUN_FDS], -1);
    CHECK_IS(told.slots[IPCX_RUN_FDS + 1], -1);
    /* Not a control group. */
    plan = plan_to_tell(":");
    plan.cgroup = ipcx_open_path("/tmp", IPCX_OPEN_READ | IPCX_OPEN_DIRECTORY);
    run_by(&patient, &plan);
    CHECK_IS(told.slots[IPCX_RUN_RESULT], -EBADF);
    CHECK_IS(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_FAILED],
             IPCX_FAILED_CREATE);
    ipcx_close(plan.cgroup);
}

static void what_prints_much_is_handed_over_with_the_rest_in_the_pipe(void)
{
    struct plan plan = plan_to_tell("head -c 66000 /dev/zero >&2; echo end >&2");
    char rest[1024];
    size_t length = 0;
    ssize_t got;

    run_by(&patient, &plan);
    CHECK_IS(told.slots[IPCX_RUN_RESULT], 0);
    CHECK_IS(told.slots[IPCX_RUN_LENGTHS + 1], IPCX_RUN_BYTES);
    CHECK(told.slots[IPCX_RUN_FDS + 1] >= 0);
    if (told.slots[IPCX_RUN_HAS_ENDED])
        check_ended(0);
    else
        CHECK_IS(await(told.slots + IPCX_RUN_OUTCOME), 0);
    while ((got = read(told.slots[IPCX_RUN_FDS + 1], rest + length,
                       sizeof(rest) - length)) > 0)
        length += (size_t)got;
    CHECK_IS(length, 66000 + 4 - IPCX_RUN_BYTES);
    CHECK(memcmp(rest + length - 4, "end\n", 4) == 0);
    told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD] = -1;
    dispose();
}

static void a_stream_that_somebody_else_holds_is_handed_over_when_it_ends(void)
{
    struct plan plan = plan_to_tell("exec 2>/dev/null; sleep 1000 & echo $!");
    char text[32] = "";

    run_by(&patient, &plan);
    check_ended(0);
    CHECK(told.slots[IPCX_RUN_FDS] >= 0);
    CHECK_IS(told.slots[IPCX_RUN_FDS + 1], -1);
    memcpy(text, told.bytes[0], (size_t)told.slots[IPCX_RUN_LENGTHS]);
    CHECK(atoi(text) > 1);
    CHECK_IS(kill(atoi(text), SIGKILL), 0);
    /* It ends with its last holder. */
    CHECK_IS(ipcx_set_blocking(told.slots[IPCX_RUN_FDS]), 0);
    CHECK_IS(read(told.slots[IPCX_RUN_FDS], text, sizeof(text)), 0);
    dispose();
}

static void none_of_many_is_lost(void)
{
    enum { COUNT = 200 };
    bool seen[COUNT] = {false};
    struct plan plan;
    char line[32];

    for (int i = 0; i < COUNT; i++) {
        sprintf(line, "echo %d", i);
        plan = plan_to_tell(line);
        if (i % 5 == 0)
            plan.paths[0] = "/nowhere/at/all";
        submit(i % 2 ? &patient : &hasty, &plan, i);
    }
    for (int i = 0; i < COUNT; i++) {
        char text[32] = "";
        int32_t id;

        collect(i < COUNT / 2 ? &patient : &hasty);
        id = told.slots[IPCX_RUN_ID];
        CHECK(id >= 0 && id < COUNT && !seen[id]);
        seen[id] = true;
        CHECK_IS(told.slots[IPCX_RUN_RESULT], id % 5 ? 0 : -ENOENT);
        if (told.slots[IPCX_RUN_HAS_ENDED]) {
            sprintf(line, "%d\n", id);
            memcpy(text, told.bytes[0], (size_t)told.slots[IPCX_RUN_LENGTHS]);
            CHECK(strcmp(text, line) == 0);
        }
        dispose();
    }
}

static void what_is_left_to_collect_stays_to_be_seen(void)
{
    struct plan plan = plan_to_tell(":");

    CHECK_IS(ipcx_runner_await(patient.thread, 0), 0);
    submit(&patient, &plan, 1);
    submit(&patient, &plan, 2);
    collect(&patient);
    collect(&patient);
    CHECK_IS(ipcx_runner_await(patient.thread, 1000), 0);
    for (int32_t i = 0; i < 2; i++)
        submit(&patient, &plan, i);
    /* Both have ended when a third one, which comes after them, has begun to wait. */
    while (ipcx_runner_await(patient.thread, EVER) != 1)
        continue;
    CHECK_IS(ipcx_runner_await(patient.thread, EVER), 1);
    collect(&patient);
    collect(&patient);
    CHECK_IS(ipcx_runner_await(patient.thread, 0), 0);
}

static void a_pipe_is_nowhere_where_the_plan_puts_something_else(void)
{
    struct plan plan = plan_to_say("echo out; echo err >&2");
    int32_t first = fcntl(0, F_DUPFD_CLOEXEC, 3);

    /* Those are the numbers that the pipes get next. */
    ipcx_close(first);
    for (int32_t number = first; number < first + 6; number++)
        step(&plan, IPCX_STEP_DUPLICATE, 0, number, 1);
    step(&plan, IPCX_STEP_DUPLICATE, IPCX_RUN_STREAMS, 1, 0);
    step(&plan, IPCX_STEP_DUPLICATE, IPCX_RUN_STREAMS + 1, 2, 0);
    run_by(&patient, &plan);
    check_ended(0);
    CHECK(has_printed(0, "out\n"));
    CHECK(has_printed(1, "err\n"));
}

static void one_without_streams_is_waited_for_as_well(void)
{
    struct plan plan = plan_to_say("exit 5");

    run_by(&patient, &plan);
    check_ended(5);
    CHECK_IS(told.slots[IPCX_RUN_LENGTHS], 0);
}

static void one_that_somebody_else_reaps_is_handed_over(void)
{
    struct plan plan = plan_to_tell(":");

    submit(&patient, &plan, 1);
    /* Either may be first. */
    while (ipcx_runner_await(patient.thread, 0) == 0)
        waitpid(-1, NULL, WNOHANG);
    collect(&patient);
    CHECK_IS(told.slots[IPCX_RUN_RESULT], 0);
    if (!told.slots[IPCX_RUN_HAS_ENDED])
        CHECK_IS(ipcx_wait(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD],
                           told.ended),
                 -ECHILD);
    for (int i = 0; i < 2; i++)
        if (told.slots[IPCX_RUN_FDS + i] >= 0)
            ipcx_close(told.slots[IPCX_RUN_FDS + i]);
    if (told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD] >= 0)
        ipcx_close(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_PIDFD]);
}

static void without_descriptors_it_fails_and_leaves_nothing(void)
{
    struct plan plan = plan_to_tell(":");
    struct rlimit before;

    getrlimit(RLIMIT_NOFILE, &before);
    /* For each pipe, and for a pidfd: each may be the one that is missing. */
    for (int room = 0; room < 5; room++) {
        leave_room_for(room);
        run_by(&patient, &plan);
        CHECK_IS(setrlimit(RLIMIT_NOFILE, &before), 0);
        CHECK_IS(told.slots[IPCX_RUN_RESULT], -EMFILE);
        CHECK_IS(told.slots[IPCX_RUN_OUTCOME + IPCX_OUTCOME_FAILED],
                 IPCX_FAILED_CREATE);
    }
    run_by(&patient, &plan);
    check_ended(0);
}

static void a_thread_that_cannot_be_started_leaves_nothing(void)
{
    struct rlimit before;
    uint64_t handle;
    int32_t done;

    getrlimit(RLIMIT_NOFILE, &before);
    for (int room = 0; room < 3; room++) {
        leave_room_for(room);
        CHECK_IS(ipcx_runner_start(SHORT, &handle, &done), -EMFILE);
        CHECK_IS(setrlimit(RLIMIT_NOFILE, &before), 0);
    }
}

static void the_child_of_a_thread_has_no_signal_blocked(void)
{
    struct plan plan = plan_to_tell("sed -n 's/^SigBlk:\\t//p' /proc/self/status");

    run_by(&patient, &plan);
    check_ended(0);
    CHECK(has_printed(0, "0000000000000000\n"));
}

void test_runner(void)
{
    /* They stay, and so do their descriptors. */
    patient = start(LONG);
    hasty = start(SHORT);
    RUN(a_short_one_is_told_of_once_with_all_that_it_has_printed);
    RUN(one_that_goes_on_is_handed_over);
    RUN(what_closes_its_streams_is_handed_over_without_them);
    RUN(a_failure_names_the_step_and_the_error);
    RUN(what_prints_much_is_handed_over_with_the_rest_in_the_pipe);
    RUN(a_stream_that_somebody_else_holds_is_handed_over_when_it_ends);
    RUN(none_of_many_is_lost);
    RUN(what_is_left_to_collect_stays_to_be_seen);
    RUN(a_pipe_is_nowhere_where_the_plan_puts_something_else);
    RUN(one_without_streams_is_waited_for_as_well);
    RUN(one_that_somebody_else_reaps_is_handed_over);
    RUN(without_descriptors_it_fails_and_leaves_nothing);
    RUN(a_thread_that_cannot_be_started_leaves_nothing);
    RUN(the_child_of_a_thread_has_no_signal_blocked);
}
