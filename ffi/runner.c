/*
 * A thread that starts processes and waits for the short-lived ones.
 *
 * Whoever creates a process waits until it has become its program (vfork(2)):
 * here that is nobody else. A process that ends within its time is told of once,
 * with all that it has printed; any other one is handed over as it is then. The
 * thread never ends, as a death signal is sent when the thread does that has
 * created the process.
 */
#define _GNU_SOURCE
#include "ipcx.h"
#include "runner_queue.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { THREAD_STACK = 256 * 1024, MAX_EVENTS = 64 };

struct ipcx_runner {
    struct job_queue asked, told;
    struct job_list running; /* the thread's own, who began first in front */
    struct source asking;    /* an event that is about no job */
    int epoll;
    int64_t patience;
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void finish(struct ipcx_runner *runner, struct job *job)
{
    job_list_take_out(&runner->running, job);
    job_unwatch(job, runner->epoll);
    job_queue_give(&runner->told, job);
}

static void start(struct ipcx_runner *runner, struct job *job)
{
    if (job_start(job) < 0) {
        job_queue_give(&runner->told, job);
        return;
    }
    job->deadline = now() + runner->patience;
    job_list_append(&runner->running, job);
    /* What cannot be watched here is at once somebody else's to watch. */
    if (job_watch(job, runner->epoll) < 0)
        finish(runner, job);
}

/* A job that was told of is another thread's: what else there is of it is looked
 * at in the next round, if it is still here then. */
static void forget(struct epoll_event *events, int count, const struct job *job)
{
    for (int i = 0; i < count; i++) {
        const struct source *source = events[i].data.ptr;

        if (source && source->job == job)
            events[i].data.ptr = NULL;
    }
}

/* How long nothing has to be done, in milliseconds; -1 for ever. */
static int time_left(const struct ipcx_runner *runner)
{
    int64_t left;

    if (!runner->running.first)
        return -1;
    left = runner->running.first->deadline - now();
    return left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

static void *run(void *argument)
{
    struct ipcx_runner *runner = argument;
    struct epoll_event events[MAX_EVENTS];

    for (;;) {
        int count = epoll_wait(runner->epoll, events, MAX_EVENTS,
                               time_left(runner));
        int is_asked = 0;
        int64_t time;

        for (int i = 0; i < count; i++) {
            struct source *source = events[i].data.ptr;

            if (!source)
                continue;
            is_asked = is_asked || !source->job;
            if (!source->job)
                continue;
            forget(events + i + 1, count - i - 1, source->job);
            if (job_heed(source->job, source, runner->epoll))
                finish(runner, source->job);
        }
        time = now();
        while (runner->running.first && runner->running.first->deadline <= time)
            finish(runner, runner->running.first);
        /* One at a time: others may have ended meanwhile. */
        if (is_asked) {
            struct job *job = job_queue_take(&runner->asked);

            if (job)
                start(runner, job);
        }
    }
    return NULL;
}

static int start_thread(struct ipcx_runner *runner)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    int failure;

    /* Signals are the caller's business, never this thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    failure = pthread_create(&thread, &attributes, run, runner);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -failure;
}

static int open_epoll(struct ipcx_runner *runner)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &runner->asking};
    int failure;

    runner->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (runner->epoll < 0)
        return -errno;
    if (epoll_ctl(runner->epoll, EPOLL_CTL_ADD, runner->asked.bell, &event) == 0)
        return 0;
    failure = errno;
    close(runner->epoll);
    return -failure;
}

/* Starts the thread, which takes the runner along as long as the process lives. A
 * process is handed over after so many microseconds. handle is for the other
 * functions; done is the caller's, to be kept open, and readable as long as there
 * is something to collect. */
int32_t ipcx_runner_start(int32_t patience, uint64_t *handle, int32_t *done)
{
    struct ipcx_runner *runner = calloc(1, sizeof(*runner));
    int32_t result, told;

    if (!runner)
        return -ENOMEM;
    runner->patience = patience * INT64_C(1000);
    result = job_queue_open(&runner->asked);
    told = job_queue_open(&runner->told);
    if (result == 0)
        result = told;
    if (result == 0)
        result = open_epoll(runner);
    if (result == 0) {
        result = start_thread(runner);
        if (result == 0) {
            *handle = (uint64_t)(uintptr_t)runner;
            *done = runner->told.bell;
            return 0;
        }
        close(runner->epoll);
    }
    job_queue_close(&runner->asked);
    job_queue_close(&runner->told);
    free(runner);
    return result;
}

/* Has a process started by a plan, of which a copy is made; its descriptors stay
 * open until it is collected. Where DUPLICATE names IPCX_RUN_STREAMS, or one more,
 * the child gets a pipe that is read from here. */
int32_t ipcx_runner_submit(struct ipcx_runner *runner, int32_t id,
                           const int32_t *plan, const void *data, uint32_t size)
{
    struct job *job = job_make(id, plan, data, size);

    if (!job)
        return -ENOMEM;
    job_queue_give(&runner->asked, job);
    return 0;
}

/* Tells of one process: slots are enum ipcx_run, ended as ipcx_wait() fills it if
 * the process has ended, bytes what it has printed, IPCX_RUN_BYTES for each
 * stream. Descriptors are the caller's from then on. Returns 1, or 0 if there is
 * none to tell of. */
int32_t ipcx_runner_collect(struct ipcx_runner *runner, int32_t *slots,
                            int64_t *ended, void *bytes)
{
    struct job *job = job_queue_take(&runner->told);

    if (!job)
        return 0;
    job_tell(job, slots, ended, bytes);
    return 1;
}

/* Waits until there is something to collect, for so many microseconds at most.
 * Returns 1, or 0 if there is not. */
int32_t ipcx_runner_await(struct ipcx_runner *runner, int32_t microseconds)
{
    struct pollfd done = {.fd = runner->told.bell, .events = POLLIN};
    const struct timespec time = {.tv_sec = microseconds / 1000000,
                                  .tv_nsec = microseconds % 1000000 * 1000L};
    int count = ppoll(&done, 1, &time, NULL);

    return count < 0 && errno != EINTR ? -errno : count > 0;
}
