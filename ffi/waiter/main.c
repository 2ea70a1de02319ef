/*
 * Waits for one child: forwards signals to it, stops and goes on with it, and
 * ends as it ends. As process 1 it reaps whatever else there is.
 */
#define _GNU_SOURCE
#include "../ipcx.h"
#include "waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As timeout(1). */
#define EXIT_TIMED_OUT 124

enum { SIGNALS, FIRST_OF_RELAY, MOST_ENTRIES = FIRST_OF_RELAY + 3 };

struct waiter {
    struct orders orders;
    struct relay relay;
    int64_t deadline; /* of what is next: SIGTERM, then SIGKILL; or -1 */
    int timed_out;
    int is_told_to_end; /* by that, or by a signal */
    int leads_session;
    int has_terminal;
    int has_ended, status;
    struct rusage usage;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void signal_child(const struct waiter *waiter, int signal)
{
    /* Reaped, its number may be another's. */
    if (!waiter->has_ended)
        kill(waiter->orders.child, signal);
}

static void stop_with_child(const struct waiter *waiter)
{
    /* Without a terminal, or with nobody between us and it, there is no shell that
     * would continue us. In one of its own, stopping is between the child and its
     * shell. */
    if (!waiter->has_terminal || waiter->leads_session ||
        waiter->relay.is_terminal)
        return;
    raise(SIGSTOP);
}

static void reap(struct waiter *waiter)
{
    for (;;) {
        struct rusage usage;
        int status;
        pid_t pid = wait4(-1, &status, WNOHANG | WUNTRACED, &usage);

        if (pid <= 0)
            return;
        if (pid != waiter->orders.child)
            continue;
        if (WIFSTOPPED(status)) {
            stop_with_child(waiter);
            continue;
        }
        waiter->has_ended = 1;
        waiter->status = status;
        waiter->usage = usage;
    }
}

/* The terminal has sent its signals to all of the foreground group already. */
static int has_child_got(const struct waiter *waiter,
                         const struct signalfd_siginfo *info)
{
    switch (info->ssi_signo) {
    case SIGHUP:
        /* Of a hang-up only who leads the session hears. */
        if (waiter->leads_session)
            return 0;
        /* fall through */
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return info->ssi_code == SI_KERNEL && !waiter->orders.leads_group;
    default:
        return 0;
    }
}

static void handle(struct waiter *waiter, const struct signalfd_siginfo *info)
{
    int signal = (int)info->ssi_signo;

    switch (signal) {
    case SIGCHLD:
        reap(waiter);
        break;
    case SIGWINCH:
        relay_resize(&waiter->relay);
        break;
    case SIGURG:
        break;
    case SIGCONT:
        if (waiter->relay.is_terminal)
            terminal_make_raw();
        signal_child(waiter, signal);
        break;
    case SIGPIPE:
        /* Of the relay's own doing. */
        if (info->ssi_pid == (uint32_t)getpid())
            break;
        signal_child(waiter, signal);
        break;
    default:
        waiter->is_told_to_end |= tells_to_end(signal);
        if (!has_child_got(waiter, info))
            signal_child(waiter, signal);
    }
}

static void signal_all(const struct waiter *waiter, int signal)
{
    kill(waiter->orders.leads_group ? -waiter->orders.child
                                    : waiter->orders.child,
         signal);
}

static void heed_deadline(struct waiter *waiter)
{
    if (waiter->deadline < 0 || waiter->has_ended ||
        now_ms() < waiter->deadline)
        return;
    if (waiter->timed_out) {
        signal_all(waiter, SIGKILL);
        waiter->deadline = -1;
        return;
    }
    waiter->timed_out = waiter->is_told_to_end = 1;
    signal_all(waiter, SIGTERM);
    /* One that is stopped could not end. */
    signal_all(waiter, SIGCONT);
    waiter->deadline = now_ms() + waiter->orders.grace_ms;
}

static int time_left(const struct waiter *waiter)
{
    int64_t left = waiter->deadline - now_ms();

    if (waiter->deadline < 0)
        return -1;
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void wait_for_child(struct waiter *waiter, int signals)
{
    /* It may have ended before anybody listened. */
    reap(waiter);
    while (!waiter->has_ended) {
        struct pollfd entries[MOST_ENTRIES] = {
            [SIGNALS] = {.fd = signals, .events = POLLIN}};
        struct signalfd_siginfo info;
        int count = relay_poll(&waiter->relay, entries + FIRST_OF_RELAY);

        if (poll(entries, (nfds_t)(FIRST_OF_RELAY + count), time_left(waiter)) <
                0 &&
            errno != EINTR)
            abort();
        while (read(signals, &info, sizeof(info)) == sizeof(info))
            handle(waiter, &info);
        relay_move(&waiter->relay, entries + FIRST_OF_RELAY, count);
        heed_deadline(waiter);
    }
}

/* Ends as the child has ended. */
static int end_alike(int status)
{
    int signal_number;
    uint64_t one;

    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    signal_number = WTERMSIG(status);
    /* The child has left a core already, if it was to. A limit of 0 is none to a
     * program that collects them. */
    prctl(PR_SET_DUMPABLE, 0);
    signal(signal_number, SIG_DFL);
    one = UINT64_C(1) << (signal_number - 1);
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, sizeof(one));
    raise(signal_number);
    /* Process 1 does not die of signals. */
    return 128 + signal_number;
}

/* All signals, also those that the C library takes for its own and leaves out
 * of every set. */
static int take_signals(void)
{
    const uint64_t all = ~UINT64_C(0);

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
    /* Ignored, it would have children reaped by nobody. */
    signal(SIGCHLD, SIG_DFL);
    return (int)syscall(SYS_signalfd4, -1, &all, sizeof(all),
                        SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(void)
{
    static struct waiter waiter;
    int signals, terminal;

    prctl(PR_SET_NAME, "ipcx");
    if (getenv("IPCX_PLAN"))
        return become();
    read_orders(&waiter.orders);
    if (waiter.orders.child <= 0) {
        static const char advice[] =
            "ipcx-waiter: ipcx becomes this by itself: run 'ipcx spawn'\n";

        /* Signals to process 0 would come back, without end. */
        return write(STDERR_FILENO, advice, sizeof advice - 1) < 0 ? 1 : 2;
    }
    close_others(&waiter.orders);
    signals = take_signals();
    waiter.leads_session = getsid(0) == getpid();
    terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0) {
        waiter.has_terminal = 1;
        close(terminal);
    }
    waiter.deadline = waiter.orders.timeout_ms < 0
                          ? -1
                          : now_ms() + waiter.orders.timeout_ms;
    relay_start(&waiter.relay, &waiter.orders);
    wait_for_child(&waiter, signals);
    relay_drain(&waiter.relay, signals,
                waiter.is_told_to_end ? (int)waiter.orders.grace_ms : -1);
    terminal_restore();
    if (waiter.orders.status_fd >= 0)
        report_end(waiter.orders.status_fd, waiter.orders.child, waiter.status,
                   &waiter.usage);
    remove_files();
    return waiter.timed_out ? EXIT_TIMED_OUT : end_alike(waiter.status);
}
