/*
 * The steps of a plan. Between clone and exec the memory is the parent's too:
 * only system calls, and no lock, no allocation, no state of libc.
 */
#define _GNU_SOURCE
#include "steps.h"
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static long IPCX_ON_LENT_STACK call_here(struct ipcx_caller *caller,
                                         long number, const long *a)
{
    long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);

    (void)caller;
    return result < 0 ? -errno : result;
}

static long lend_here(struct ipcx_caller *caller, const void *from, size_t size,
                      int first)
{
    (void)caller, (void)size, (void)first;
    return (long)from;
}

static int fetch_here(struct ipcx_caller *caller, void *to, long from,
                      size_t size)
{
    (void)caller, (void)to, (void)from, (void)size;
    return 0;
}

const struct ipcx_caller ipcx_this_process = {call_here, lend_here, fetch_here};

#define CALL(number, ...) \
    (caller->call(caller, number, (const long[6]){__VA_ARGS__}))

static int change_directory(struct ipcx_caller *caller, const void *path)
{
    long there = caller->lend(caller, path, strlen(path) + 1, 1);

    return there ? (int)CALL(SYS_chdir, there) : -EFAULT;
}

static int change_root(struct ipcx_caller *caller, int32_t fd)
{
    long here = caller->lend(caller, ".", 2, 1);
    int result = here ? (int)CALL(SYS_fchdir, fd) : -EFAULT;

    return result < 0 ? result : (int)CALL(SYS_chroot, here);
}

static int duplicate(struct ipcx_caller *caller, int32_t from, int32_t to,
                     int32_t close_on_exec)
{
    /* dup2 of a number onto itself leaves FD_CLOEXEC as it is. */
    if (from == to)
        return (int)CALL(SYS_fcntl, from, F_SETFD,
                         close_on_exec ? FD_CLOEXEC : 0);
    return (int)CALL(SYS_dup3, from, to, close_on_exec ? O_CLOEXEC : 0);
}

static int set_limit(struct ipcx_caller *caller, int32_t resource,
                     const void *limit)
{
    long there = caller->lend(caller, limit, 2 * sizeof(uint64_t), 1);

    return there ? (int)CALL(SYS_prlimit64, 0, resource, there) : -EFAULT;
}

static int set_groups(struct ipcx_caller *caller, int32_t count,
                      const void *groups)
{
    size_t size = (size_t)count * sizeof(uint32_t);
    long there = count ? caller->lend(caller, groups, size, 1) : 0;

    if (count && !there)
        return -EFAULT;
    return (int)CALL(SYS_setgroups, count, there);
}

static int write_file(struct ipcx_caller *caller, const char *path)
{
    const char *text = path + strlen(path) + 1;
    int fd = (int)CALL(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_CLOEXEC);
    long result;

    if (fd < 0)
        return fd;
    result = CALL(SYS_write, fd, (long)text, (long)strlen(text));
    CALL(SYS_close, fd);
    return result < 0 ? (int)result : 0;
}

static int drop_capabilities(struct ipcx_caller *caller, uint32_t low,
                             uint32_t high)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    const uint32_t dropped[2] = {low, high};
    long head_at = caller->lend(caller, &head, sizeof(head), 1);
    long sets_at = caller->lend(caller, sets, sizeof(sets), 0);
    int result;

    if (!head_at || !sets_at)
        return -EFAULT;
    result = (int)CALL(SYS_capget, head_at, sets_at);
    if (result < 0)
        return result;
    if (caller->fetch(caller, sets, sets_at, sizeof(sets)) < 0)
        return -EFAULT;
    for (int i = 0; i < 2; i++) {
        sets[i].effective &= ~dropped[i];
        sets[i].permitted &= ~dropped[i];
        sets[i].inheritable &= ~dropped[i];
    }
    head_at = caller->lend(caller, &head, sizeof(head), 1);
    sets_at = caller->lend(caller, sets, sizeof(sets), 0);
    return head_at && sets_at ? (int)CALL(SYS_capset, head_at, sets_at)
                              : -EFAULT;
}

/* A parent that died before the request goes unnoticed by it, and across pid
 * namespaces getppid() tells nothing: its pidfd does. */
static int die_with_parent(struct ipcx_caller *caller, int32_t signal,
                           int32_t pidfd)
{
    struct pollfd parent = {.fd = pidfd, .events = POLLIN};
    const struct timespec now = {0};
    int result = (int)CALL(SYS_prctl, PR_SET_PDEATHSIG, signal);

    if (result < 0 || pidfd < 0)
        return result;
    result = (int)CALL(SYS_ppoll, (long)&parent, 1, (long)&now, 0, 8);
    return result > 0 ? -ESRCH : result;
}

/* A decimal number for sd_listen_fds(3), in the room that there is. */
static void write_pid(struct ipcx_caller *caller, char *variable)
{
    char *end = variable + strlen(variable);
    char *digit = end;
    long pid = CALL(SYS_getpid);
    char *value = strchr(variable, '=') + 1;

    do {
        *--digit = (char)('0' + pid % 10);
        pid /= 10;
    } while (pid && digit > value);
    while (digit < end)
        *value++ = *digit++;
    *value = 0;
}

/* As execvp(3): a file that may not be run is remembered, one that is not there
 * is not. */
