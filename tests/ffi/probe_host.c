/* What is tried out in children, and what is left of it here: nothing. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* An emulator or a container may keep these calls from us. */
static bool is_forbidden(int32_t result)
{
    return result == -ENOSYS || result == -EPERM || result == -EINVAL ||
           result == -ENOSPC || result == -EIO;
}

static bool nobody_is_left(void)
{
    return waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD;
}

static void access_is_that_of_the_rights_in_force(void)
{
    CHECK_IS(ipcx_probe_access("/", R_OK | X_OK), 0);
    CHECK_IS(ipcx_probe_access("/nowhere/at/all", F_OK), -ENOENT);
    if (!CHECK(become_nobody()))
        return;
    CHECK_IS(ipcx_probe_access("/", W_OK), -EACCES);
}

static void limits_are_those_of_this_process(void)
{
    struct rlimit both;
    uint64_t told[2];

    getrlimit(RLIMIT_NOFILE, &both);
    CHECK_IS(ipcx_probe_limit(RLIMIT_NOFILE, told), 0);
    CHECK(told[0] == both.rlim_cur && told[1] == both.rlim_max);
    CHECK_IS(ipcx_probe_limit(-1, told), -EINVAL);
}

static void closing_a_range_closes_nothing_of_ours(void)
{
    int32_t result = ipcx_probe_close_range();

    CHECK(result == 0 || is_forbidden(result));
    CHECK(is_open(STDOUT_FILENO));
}

static void only_root_joins_and_only_in_a_child(void)
{
    int own = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int32_t result = ipcx_probe_join(own, CLONE_NEWUTS);

    CHECK(result == 0 || is_forbidden(result));
    CHECK_IS(ipcx_probe_join(null, CLONE_NEWUTS), -EINVAL);
    CHECK_IS(ipcx_probe_join(-1, CLONE_NEWUTS), -EBADF);
    CHECK(nobody_is_left());
    if (CHECK(become_nobody()))
        CHECK_IS(ipcx_probe_join(own, CLONE_NEWUTS), -EPERM);
    close(own);
    close(null);
}

static void a_user_namespace_is_left_with_its_child(void)
{
    const uid_t before = getuid();
    int32_t step = -1;
    int32_t result = ipcx_probe_user_namespace(&step);

    CHECK(result == 0 || is_forbidden(result));
    if (result == 0)
        CHECK_IS(step, IPCX_USER_RIGHTS);
    CHECK_IS(getuid(), before);
    CHECK(nobody_is_left());
}

static void a_process_is_traced_and_is_gone(void)
{
    int32_t step = -1;
    int32_t result = ipcx_probe_trace(&step);

    CHECK(result == 0 || is_forbidden(result));
    if (result == 0)
        CHECK_IS(step, IPCX_TRACE_CONTROL);
    CHECK(nobody_is_left());
}

static void a_process_is_made_and_is_gone(void)
{
    int32_t step = -1;
    int32_t result = ipcx_probe_create(-1, &step);

    CHECK(result == 0 || is_forbidden(result));
    if (result == 0) {
        CHECK_IS(step, IPCX_CREATE_WAIT);
        /* No control group. */
        CHECK_IS(ipcx_probe_create(STDIN_FILENO, &step), -EBADF);
        CHECK_IS(step, IPCX_CREATE_CLONE);
    }
    CHECK(nobody_is_left());
}

void test_probe_host(void)
{
    RUN_IN_CHILD(access_is_that_of_the_rights_in_force);
    RUN(limits_are_those_of_this_process);
    RUN(closing_a_range_closes_nothing_of_ours);
    RUN_IN_CHILD(only_root_joins_and_only_in_a_child);
    RUN_IN_CHILD(a_user_namespace_is_left_with_its_child);
    RUN_IN_CHILD(a_process_is_traced_and_is_gone);
    RUN_IN_CHILD(a_process_is_made_and_is_gone);
}
