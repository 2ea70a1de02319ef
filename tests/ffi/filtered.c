/* Creating a process where a filter refuses clone3(2). */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void refuse_clone3(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {
        .len = sizeof(steps) / sizeof(steps[0]),
        .filter = steps,
    };

    CHECK_IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_IS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

static void handle(int number)
{
    (void)number;
}

static void a_filter_that_does_not_know_clone3_is_no_hindrance(void)
{
    struct plan plan = plan_to_say(
        "sed -n '/^Sig[BIC]/s/:.*\\(.......\\)$/ \\1/p' /proc/self/status");
    struct plan other = plan_to_say("exit 7");
    int32_t outcome[IPCX_OUTCOME_SLOTS];
    struct sigaction action;

    refuse_clone3();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    signal(SIGUSR2, handle);
    signal(SIGINT, SIG_IGN);
    for (plan.flags = 0; plan.flags <= IPCX_PLAN_COPY; plan.flags++) {
        CHECK_SAYS(&plan, "SigBlk 0000000\n"
                          "SigIgn 0000002\n"
                          "SigCgt 0000000\n");
        CHECK(sigaction(SIGUSR2, NULL, &action) == 0 &&
              action.sa_handler == handle);
    }
    CHECK_IS(carry_out(&other, outcome), 0);
    CHECK_IS(ipcx_is_close_on_exec(outcome[IPCX_OUTCOME_PIDFD]), 1);
    CHECK_IS(await(outcome), 7);
    other.paths[0] = "/nowhere/at/all";
    CHECK_REFUSED(&other, ENOENT, 0);
}

static void nor_for_a_second_process_with_the_same_parent(void)
{
    struct plan plan = plan_to_say(": $PPID; echo $((PPID == PARENT))");
    char parent[32];

    refuse_clone3();
    sprintf(parent, "PARENT=%d", (int)getpid());
    plan.environment[1] = parent;
    step(&plan, IPCX_STEP_FORK, 0, 0, 0);
    for (plan.flags = 0; plan.flags <= IPCX_PLAN_COPY; plan.flags++)
        CHECK_SAYS(&plan, "1\n");
}

static void a_cgroup_to_begin_in_needs_clone3(void)
{
    struct plan plan = plan_to_say(":");

    plan.cgroup = ipcx_open_path("/tmp", IPCX_OPEN_READ | IPCX_OPEN_DIRECTORY);
    refuse_clone3();
    CHECK_REFUSED(&plan, ENOSYS, IPCX_FAILED_CREATE);
    ipcx_close(plan.cgroup);
}

void test_filtered(void)
{
    RUN_IN_CHILD(a_filter_that_does_not_know_clone3_is_no_hindrance);
    RUN_IN_CHILD(nor_for_a_second_process_with_the_same_parent);
    RUN_IN_CHILD(a_cgroup_to_begin_in_needs_clone3);
}
