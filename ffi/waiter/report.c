/* How the child has ended, as a line of JSON with the names of the library. */
#define _GNU_SOURCE
#include "waiter.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t microseconds(const struct timeval *time)
{
    return time->tv_sec * INT64_C(1000000) + time->tv_usec;
}

static void name_signal(int status, char *text, size_t size)
{
    const char *name;

    if (!WIFSIGNALED(status)) {
        snprintf(text, size, "null");
        return;
    }
    name = sigabbrev_np(WTERMSIG(status));
    if (name)
        snprintf(text, size, "\"SIG%s\"", name);
    else
        snprintf(text, size, "\"SIG%d\"", WTERMSIG(status));
}

void report_end(int fd, pid_t child, int status, const struct rusage *usage)
{
    char line[512], signal_name[24];
    int length;

    name_signal(status, signal_name, sizeof(signal_name));
    length = snprintf(
        line, sizeof(line),
        "{\"event\":\"exited\",\"pid\":%d,\"code\":%d,\"signal\":%s,\"usage\":{"
        "\"userTime\":%" PRId64 ",\"systemTime\":%" PRId64 ",\"maxRss\":%ld,"
        "\"minorFaults\":%ld,\"majorFaults\":%ld,\"blocksIn\":%ld,"
        "\"blocksOut\":%ld,\"voluntarySwitches\":%ld,"
        "\"involuntarySwitches\":%ld}}\n",
        (int)child,
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
        signal_name, microseconds(&usage->ru_utime),
        microseconds(&usage->ru_stime), usage->ru_maxrss, usage->ru_minflt,
        usage->ru_majflt, usage->ru_inblock, usage->ru_oublock, usage->ru_nvcsw,
        usage->ru_nivcsw);
    /* A reader that is gone is no reason to end otherwise than the child. */
    signal(SIGPIPE, SIG_IGN);
    if (write(fd, line, (size_t)length) < 0)
        return;
}
