/*
 * What spawn() does, in plain C: clone as vfork(2) does, setns, execve, a pidfd,
 * waitid with the resource usage. One process is waited for there, several in an epoll.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IN_FLIGHT_MAX 64
#define STACK_SIZE (64 * 1024)
#define MEBIBYTE (1024ul * 1024ul)

struct options {
    const char *net; /* NULL for our own network namespace */
    unsigned in_flight, warmup, count;
    size_t ballast;
    char **command;
};

struct process {
    int pidfd;
    uint64_t started_ns;
};

struct order {
    int net;
    char **command;
    volatile int failure;
};

static void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

static int
become(void *argument)
{
    struct order *order = argument;
    const struct sigaction standard = { .sa_handler = SIG_DFL };
    sigset_t none;

    sigemptyset(&none);
    if ((order->net < 0 || setns(order->net, CLONE_NEWNET) == 0)
        && close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0
        && sigaction(SIGPIPE, &standard, NULL) == 0
        && sigprocmask(SIG_SETMASK, &none, NULL) == 0) {
        execve(order->command[0], order->command, environ);
    }
    order->failure = errno;
    _exit(127);
}

static struct process
start(const struct options *options)
{
    static char stack[STACK_SIZE] __attribute__((aligned(16)));
    struct process process = { .started_ns = now_ns() };
    struct order order = { .net = -1, .command = options->command };
    sigset_t all, before;

    if (options->net) {
        order.net = open(options->net, O_RDONLY | O_CLOEXEC);
        if (order.net < 0) {
            fail(options->net);
        }
    }
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    int pid = clone(become, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                    &order, &process.pidfd);

    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        fail("clone");
    }
    if (order.net >= 0) {
        close(order.net);
    }
    if (order.failure) {
        errno = order.failure;
        fail(options->command[0]);
    }
    return process;
}

/* Returns how long it took since the start. */
static uint64_t
end(const struct process *process)
{
    siginfo_t info = { 0 };
    struct rusage usage;

    while (syscall(SYS_waitid, P_PIDFD, process->pidfd, &info, WEXITED, &usage) < 0) {
        if (errno != EINTR) {
            fail("waitid");
        }
    }
    if (info.si_code != CLD_EXITED || info.si_status != 0) {
        fputs("the program failed\n", stderr);
        exit(1);
    }
    close(process->pidfd);
    return now_ns() - process->started_ns;
}

static void
watch(int epoll, struct process *process)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = process };

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, process->pidfd, &event) < 0) {
        fail("epoll_ctl");
    }
}

static void
run_several(const struct options *options, int epoll, unsigned count,
            uint64_t *latencies_ns)
{
    struct process processes[IN_FLIGHT_MAX];
    struct epoll_event events[IN_FLIGHT_MAX];
    unsigned started = 0, ended = 0;

    for (; started < options->in_flight && started < count; started++) {
        processes[started] = start(options);
        watch(epoll, &processes[started]);
    }
    while (ended < count) {
        int ready = epoll_wait(epoll, events, IN_FLIGHT_MAX, -1);

        for (int i = 0; i < ready; i++) {
            struct process *process = events[i].data.ptr;

            epoll_ctl(epoll, EPOLL_CTL_DEL, process->pidfd, NULL);
            latencies_ns[ended++] = end(process);
            if (started++ < count) {
                *process = start(options);
                watch(epoll, process);
            }
        }
    }
}

static void
run(const struct options *options, int epoll, unsigned count,
    uint64_t *latencies_ns)
{
    if (options->in_flight > 1) {
        run_several(options, epoll, count, latencies_ns);
    }
    for (unsigned i = 0; options->in_flight == 1 && i < count; i++) {
        struct process process = start(options);

        latencies_ns[i] = end(&process);
    }
}

static int
by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}

static struct options
parse(int argc, char **argv)
{
    static const struct option known[] = {
        { "net", required_argument, NULL, 'n' },
        { "in-flight", required_argument, NULL, 'f' },
        { "warmup", required_argument, NULL, 'w' },
        { "count", required_argument, NULL, 'c' },
        { "ballast", required_argument, NULL, 'b' },
        { 0 },
    };
    struct options options = { .in_flight = 1, .count = 1 };
    int letter;

    while ((letter = getopt_long(argc, argv, "+", known, NULL)) != -1) {
        switch (letter) {
        case 'n': options.net = optarg; break;
        case 'f': options.in_flight = (unsigned) atoi(optarg); break;
        case 'w': options.warmup = (unsigned) atoi(optarg); break;
        case 'c': options.count = (unsigned) atoi(optarg); break;
        case 'b': options.ballast = (size_t) atoi(optarg) * MEBIBYTE; break;
        default: exit(2);
        }
    }
    options.command = argv + optind;
    if (!*options.command || options.count == 0 || options.in_flight == 0
        || options.in_flight > IN_FLIGHT_MAX) {
        fputs("usage: spawn_peer [OPTION...] -- PROGRAM [ARG...]\n", stderr);
        exit(2);
    }
    return options;
}

int
main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    unsigned most = options.count > options.warmup ? options.count : options.warmup;
    uint64_t *latencies_ns = calloc(most, sizeof *latencies_ns);
    char *ballast = malloc(options.ballast + 1);
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (!latencies_ns || !ballast || epoll < 0) {
        fail("memory");
    }
    memset(ballast, 1, options.ballast);
    run(&options, epoll, options.warmup, latencies_ns);

    uint64_t started_ns = now_ns();

    run(&options, epoll, options.count, latencies_ns);
    uint64_t elapsed_ns = now_ns() - started_ns;

    qsort(latencies_ns, options.count, sizeof *latencies_ns, by_value);
    printf("{\"count\":%u,\"us_each\":%.1f,\"p50_us\":%.1f}\n", options.count,
           (double) elapsed_ns / options.count / 1000,
           (double) latencies_ns[options.count / 2] / 1000);
    return ballast[options.ballast / 2] < 0;
}
