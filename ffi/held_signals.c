/*
 * Signals that wait until this process has become another program.
 *
 * Any thread that does not block a signal may take it, and is gone with it when
 * the program is replaced. So all threads have to block all signals, and only
 * they themselves can: each is interrupted by a signal whose handler does it.
 */
#define _GNU_SOURCE
#include "ipcx.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* Of those that are not forwarded, and ignored by default. */
#define INTERRUPTION SIGURG
#define MOST_THREADS 1024
/* For a thread that ends before it is interrupted. */
#define PATIENCE_NS INT64_C(50000000)
/* The kernel's set of signals is shorter than the library's. */
#define SIGNAL_SET_BYTES 8

static atomic_int blocking;

struct asked {
    pid_t threads[MOST_THREADS];
    int count;
};

static void block_all(int signal, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;

    (void)signal;
    if (info->si_code != SI_TKILL || info->si_pid != getpid())
        return;
    /* From here on by the mask of this handler, then by this. */
    memset(&interrupted->uc_sigmask, 0xff, SIGNAL_SET_BYTES);
    atomic_fetch_add(&blocking, 1);
}

static int was_asked(const struct asked *asked, pid_t thread)
{
    for (int i = 0; i < asked->count; i++)
        if (asked->threads[i] == thread)
            return 1;
    return 0;
}

/* Interrupts all that were not before. Returns how many, or -errno. */
static int ask(struct asked *asked)
{
    const int before = asked->count;
    struct dirent *entry;
    DIR *folder = opendir("/proc/self/task");

    if (!folder)
        return -errno;
    while ((entry = readdir(folder)) && asked->count < MOST_THREADS) {
        pid_t thread = (pid_t)atoi(entry->d_name);

        if (thread <= 0 || thread == getpid() || was_asked(asked, thread))
            continue;
        if (syscall(SYS_tgkill, getpid(), thread, INTERRUPTION) == 0)
            asked->threads[asked->count++] = thread;
    }
    closedir(folder);
    return asked->count - before;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Called by the main thread, makes signals wait for the program that it becomes:
 * none is lost between a child and its waiter. Threads that begin later block
 * them as well. What is ignored stays so, but for SIGCHLD: children would be
 * reaped by nobody. */
int32_t ipcx_hold_signals(void)
{
    struct sigaction interruption = {.sa_sigaction = block_all}, child;
    struct asked asked = {.count = 0};
    const int64_t deadline = now_ns() + PATIENCE_NS;
    sigset_t all;
    int found;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigaction(SIGCHLD, NULL, &child);
    if (child.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
    sigfillset(&interruption.sa_mask);
    interruption.sa_flags = SA_RESTART | SA_SIGINFO;
    sigaction(INTERRUPTION, &interruption, NULL);
    atomic_store(&blocking, 0);
    /* One that does not block yet may begin another one. */
    while ((found = ask(&asked)) > 0)
        while (atomic_load(&blocking) < asked.count && now_ns() < deadline)
            sched_yield();
    return found;
}
