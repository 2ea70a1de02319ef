/*
 * Creating a process by a plan.
 *
 * The child shares the parent's memory, which waits for its exec, as with
 * vfork(2): that takes no longer however much memory there is, and tells of a
 * failed step by writing to it. Which of its threads calls matters: a death
 * signal is sent when that one ends.
 */
#define _GNU_SOURCE
#include "ipcx.h"
#include "steps.h"
#include "trace.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* What a child tells its parent; after a fork, in memory that both still have. */
struct news {
    volatile int32_t failed, failure;
    volatile pid_t last; /* the process that FORK has made */
    volatile pid_t own;  /* its pid as it sees it */
    volatile int32_t has_come_to_exec;
    volatile int32_t has_handlers; /* its parent's */
};

struct order {
    const int32_t *plan;
    const uint8_t *data;
    struct ipcx_image image;
    struct news *news;
};

/* The child goes on in this very frame, on the parent's stack: it must not
 * return from the function that has called this, libc's syscall() included, nor
 * from this one, which without optimization has a frame as well. */
static inline long IPCX_ON_LENT_STACK __attribute__((always_inline))
call_here(long call, uint64_t a, uint64_t b, uint64_t c)
{
#if defined(__x86_64__)
    register long fourth __asm__("r10") = 0;
    register long fifth __asm__("r8") = 0;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(call), "D"(a), "S"(b), "d"(c), "r"(fourth),
                       "r"(fifth)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long number __asm__("x8") = call;
    register uint64_t first __asm__("x0") = a;
    register uint64_t second __asm__("x1") = b;
    register uint64_t third __asm__("x2") = c;
    register uint64_t fourth __asm__("x3") = 0;
    register uint64_t fifth __asm__("x4") = 0;

    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(number), "r"(second), "r"(third), "r"(fourth),
                       "r"(fifth)
                     : "memory");
    return (long)first;
#else
#error "ipcx makes processes on x86-64 and arm64"
#endif
}

/* Filters of container runtimes, and RestrictNamespaces= of systemd, refuse
 * clone3(2), whose flags they cannot see. clone(2) does as well, except that it
 * knows no cgroup and leaves the handlers of signals to the child. */
static inline long IPCX_ON_LENT_STACK __attribute__((always_inline))
clone_here(const struct clone_args *arguments, struct news *news)
{
    long result = call_here(SYS_clone3, (uint64_t)(uintptr_t)arguments,
                            sizeof(*arguments), 0);

    if (result != -ENOSYS || arguments->flags & CLONE_INTO_CGROUP)
        return result;
    news->has_handlers = 1;
    return call_here(SYS_clone,
                     (arguments->flags & ~CLONE_CLEAR_SIGHAND) |
                         arguments->exit_signal,
                     0, arguments->pidfd);
}

/* They would run in the parent's memory. */
static void IPCX_ON_LENT_STACK forget_handlers(void)
{
    /* The kernel's struct sigaction begins with the handler. libc would not let
     * signals of its own be looked at. */
    const uint64_t standard[4] = {0};
    uint64_t now[4];

    for (long number = 1; number < _NSIG; number++)
        if (syscall(SYS_rt_sigaction, number, 0, now, 8) == 0 &&
            now[0] > (uintptr_t)SIG_IGN)
            syscall(SYS_rt_sigaction, number, standard, 0, 8);
}

static uint64_t memory_flags(const struct order *order)
{
    int copy = order->plan[IPCX_PLAN_FLAGS] & IPCX_PLAN_COPY;

    return CLONE_VFORK | CLONE_CLEAR_SIGHAND | (copy ? 0 : CLONE_VM);
}

static void IPCX_ON_LENT_STACK __attribute__((noreturn))
do_steps(const struct order *order, int32_t from);

/* A pid namespace that was joined counts for children: here is one, and its
 * parent is ours. */
static void IPCX_ON_LENT_STACK __attribute__((noinline, noreturn))
fork_off(const struct order *order, int32_t next)
{
    const struct clone_args arguments = {
        .flags = memory_flags(order) | CLONE_PARENT,
    };
    long pid = clone_here(&arguments, order->news);

    if (pid == 0)
        do_steps(order, next);
    if (pid < 0) {
        order->news->failed = next - 1;
        order->news->failure = (int32_t)-pid;
    } else {
        order->news->last = (pid_t)pid;
    }
    _exit(0);
}

static void do_steps(const struct order *order, int32_t from)
{
    struct ipcx_caller caller = ipcx_this_process;

    order->news->own = (pid_t)syscall(SYS_getpid);
    if (order->news->has_handlers)
        forget_handlers();
    for (int32_t i = from; i < order->plan[IPCX_PLAN_STEPS]; i++) {
        const int32_t *step =
            order->plan + IPCX_PLAN_SLOTS + i * IPCX_STEP_WORDS;
        int result;

        if (step[0] == IPCX_STEP_FORK)
            fork_off(order, i + 1);
        if (step[0] == IPCX_STEP_EXEC)
            order->news->has_come_to_exec = 1;
        result = ipcx_do_step(&caller, step, order->data, &order->image);
        if (result < 0) {
            order->news->failed = i;
            order->news->failure = -result;
            break;
        }
    }
    _exit(127);
}

static long IPCX_ON_LENT_STACK __attribute__((noinline))
create(const struct order *order, int *pidfd)
{
    const int32_t cgroup = order->plan[IPCX_PLAN_CGROUP];
    const struct clone_args arguments = {
        .flags = memory_flags(order) | CLONE_PIDFD |
                 (cgroup < 0 ? 0 : CLONE_INTO_CGROUP),
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = cgroup < 0 ? 0 : (uint64_t)cgroup,
    };
    long pid = clone_here(&arguments, order->news);

    if (pid == 0)
        do_steps(order, 0);
    return pid;
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
}

