/* What can be probed only in a process of its own: one that ends, or one whose
 * limits and rights are others. */
#define _GNU_SOURCE
#include "probe_child.h"
#include "ipcx.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Waits of this many rounds are shorter than a sleep. */
#define SPIN_ROUNDS 200

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Waits until the child has ended; one that does not within its time is killed.
 * Returns whether that was so. */
static int outlasts(pid_t child)
{
    const struct timespec pause = {.tv_nsec = 50000};
    const int64_t deadline = now_ms() + IPCX_PROBE_PATIENCE_MS;
    int is_late = 0;

    for (int round = 0;; round++) {
        pid_t ended = waitpid(child, NULL, __WALL | (is_late ? 0 : WNOHANG));

        if (ended == child || (ended < 0 && errno != EINTR))
            return is_late;
        if (round < SPIN_ROUNDS) {
            sched_yield();
        } else if (now_ms() < deadline) {
            nanosleep(&pause, NULL);
        } else {
            is_late = 1;
            kill(child, SIGKILL);
        }
    }
}

int32_t ipcx_in_child(unsigned long flags,
                      void (*work)(const int32_t *arguments,
                                   struct ipcx_report *report),
                      const int32_t *arguments, struct ipcx_report *report)
{
    struct ipcx_report *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigset_t all, before;
    long child;

    if (shared == MAP_FAILED)
        return -errno;
    /* Handlers are not for the child. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child = syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (child == 0) {
        work(arguments, shared);
        syscall(SYS_exit_group, 0);
    }
    report->failure = child < 0 ? errno : 0;
    if (child > 0) {
        int is_late = outlasts((pid_t)child);

        *report = *shared;
        if (is_late)
            report->failure = ETIMEDOUT;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(shared, sizeof(*shared));
    return -report->failure;
}

static void make_pair(const int32_t *arguments, struct ipcx_report *report)
{
    int ends[2];

    if (socketpair(AF_UNIX, arguments[0] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   ends) < 0) {
        report->failure = errno;
        return;
    }
    memcpy(report->numbers, ends, sizeof(ends));
}

/* A pair of sockets, nonblocking and close-on-exec, whose maker has ended and
 * was waited for. */
int32_t ipcx_probe_orphaned_pair(int32_t type, int32_t *ends)
{
    struct ipcx_report report;
    int32_t result = ipcx_in_child(CLONE_FILES, make_pair, &type, &report);

    if (result == 0)
        memcpy(ends, report.numbers, sizeof(report.numbers));
    return result;
}

/* Without capabilities, as another user or only so. Straight to the kernel: the
 * library would tell threads that the child does not have. */
static int give_up_rights(int32_t uid)
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};

    if (uid >= 0 && syscall(SYS_setresuid, uid, uid, uid) < 0)
        return -1;
    return (int)syscall(SYS_capset, &head, none);
}

static void send_until_refused(const int32_t *arguments, struct ipcx_report *report)
{
    const int32_t limit = arguments[0], keeps_rights = arguments[1];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    struct iovec part = {.iov_base = "", .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control.bytes)};
    struct rlimit soft;
    int ends[2];

    if (getrlimit(RLIMIT_NOFILE, &soft) < 0 ||
        (!keeps_rights && give_up_rights(arguments[2]) < 0) ||
        socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0) {
        report->failure = errno;
        return;
    }
    soft.rlim_cur = (rlim_t)limit < soft.rlim_max ? (rlim_t)limit : soft.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &soft) < 0) {
        report->failure = errno;
        return;
    }
    /* Something that cannot hold sockets: those would be work for the kernel's
     * garbage collector. */
    memcpy(CMSG_DATA(&control.header), &arguments[3], sizeof(int));
    while (sendmsg(ends[0], &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        report->numbers[0]++;
    report->numbers[1] = errno;
}

/* Sends descriptors, one a message, that nobody receives, until the kernel
 * refuses: in a child whose RLIMIT_NOFILE is `limit`, with the capabilities of
 * this process or without any, and then as the user `uid` unless that is -1.
 * `fd` is what is sent, and no socket. `told` is given how many went, and the
 * error number that ended it. */
int32_t ipcx_probe_in_flight(int32_t fd, int32_t limit, int32_t keeps_rights,
                             int32_t uid, int32_t *told)
{
    const int32_t arguments[] = {limit, keeps_rights, uid, fd};
    struct ipcx_report report;
    int32_t result = ipcx_in_child(0, send_until_refused, arguments, &report);

    if (result == 0)
        memcpy(told, report.numbers, sizeof(report.numbers));
    return result;
}
