/* Children: their signals, their end, what they are given. */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP 4
#endif

/* The first version of struct pidfd_info of <linux/pidfd.h>, which is not
 * installed everywhere. */
struct process_info {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t ids[11];
    int32_t status;
};

#define GET_PROCESS_INFO _IOWR(0xFF, 11, struct process_info)
#define PROCESS_INFO_EXIT UINT64_C(8)

static int32_t result_of(long value)
{
    return value < 0 ? -errno : (int32_t)value;
}

int32_t ipcx_pidfd_open(int32_t pid)
{
    return result_of(syscall(SYS_pidfd_open, pid, 0));
}

/* What tells a process from all others, since Linux 6.9. */
int32_t ipcx_pidfd_inode(int32_t pidfd, int64_t *inode)
{
    struct stat info;

    if (fstat(pidfd, &info) < 0)
        return -errno;
    *inode = (int64_t)info.st_ino;
    return 0;
}

int32_t ipcx_signal(int32_t pidfd, int32_t signal)
{
    return result_of(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

/* To kill(2) -1 is everybody, and 0 one's own group. */
int32_t ipcx_signal_group(int32_t group, int32_t signal)
{
    if (group <= 1)
        return -EINVAL;
    return result_of(kill(-group, signal));
}

/* The process group that a process leads or has led: by its pidfd, no other
 * group is ever hit. -EINVAL before Linux 6.9. */
int32_t ipcx_signal_own_group(int32_t pidfd, int32_t signal)
{
    return result_of(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL,
                             PIDFD_SIGNAL_PROCESS_GROUP));
}

static int64_t microseconds(const struct timeval *time)
{
    return time->tv_sec * INT64_C(1000000) + time->tv_usec;
}

/* Reaps a child. Returns 1, or 0 if it still runs. */
int32_t ipcx_wait(int32_t pidfd, int64_t *ended)
{
    siginfo_t info = {0};
    struct rusage usage;

    if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &usage) < 0)
        return -errno;
    if (info.si_pid == 0)
        return 0;
    ended[IPCX_ENDED_CODE] = info.si_code;
    ended[IPCX_ENDED_STATUS] = info.si_status;
    ended[IPCX_ENDED_USER_TIME] = microseconds(&usage.ru_utime);
    ended[IPCX_ENDED_SYSTEM_TIME] = microseconds(&usage.ru_stime);
    ended[IPCX_ENDED_MAX_RSS] = usage.ru_maxrss;
    ended[IPCX_ENDED_MINOR_FAULTS] = usage.ru_minflt;
    ended[IPCX_ENDED_MAJOR_FAULTS] = usage.ru_majflt;
    ended[IPCX_ENDED_BLOCKS_IN] = usage.ru_inblock;
    ended[IPCX_ENDED_BLOCKS_OUT] = usage.ru_oublock;
    ended[IPCX_ENDED_WAITS] = usage.ru_nvcsw;
    ended[IPCX_ENDED_PREEMPTIONS] = usage.ru_nivcsw;
    return 1;
}

/* How somebody else's child ended, as wait(2) tells it. Returns 1, or 0 if the
 * kernel does not know yet: not before its parent has reaped it. -ENOTTY or
 * -EINVAL before Linux 6.15. */
int32_t ipcx_exit_status(int32_t pidfd, int32_t *status)
{
    struct process_info info = {.mask = PROCESS_INFO_EXIT};

    if (ioctl(pidfd, GET_PROCESS_INFO, &info) < 0)
        return -errno;
    if (!(info.mask & PROCESS_INFO_EXIT))
        return 0;
    *status = info.status;
    return 1;
}

int32_t ipcx_pipe(int32_t *ends)
{
    int made[2];

    if (pipe2(made, O_CLOEXEC) < 0)
        return -errno;
    ends[0] = made[0];
    ends[1] = made[1];
    return 0;
}

/* A pseudo-terminal of the size of another terminal, if that is one: ends[0] is
 * the master, ends[1] the terminal. */
int32_t ipcx_terminal(int32_t like, int32_t *ends)
{
    struct winsize size;
    int unlocked = 0, failure;
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (master < 0)
        return -errno;
    ends[1] = -1;
    if (ioctl(master, TIOCSPTLCK, &unlocked) == 0)
        /* Its path is of no use in another mount namespace. */
        ends[1] = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[1] < 0) {
        failure = errno;
        close(master);
        return -failure;
    }
    if (ioctl(like, TIOCGWINSZ, &size) == 0)
        ioctl(master, TIOCSWINSZ, &size);
    ends[0] = master;
    return 0;
}