/* The first child has made the real one: it is gone, and its pidfd with it. */
static int follow(pid_t first, const struct news *news, int *pidfd)
{
    reap(first);
    close(*pidfd);
    *pidfd = -1;
    if (!news->last)
        return 0;
    *pidfd = (int)syscall(SYS_pidfd_open, news->last, 0);
    return *pidfd < 0 ? -errno : 0;
}

static int32_t finish(const struct order *order, pid_t pid, int pidfd,
                      int32_t *outcome)
{
    const int32_t *plan = order->plan;
    struct ipcx_deferred deferred = {
        .steps = plan + IPCX_PLAN_SLOTS +
                 plan[IPCX_PLAN_STEPS] * IPCX_STEP_WORDS,
        .count = plan[IPCX_PLAN_DEFERRED],
        .data = order->data,
        .script = plan[IPCX_PLAN_SCRIPT],
        .paused = plan[IPCX_PLAN_FLAGS] & IPCX_PLAN_PAUSED,
    };
    int result = 0;

    if (deferred.count > 0 || deferred.paused)
        result = ipcx_trace(pid, &deferred);
    if (result < 0) {
        reap(pid);
        close(pidfd);
        outcome[IPCX_OUTCOME_FAILED] =
            deferred.failed < 0 ? deferred.failed
                                : plan[IPCX_PLAN_STEPS] + deferred.failed;
        return result;
    }
    outcome[IPCX_OUTCOME_PID] = pid;
    outcome[IPCX_OUTCOME_OWN_PID] = order->news->own;
    outcome[IPCX_OUTCOME_PIDFD] = pidfd;
    return 0;
}

/* Ignored by whoever has started us, it would have children reaped by nobody. */
static void heed_ends(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    struct sigaction now;

    if (sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
        sigaction(SIGCHLD, &standard, NULL);
}

/* A child that shares our memory has us dumped, or not, as itself (prctl(2)): a
 * change of its credentials conceals us, too. */
static int changes_dumpable(const int32_t *step)
{
    switch ((enum ipcx_step)(step[0] & ~IPCX_STEP_TOLERATED)) {
    case IPCX_STEP_CONCEAL:
    case IPCX_STEP_UID:
    case IPCX_STEP_GID:
        return 1;
    case IPCX_STEP_JOIN:
        return step[2] & CLONE_NEWUSER;
    default:
        return 0;
    }
}

/* Another child could not write to its own files in /proc then, unless it is
 * root's. */
static int takes_turns(const int32_t *plan)
{
    for (int32_t i = 0; i < plan[IPCX_PLAN_STEPS]; i++) {
        const int32_t *step = plan + IPCX_PLAN_SLOTS + i * IPCX_STEP_WORDS;

        if (changes_dumpable(step) ||
            (step[0] & ~IPCX_STEP_TOLERATED) == IPCX_STEP_WRITE)
            return 1;
    }
    return 0;
}

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Creates the process and returns when it has become the program, or -errno of
 * the step that failed, with nothing left behind. */
static int32_t carry_out(const struct order *order, int32_t *outcome)
{
    const int dumpable = takes_turns(order->plan) ? prctl(PR_GET_DUMPABLE) : -1;
    struct news *news = order->news;
    sigset_t all, before;
    int pidfd = -1, result = 0, was_killed;
    long pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = create(order, &pidfd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        outcome[IPCX_OUTCOME_FAILED] = IPCX_FAILED_CREATE;
        return (int32_t)pid;
    }
    if (dumpable >= 0 && dumpable != prctl(PR_GET_DUMPABLE))
        prctl(PR_SET_DUMPABLE, dumpable);
    was_killed = news->failed < 0 && !news->has_come_to_exec;
    if (news->last || news->failed >= 0 || was_killed) {
        outcome[IPCX_OUTCOME_FAILED] =
            was_killed ? IPCX_FAILED_KILLED : news->failed;
        result = follow((pid_t)pid, news, &pidfd);
        pid = news->last;
        if (was_killed)
            result = -ECANCELED;
    }
    if (news->failed >= 0 || result < 0) {
        if (pid) {
            /* It runs if it was only its pidfd that could not be had. */
            kill((pid_t)pid, SIGKILL);
            reap((pid_t)pid);
        }
        if (pidfd >= 0)
            close(pidfd);
        return news->failed >= 0 ? -news->failure : result;
    }
    return finish(order, (pid_t)pid, pidfd, outcome);
}

int32_t ipcx_spawn(const int32_t *plan, const void *data, int32_t *outcome)
{
    struct news shared;
    struct order order = {.plan = plan, .data = data, .news = &shared};
    int32_t result;

    outcome[IPCX_OUTCOME_FAILED] = IPCX_FAILED_CREATE;
    result = ipcx_read_image(plan, data, &order.image);
    if (result < 0)
        return result;
    if (plan[IPCX_PLAN_FLAGS] & IPCX_PLAN_COPY) {
        order.news = mmap(NULL, sizeof(*order.news), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (order.news == MAP_FAILED) {
            result = -errno;
            goto out;
        }
    }
    *order.news = (struct news){.failed = -1};
    heed_ends();
    if (takes_turns(plan))
        pthread_mutex_lock(&one_at_a_time);
    result = carry_out(&order, outcome);
    if (takes_turns(plan))
        pthread_mutex_unlock(&one_at_a_time);
    if (order.news != &shared)
        munmap(order.news, sizeof(*order.news));
out:
    free(order.image.paths);
    return result;
}
