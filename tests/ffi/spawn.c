/* Creating a process: what it begins with, and what is left if it does not. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void the_program_gets_its_arguments_and_environment(void)
{
    struct plan plan = plan_to_say("echo \"$0 $A\"");

    plan.arguments[3] = "own name";
    plan.environment[1] = "A=b=\xff c";
    CHECK_SAYS(&plan, "own name b=\xff c\n");
}

static void a_variable_gets_the_pid(void)
{
    struct plan plan = plan_to_say("echo $((LISTEN_PID - $$)) $AFTER");

    plan.environment[1] = "LISTEN_PID=0000000000";
    plan.environment[2] = "AFTER=untouched";
    plan.pid_variable = 1;
    CHECK_SAYS(&plan, "0 untouched\n");
    plan.flags = IPCX_PLAN_COPY;
    CHECK_SAYS(&plan, "0 untouched\n");
}

static void the_program_is_looked_for_as_execvp_does(void)
{
    struct plan plan = plan_to_say("echo found");

    plan.paths[0] = "/nowhere/at/all";
    plan.paths[1] = "/dev/null/x";
    CHECK_REFUSED(&plan, ENOENT, 0);
    plan.paths[2] = "/dev/null";
    CHECK_REFUSED(&plan, EACCES, 0);
    plan.paths[3] = "/nowhere/either";
    CHECK_REFUSED(&plan, EACCES, 0);
    plan.paths[4] = "/bin/sh";
    CHECK_SAYS(&plan, "found\n");
}

static void what_is_no_program_ends_the_search(void)
{
    struct plan plan = plan_to_say(":");
    char path[109];

    own_path(path, 60);
    write_program(path, "\1\2\3");
    plan.paths[0] = path;
    plan.paths[1] = "/bin/sh";
    CHECK_REFUSED(&plan, ENOEXEC, 0);
    remove_own_path(path);
}

static void handle(int number)
{
    (void)number;
}

static void check_own_signals(void)
{
    struct sigaction action;
    sigset_t mask;

    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < 32; number++)
        CHECK_IS(sigismember(&mask, number), number == SIGUSR1);
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 &&
          action.sa_handler == SIG_IGN);
    CHECK(sigaction(SIGUSR2, NULL, &action) == 0 &&
          action.sa_handler == handle);
}

static void signals_are_as_at_a_start_and_here_as_they_were(void)
{
    /* Of 32 and 33, the C library's own, posix_spawn(3) leaves one ignored: the
     * lowest 28 will do. */
    struct plan plan = plan_to_say(
        "sed -n '/^Sig[BIC]/s/:.*\\(.......\\)$/ \\1/p' /proc/self/status");
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    signal(SIGUSR2, handle);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    for (plan.flags = 0; plan.flags <= IPCX_PLAN_COPY; plan.flags++) {
        CHECK_SAYS(&plan, "SigBlk 0000000\n"
                          "SigIgn 0000002\n"
                          "SigCgt 0000000\n");
        check_own_signals();
    }
    plan.flags = 0;
    plan.paths[0] = "/nowhere/at/all";
    CHECK_REFUSED(&plan, ENOENT, 0);
    check_own_signals();
}

static void the_outcome_names_the_process(void)
{
    struct plan plan = plan_to_say("exit 7");
    int32_t outcome[IPCX_OUTCOME_SLOTS];

    CHECK_IS(carry_out(&plan, outcome), 0);
    CHECK(outcome[IPCX_OUTCOME_PID] > 0);
    CHECK_IS(outcome[IPCX_OUTCOME_OWN_PID], outcome[IPCX_OUTCOME_PID]);
    CHECK_IS(ipcx_is_close_on_exec(outcome[IPCX_OUTCOME_PIDFD]), 1);
    CHECK_IS(await(outcome), 7);
}

static void a_copy_of_the_memory_does_as_well(void)
{
    struct plan plan = plan_to_say("echo hello");

    plan.flags = IPCX_PLAN_COPY;
    CHECK_SAYS(&plan, "hello\n");
    step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
    CHECK_REFUSED(&plan, EBADF, 0);
}