static int IPCX_ON_LENT_STACK become(struct ipcx_caller *caller,
                                     const struct ipcx_image *image,
                                     int32_t pid_variable)
{
    const sigset_t none = {0};
    const uint64_t standard[4] = {0}; /* the kernel's struct sigaction */
    int failure = -ENOENT;

    if (pid_variable >= 0)
        write_pid(caller, image->envp[pid_variable]);
    /* What the runtime ignores or blocks for itself is no business of the
     * program; what it was started with, such as an ignored SIGINT, is. */
    CALL(SYS_rt_sigaction, SIGPIPE, (long)standard, 0, 8);
    CALL(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, 8);
    for (char **path = image->paths; *path; path++) {
        int result = (int)CALL(SYS_execve, (long)*path, (long)image->argv,
                               (long)image->envp);

        if (result != -ENOENT && result != -ENOTDIR)
            failure = result;
        if (result != -ENOENT && result != -ENOTDIR && result != -EACCES)
            break;
    }
    return failure;
}

static int IPCX_ON_LENT_STACK do_step(struct ipcx_caller *caller,
                                      const int32_t *step, const uint8_t *data,
                                      const struct ipcx_image *image)
{
    const int32_t a = step[1], b = step[2];
    /* What has a third number has no data. */
    const int32_t c = step[3];
    const void *piece = data + step[3];

    switch ((enum ipcx_step)(step[0] & ~IPCX_STEP_TOLERATED)) {
    case IPCX_STEP_JOIN:
        return (int)CALL(SYS_setns, a, b);
    case IPCX_STEP_CHANGE_ROOT:
        return change_root(caller, a);
    case IPCX_STEP_CHANGE_DIRECTORY:
        return (int)CALL(SYS_fchdir, a);
    case IPCX_STEP_CHANGE_TO_PATH:
        return change_directory(caller, piece);
    case IPCX_STEP_DUPLICATE:
        return duplicate(caller, a, b, c);
    case IPCX_STEP_CLOSE_RANGE:
        return (int)CALL(SYS_close_range, (uint32_t)a, (uint32_t)b,
                         c ? CLOSE_RANGE_CLOEXEC : 0);
    case IPCX_STEP_SESSION:
        return (int)CALL(SYS_setsid);
    case IPCX_STEP_TERMINAL:
        return (int)CALL(SYS_ioctl, a, TIOCSCTTY, 0);
    case IPCX_STEP_GROUP:
        return (int)CALL(SYS_setpgid, 0, a);
    case IPCX_STEP_LIMIT:
        return set_limit(caller, a, piece);
    case IPCX_STEP_NICE:
        return (int)CALL(SYS_setpriority, PRIO_PROCESS, 0, a);
    case IPCX_STEP_WRITE:
        return write_file(caller, piece);
    case IPCX_STEP_GROUPS:
        return set_groups(caller, a, piece);
    case IPCX_STEP_GID:
        return (int)CALL(SYS_setresgid, (uint32_t)a, (uint32_t)a, (uint32_t)a);
    case IPCX_STEP_UID:
        return (int)CALL(SYS_setresuid, (uint32_t)a, (uint32_t)a, (uint32_t)a);
    case IPCX_STEP_BOUND:
        return (int)CALL(SYS_prctl, PR_CAPBSET_DROP, a);
    case IPCX_STEP_DROP:
        return drop_capabilities(caller, (uint32_t)a, (uint32_t)b);
    case IPCX_STEP_NO_NEW_PRIVS:
        return (int)CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
    case IPCX_STEP_CONCEAL:
        return (int)CALL(SYS_prctl, PR_SET_DUMPABLE, a);
    case IPCX_STEP_DEATH_SIGNAL:
        return die_with_parent(caller, a, b);
    case IPCX_STEP_TRACE:
        return (int)CALL(SYS_ptrace, PTRACE_TRACEME);
    case IPCX_STEP_EXEC:
        return become(caller, image, a);
    case IPCX_STEP_FORK:
    case IPCX_STEP_TOLERATED:
        break;
    }
    return -EINVAL;
}

int IPCX_ON_LENT_STACK ipcx_do_step(struct ipcx_caller *caller,
                                    const int32_t *step, const uint8_t *data,
                                    const struct ipcx_image *image)
{
    int result = do_step(caller, step, data, image);

    return step[0] & IPCX_STEP_TOLERATED && result < 0 ? 0 : result;
}

/* Splits `count` strings that stand one after the other, each with its NUL. */
static char **split(char **list, char **strings, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        *list++ = *strings;
        *strings += strlen(*strings) + 1;
    }
    *list++ = NULL;
    return list;
}

int ipcx_read_image(const int32_t *plan, const uint8_t *data,
                    struct ipcx_image *image)
{
    size_t count = (size_t)plan[IPCX_PLAN_PATHS] +
                   (size_t)plan[IPCX_PLAN_ARGUMENTS] +
                   (size_t)plan[IPCX_PLAN_ENVIRONMENT] + 3;
    char *strings = (char *)data + plan[IPCX_PLAN_STRINGS];

    image->paths = malloc(sizeof(*image->paths) * count);
    if (!image->paths)
        return -ENOMEM;
    image->argv = split(image->paths, &strings, plan[IPCX_PLAN_PATHS]);
    image->envp = split(image->argv, &strings, plan[IPCX_PLAN_ARGUMENTS]);
    split(image->envp, &strings, plan[IPCX_PLAN_ENVIRONMENT]);
    return 0;
}
