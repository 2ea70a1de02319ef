/* Steps that take privileges away, most of which only root has. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534

static void users_and_groups_are_changed_to(void)
{
    const uint32_t groups[2] = {1234, 5678};
    struct plan plan = plan_to_say("id -u; id -g; id -G");

    step_with(&plan, IPCX_STEP_GROUPS, 2, groups, sizeof(groups));
    step(&plan, IPCX_STEP_GID, 4321, 0, 0);
    /* The highest id there is does not fit a signed number. */
    step(&plan, IPCX_STEP_UID, -2, 0, 0);
    CHECK_SAYS(&plan, "4294967294\n4321\n4321 1234 5678\n");
    plan = plan_to_say("id -G");
    step_with(&plan, IPCX_STEP_GROUPS, 2, groups, sizeof(groups));
    step(&plan, IPCX_STEP_GROUPS, 0, 0, 0);
    CHECK_SAYS(&plan, "0\n");
    CHECK_IS(getuid() + getgid(), 0);
}

static void check_not_permitted(int32_t what, int32_t a)
{
    struct plan plan = plan_to_say(":");

    step(&plan, what, a, 0, 0);
    CHECK_REFUSED(&plan, EPERM, 0);
    plan = plan_to_say("echo hello");
    step(&plan, what | IPCX_STEP_TOLERATED, a, 0, 0);
    CHECK_SAYS(&plan, "hello\n");
}

static void nobody_may_change_to_anybody(void)
{
    int32_t root = ipcx_open_path("/", IPCX_OPEN_DIRECTORY);

    if (!become_nobody())
        return;
    check_not_permitted(IPCX_STEP_GROUPS, 0);
    check_not_permitted(IPCX_STEP_GID, 0);
    check_not_permitted(IPCX_STEP_UID, 0);
    check_not_permitted(IPCX_STEP_BOUND, CAP_KILL);
    check_not_permitted(IPCX_STEP_CHANGE_ROOT, root);
    ipcx_close(root);
}

static void capabilities_are_dropped_for_good(void)
{
    const int32_t dropped[3] = {CAP_SYS_ADMIN, CAP_NET_RAW, CAP_BPF};
    /* Permitted, effective, bounding: root gains by exec what is in the last. */
    struct plan plan = plan_to_say("set -- $(grep ^Cap /proc/self/status); "
                                   "echo $4; echo $6; echo $8");
    uint64_t left = 0;
    char expected[64];

    for (int32_t number = 0; number < 64; number++)
        if (prctl(PR_CAPBSET_READ, number) == 1)
            left |= UINT64_C(1) << number;
    for (int i = 0; i < 3; i++) {
        step(&plan, IPCX_STEP_BOUND, dropped[i], 0, 0);
        left &= ~(UINT64_C(1) << dropped[i]);
    }
    for (int i = 0, length = 0; i < 3; i++)
        length += sprintf(expected + length, "%016llx\n",
                          (unsigned long long)left);
    CHECK_SAYS(&plan, expected);
    plan = plan_to_say(":");
    step(&plan, IPCX_STEP_BOUND, 63, 0, 0);
    CHECK_REFUSED(&plan, EINVAL, 0);
}

static void what_was_dropped_is_missing_at_once(void)
{
    struct plan plan = plan_to_say(":");

    step(&plan, IPCX_STEP_DROP, 1 << CAP_SETUID, 0, 0);
    step(&plan, IPCX_STEP_UID, NOBODY, 0, 0);
    CHECK_REFUSED(&plan, EPERM, 1);
}

static void nobody_is_nicer_than_it_was_for_good(void)
{
    struct plan plan = plan_to_say(":");

    step(&plan, IPCX_STEP_UID, NOBODY, 0, 0);
    step(&plan, IPCX_STEP_NICE, -20, 0, 0);
    CHECK_REFUSED(&plan, EACCES, 1);
}

static void privileges_that_are_given_up_stay_so(void)
{
    struct plan plan = plan_to_say("grep NoNewPrivs /proc/self/status");

    step(&plan, IPCX_STEP_NO_NEW_PRIVS, 0, 0, 0);
    CHECK_SAYS(&plan, "NoNewPrivs:\t1\n");
    CHECK_IS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

static void whoever_conceals_itself_does_not_conceal_its_parent(void)
{
    for (int32_t flags = 0; flags <= IPCX_PLAN_COPY; flags++) {
        struct plan plan = plan_to_say("echo hello");

        plan.flags = flags;
        step(&plan, IPCX_STEP_CONCEAL, 0, 0, 0);
        CHECK_SAYS(&plan, "hello\n");
        CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
        step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
        CHECK_REFUSED(&plan, EBADF, 1);
        CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
    }
}

void test_privileges(void)
{
    RUN(privileges_that_are_given_up_stay_so);
    RUN(whoever_conceals_itself_does_not_conceal_its_parent);
    RUN_IN_CHILD(nobody_may_change_to_anybody);
    RUN_AS_ROOT(users_and_groups_are_changed_to);
    RUN_AS_ROOT(capabilities_are_dropped_for_good);
    RUN_AS_ROOT(what_was_dropped_is_missing_at_once);
    RUN_AS_ROOT(nobody_is_nicer_than_it_was_for_good);
}