static void a_paused_program_has_done_nothing_yet(void)
{
    struct plan plan = plan_to_say("echo hello");
    int32_t ends[2], outcome[IPCX_OUTCOME_SLOTS];
    siginfo_t info;
    char said[8];

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_set_nonblocking(ends[0]), 0);
    step(&plan, IPCX_STEP_DUPLICATE, ends[1], 1, 0);
    plan.flags = IPCX_PLAN_PAUSED;
    CHECK_IS(carry_out(&plan, outcome), 0);
    CHECK_IS(waitid(P_PID, (id_t)outcome[IPCX_OUTCOME_PID], &info, WSTOPPED),
             0);
    CHECK_IS(info.si_code, CLD_STOPPED);
    CHECK(read(ends[0], said, sizeof(said)) < 0 && errno == EAGAIN);
    CHECK_IS(ipcx_signal(outcome[IPCX_OUTCOME_PIDFD], SIGCONT), 0);
    CHECK_IS(await(outcome), 0);
    CHECK_IS(read(ends[0], said, sizeof(said)), 6);
    close_pair(ends);
    plan.paths[0] = "/nowhere/at/all";
    CHECK_REFUSED(&plan, EBADF, 0);
    plan.n_steps = 0;
    CHECK_REFUSED(&plan, ENOENT, 1);
}

static void the_child_dies_with_its_parent(void)
{
    struct plan plan = plan_to_say("exec sleep 1000");
    int32_t ends[2];
    char said[16];
    pid_t parent;

    CHECK_IS(ipcx_pipe(ends), 0);
    step(&plan, IPCX_STEP_DUPLICATE, ends[1], 1, 0);
    parent = fork();
    if (parent == 0) {
        int32_t outcome[IPCX_OUTCOME_SLOTS], pidfd = ipcx_pidfd_open(getpid());

        step(&plan, IPCX_STEP_DEATH_SIGNAL, SIGTERM, pidfd, 0);
        CHECK_IS(carry_out(&plan, outcome), 0);
        _exit(0);
    }
    ipcx_close(ends[1]);
    /* The end comes when nobody is left. */
    read_all(ends[0], said, sizeof(said));
    CHECK_IS(waitpid(parent, NULL, 0), parent);
    ipcx_close(ends[0]);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_DEATH_SIGNAL, 65, -1, 0);
    CHECK_REFUSED(&plan, EINVAL, 0);
}

static void others_see_us_as_before_whatever_a_child_becomes(void)
{
    const struct {
        int32_t what, a;
    } steps[] = {
        {IPCX_STEP_CONCEAL, 0}, {IPCX_STEP_GID, 65534}, {IPCX_STEP_UID, 65534}};
    pid_t elsewhere = start_elsewhere(CLONE_NEWUSER);
    int32_t fd = open_of(elsewhere, "ns/user");
    struct plan plan;

    CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        plan = plan_to_say("echo done");
        step(&plan, steps[i].what, steps[i].a, 0, 0);
        CHECK_SAYS(&plan, "done\n");
        CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
        plan.paths[0] = "/nowhere/at/all";
        carry_out(&plan, (int32_t[IPCX_OUTCOME_SLOTS]){0});
        CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
    }
    plan = plan_to_say("echo done");
    step(&plan, IPCX_STEP_JOIN, fd, CLONE_NEWUSER, 0);
    CHECK_SAYS(&plan, "done\n");
    CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
    ipcx_close(fd);
    dismiss(elsewhere);
}

static void a_parent_that_is_gone_is_noticed(void)
{
    struct plan plan = plan_to_say(":");
    int32_t gone;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    gone = ipcx_pidfd_open(pid);
    CHECK_IS(waitpid(pid, NULL, 0), pid);
    step(&plan, IPCX_STEP_DEATH_SIGNAL, SIGTERM, gone, 0);
    CHECK_REFUSED(&plan, ESRCH, 0);
    ipcx_close(gone);
}

static void what_cannot_be_created_is_told(void)
{
    struct plan plan = plan_to_say(":");

    /* Not a control group. */
    plan.cgroup = ipcx_open_path("/tmp", IPCX_OPEN_READ | IPCX_OPEN_DIRECTORY);
    CHECK_REFUSED(&plan, EBADF, IPCX_FAILED_CREATE);
    ipcx_close(plan.cgroup);
    plan.cgroup = -1;
    /* No room for a pidfd. */
    leave_room_for(0);
    CHECK_REFUSED(&plan, EMFILE, IPCX_FAILED_CREATE);
}

void test_spawn(void)
{
    RUN(the_program_gets_its_arguments_and_environment);
    RUN(a_variable_gets_the_pid);
    RUN(the_program_is_looked_for_as_execvp_does);
    RUN(what_is_no_program_ends_the_search);
    RUN_IN_CHILD(signals_are_as_at_a_start_and_here_as_they_were);
    RUN(the_outcome_names_the_process);
    RUN(a_copy_of_the_memory_does_as_well);
    RUN(a_paused_program_has_done_nothing_yet);
    RUN(the_child_dies_with_its_parent);
    RUN_AS_ROOT(others_see_us_as_before_whatever_a_child_becomes);
    RUN(a_parent_that_is_gone_is_noticed);
    RUN_IN_CHILD(what_cannot_be_created_is_told);
}
