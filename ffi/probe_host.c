/*
 * What a host lets processes do, tried in children that end at once: nothing of
 * this process or of the host changes.
 */
#define _GNU_SOURCE
#include "ipcx.h"
#include "probe_child.h"
#include "registers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4U
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* Which step failed stands here. */
#define STEP 0

static int fail(struct ipcx_report *report)
{
    report->failure = errno;
    return -1;
}

/* Does the work in a child. Returns 0, or -errno of the step that `step` then
 * tells. */
static int32_t try_in_child(void (*work)(const int32_t *arguments,
                                         struct ipcx_report *report),
                            const int32_t *arguments, int32_t *step)
{
    struct ipcx_report report = {0};
    int32_t result = ipcx_in_child(0, work, arguments, &report);

    *step = report.numbers[STEP];
    return result;
}

/* Whether this user may do to a file what `mode` says (access(2)), with the
 * rights that are in force. */
int32_t ipcx_probe_access(const char *path, int32_t mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

/* A resource limit: soft and hard. */
int32_t ipcx_probe_limit(int32_t resource, uint64_t *limit)
{
    struct rlimit both;

    if (getrlimit((__rlimit_resource_t)resource, &both) < 0)
        return -errno;
    limit[0] = both.rlim_cur;
    limit[1] = both.rlim_max;
    return 0;
}

/* Marks descriptors that nobody has. */
int32_t ipcx_probe_close_range(void)
{
    return syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno
                                                                      : 0;
}

static void join(const int32_t *arguments, struct ipcx_report *report)
{
    if (setns(arguments[0], arguments[1]) < 0)
        fail(report);
}

/* Joins a namespace. */
int32_t ipcx_probe_join(int32_t fd, int32_t type)
{
    const int32_t arguments[] = {fd, type};
    int32_t step;

    return try_in_child(join, arguments, &step);
}

static int write_to(const char *path, const char *text)
{
    const size_t length = strlen(text);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written;

    if (fd < 0)
        return -1;
    written = write(fd, text, length);
    if (written < 0) {
        int failure = errno;

        close(fd);
        errno = failure;
        return -1;
    }
    return close(fd);
}

static void make_user_namespace(const int32_t *arguments,
                                struct ipcx_report *report)
{
    const unsigned uid = geteuid();
    char map[32];

    (void)arguments;
    snprintf(map, sizeof(map), "0 %u 1\n", uid);
    if (unshare(CLONE_NEWUSER) < 0) {
        fail(report);
        return;
    }
    report->numbers[STEP] = IPCX_USER_MAP;
    if (write_to("/proc/self/uid_map", map) < 0) {
        fail(report);
        return;
    }
    /* Some hosts let anybody make one, and nobody have rights in it. */
    report->numbers[STEP] = IPCX_USER_RIGHTS;
    if (unshare(CLONE_NEWUTS) < 0)
        fail(report);
}

/* Makes a user namespace, and another one in it. `step` is of enum
 * ipcx_user_step. */
int32_t ipcx_probe_user_namespace(int32_t *step)
{
    return try_in_child(make_user_namespace, NULL, step);
}

/* Waits until the tracee has stopped again. */
static int next_stop(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, __WALL) < 0) {
        if (errno != EINTR)
            return -1;
    }
    if (WIFSTOPPED(status))
        return 0;
    /* What it told by its exit status is why it could not be traced. */
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ESRCH;
    return -1;
}

/* The process that is traced: its system calls are what there is to see. */
static void be_traced(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        syscall(SYS_exit_group, errno);
    kill((pid_t)syscall(SYS_getpid), SIGSTOP);
    for (;;)
        sched_yield();
}

static int control(pid_t pid, struct ipcx_report *report)
{
    ipcx_registers registers;

    report->numbers[STEP] = IPCX_TRACE_BEGIN;
    if (next_stop(pid) < 0)
        return fail(report);
    report->numbers[STEP] = IPCX_TRACE_CONTROL;
    if (ptrace(PTRACE_SETOPTIONS, pid, 0,
               (long)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)) < 0 ||
        ipcx_get_registers(pid, &registers) < 0 ||
        ipcx_set_registers(pid, &registers) < 0 ||
        ptrace(PTRACE_SYSCALL, pid, 0, 0L) < 0 || next_stop(pid) < 0)
        return fail(report);
    return 0;
}

static void trace(const int32_t *arguments, struct ipcx_report *report)
{
    long pid = syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);

    (void)arguments;
    if (pid == 0)
        be_traced();
    if (pid < 0) {
        fail(report);
        return;
    }
    control((pid_t)pid, report);
    kill((pid_t)pid, SIGKILL);
    while (waitpid((pid_t)pid, NULL, __WALL) == (pid_t)pid)
        continue;
}

/* Traces a process as a program is that is put into another mount namespace.
 * `step` is of enum ipcx_trace_step. */
int32_t ipcx_probe_trace(int32_t *step)
{
    return try_in_child(trace, NULL, step);
}

static void create(const int32_t *arguments, struct ipcx_report *report)
{
    const int32_t cgroup = arguments[0];
    int pidfd = -1;
    const struct clone_args how = {
        .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
                 (cgroup < 0 ? 0 : CLONE_INTO_CGROUP),
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = cgroup < 0 ? 0 : (uint64_t)cgroup,
    };
    long pid = syscall(SYS_clone3, &how, sizeof(how));
    siginfo_t info;

    /* As in spawn.c: only for a cgroup is there no other way. */
    if (pid < 0 && errno == ENOSYS && cgroup < 0)
        pid = syscall(SYS_clone, (unsigned long)(CLONE_PIDFD | SIGCHLD), 0,
                      &pidfd, 0, 0);

    if (pid == 0)
        syscall(SYS_exit_group, 0);
    if (pid < 0) {
        fail(report);
        return;
    }
    report->numbers[STEP] = IPCX_CREATE_SIGNAL;
    if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
        fail(report);
    else if (report->numbers[STEP] = IPCX_CREATE_WAIT,
             waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
        fail(report);
    if (report->failure)
        waitpid((pid_t)pid, NULL, __WALL);
}

/* Makes a process as the programs that are started are made: in a control group,
 * unless that is -1. `step` is of enum ipcx_create_step. */
int32_t ipcx_probe_create(int32_t cgroup, int32_t *step)
{
    return try_in_child(create, &cgroup, step);
}
