/* Joining namespaces, and being forked into those that count for children. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static void a_namespace_is_joined(void)
{
    pid_t other = start_elsewhere(CLONE_NEWUTS);
    int32_t uts = open_of(other, "ns/uts");
    struct plan plan = plan_to_say("uname -n");

    /* It lives on in the descriptor. */
    dismiss(other);
    step(&plan, IPCX_STEP_JOIN, uts, CLONE_NEWUTS, 0);
    CHECK_SAYS(&plan, "elsewhere\n");
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_JOIN, uts, CLONE_NEWNET, 0);
    CHECK_REFUSED(&plan, EINVAL, 0);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_JOIN, -1, CLONE_NEWNET, 0);
    CHECK_REFUSED(&plan, EBADF, 0);
    ipcx_close(uts);
}

static void nobody_may_join_a_namespace_of_roots(void)
{
    int32_t net = open_of(getpid(), "ns/net");
    struct plan plan = plan_to_say(":");

    if (!become_nobody())
        return;
    step(&plan, IPCX_STEP_JOIN, net, CLONE_NEWNET, 0);
    CHECK_REFUSED(&plan, EPERM, 0);
    ipcx_close(net);
}

static void a_root_directory_is_changed_to(void)
{
    char path[109], directory[109];
    struct plan plan = plan_to_run("/static", "/mark", "hello");
    int32_t root, file;

    own_path(path, 60);
    strcpy(directory, path);
    *strrchr(directory, '/') = 0;
    root = ipcx_open_path(directory, IPCX_OPEN_DIRECTORY);
    file = ipcx_open_path("/dev/null", 0);
    step(&plan, IPCX_STEP_CHANGE_ROOT, root, 0, 0);
    /* It is empty. */
    CHECK_REFUSED(&plan, ENOENT, 1);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_CHANGE_ROOT, file, 0, 0);
    CHECK_REFUSED(&plan, ENOTDIR, 0);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_CHANGE_ROOT, -1, 0, 0);
    CHECK_REFUSED(&plan, EBADF, 0);
    ipcx_close(file);
    ipcx_close(root);
    remove_own_path(path);
}

static void a_fork_is_a_child_of_the_same_parent(void)
{
    struct plan plan = plan_to_say(": $PPID; echo $((PPID == PARENT))");
    char parent[32];

    sprintf(parent, "PARENT=%d", (int)getpid());
    plan.environment[1] = parent;
    step(&plan, IPCX_STEP_FORK, 0, 0, 0);
    CHECK_SAYS(&plan, "1\n");
    plan.flags = IPCX_PLAN_COPY;
    CHECK_SAYS(&plan, "1\n");
}

static void steps_around_a_fork_keep_their_indices(void)
{
    for (int32_t flags = 0; flags <= IPCX_PLAN_COPY; flags++) {
        struct plan plan = plan_to_say(":");

        plan.flags = flags;
        step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/", 2);
        step(&plan, IPCX_STEP_FORK, 0, 0, 0);
        step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
        CHECK_REFUSED(&plan, EBADF, 2);
        plan.steps[0][1] = -1;
        plan.steps[0][0] = IPCX_STEP_CHANGE_DIRECTORY;
        CHECK_REFUSED(&plan, EBADF, 0);
        plan.n_steps = 0;
        step(&plan, IPCX_STEP_FORK, 0, 0, 0);
        plan.paths[0] = "/nowhere/at/all";
        CHECK_REFUSED(&plan, ENOENT, 1);
    }
}

static void a_pid_namespace_counts_for_what_is_forked(void)
{
    pid_t other = start_elsewhere(CLONE_NEWPID);
    int32_t pids = open_of(other, "ns/pid_for_children");
    int32_t outcome[IPCX_OUTCOME_SLOTS];
    struct plan plan = plan_to_say("exit $$");

    step(&plan, IPCX_STEP_CONCEAL, 0, 0, 0);
    step(&plan, IPCX_STEP_JOIN, pids, CLONE_NEWPID, 0);
    step(&plan, IPCX_STEP_FORK, 0, 0, 0);
    CHECK_IS(carry_out(&plan, outcome), 0);
    CHECK(outcome[IPCX_OUTCOME_PID] > 2);
    CHECK_IS(outcome[IPCX_OUTCOME_OWN_PID], 2);
    CHECK_IS(await(outcome), 2);

    /* Where the first process is dead there will be no other. */
    dismiss(other);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_JOIN, pids, CLONE_NEWPID, 0);
    step(&plan, IPCX_STEP_FORK, 0, 0, 0);
    while (carry_out(&plan, outcome) == 0)
        await(outcome);
    CHECK_REFUSED(&plan, ENOMEM, 1);
    ipcx_close(pids);
}

static void a_time_namespace_is_joined_with_a_copy(void)
{
    pid_t other;
    int32_t time;
    char line[80];
    struct plan plan;

    if (access("/proc/self/ns/time", F_OK) < 0)
        return;
    other = start_elsewhere(CLONE_NEWTIME);
    time = open_of(other, "ns/time_for_children");
    sprintf(line, "[ /proc/self/ns/time -ef /proc/%d/ns/time_for_children ]",
            (int)other);
    plan = plan_to_say(line);
    step(&plan, IPCX_STEP_JOIN, time, CLONE_NEWTIME, 0);
    plan.flags = IPCX_PLAN_COPY;
    CHECK_SAYS(&plan, "");
    dismiss(other);
    plan.flags = 0;
    CHECK_REFUSED(&plan, EUSERS, 0);
    ipcx_close(time);
}

/* As a sandbox may do it. */
static bool refuse_to_open_pidfds(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(code) / sizeof(*code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void a_fork_that_cannot_be_held_is_killed(void)
{
    struct plan plan = plan_to_say("exec sleep 1000");

    if (!refuse_to_open_pidfds())
        return;
    step(&plan, IPCX_STEP_FORK, 0, 0, 0);
    CHECK_REFUSED(&plan, EMFILE, IPCX_FAILED_CREATE);
}

void test_joined(void)
{
    RUN_AS_ROOT(a_namespace_is_joined);
    RUN_IN_CHILD(nobody_may_join_a_namespace_of_roots);
    RUN_AS_ROOT(a_root_directory_is_changed_to);
    RUN(a_fork_is_a_child_of_the_same_parent);
    RUN(steps_around_a_fork_keep_their_indices);
    RUN_AS_ROOT(a_pid_namespace_counts_for_what_is_forked);
    RUN_AS_ROOT(a_time_namespace_is_joined_with_a_copy);
    RUN_IN_CHILD(a_fork_that_cannot_be_held_is_killed);
}
