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
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { STREAMS = 2, THREAD_STACK = 256 * 1024, MAX_EVENTS = 64 };

struct job;

/* What an event is about: a stream by its number, or the process itself. */
struct source {
    struct job *job;
    int stream;
};

struct job {
    struct job *next, *before; /* in a queue, or among those that run */
    int64_t deadline;          /* when it is handed over, in nanoseconds */
    struct source sources[STREAMS + 1];
    int fds[STREAMS]; /* to read from, or -1 */
    uint8_t *bytes[STREAMS];
    uint32_t lengths[STREAMS];
    int32_t result;
    int32_t outcome[IPCX_OUTCOME_SLOTS];
    int64_t ended[IPCX_ENDED_SLOTS];
    int has_ended;
    int32_t id;
    int32_t *plan;
    uint8_t *data;
};

struct queue {
    struct job *first, *last;
};

struct runner {
    pthread_mutex_t mutex; /* of both queues */
    struct queue asked, told;
    struct queue running; /* the thread's own */
    int epoll, bell, done;
    int64_t patience;
};

static void append(struct queue *queue, struct job *job)
{
    job->next = NULL;
    job->before = queue->last;
    if (queue->last)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
}

static void take_out(struct queue *queue, struct job *job)
{
    if (job->before)
        job->before->next = job->next;
    else
        queue->first = job->next;
    if (job->next)
        job->next->before = job->before;
    else
        queue->last = job->before;
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void discard(struct job *job)
{
    for (int i = 0; i < STREAMS; i++)
        free(job->bytes[i]);
    free(job);
}

static void ring(int bell)
{
    const uint64_t one = 1;

    /* It fails only if it rings already. */
    if (write(bell, &one, sizeof(one)) < 0)
        return;
}

static void tell(struct runner *runner, struct job *job)
{
    int was_empty;

    pthread_mutex_lock(&runner->mutex);
    was_empty = !runner->told.first;
    append(&runner->told, job);
    pthread_mutex_unlock(&runner->mutex);
    if (was_empty)
        ring(runner->done);
}

static void close_stream(struct job *job, int stream)
{
    if (job->fds[stream] >= 0)
        close(job->fds[stream]);
    job->fds[stream] = -1;
}

/* Where the plan names a stream, its pipe comes in. */
static int open_streams(struct job *job, int *writers)
{
    int32_t *step = job->plan + IPCX_PLAN_SLOTS;
    const int32_t steps = job->plan[IPCX_PLAN_STEPS];

    for (int i = 0; i < STREAMS; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
            return -errno;
        job->fds[i] = ends[0];
        writers[i] = ends[1];
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
            return -errno;
        for (int32_t at = 0; at < steps; at++) {
            int32_t *words = step + at * IPCX_STEP_WORDS;

            if (words[0] == IPCX_STEP_DUPLICATE &&
                words[1] == IPCX_RUN_STREAMS + i)
                words[1] = ends[1];
        }
    }
    return 0;
}

static int watch(struct runner *runner, struct job *job, int fd, int source)
{
    struct epoll_event event = {.events = EPOLLIN,
                                .data.ptr = &job->sources[source]};

    job->sources[source] = (struct source){.job = job, .stream = source};
    return epoll_ctl(runner->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void unwatch(struct runner *runner, struct job *job)
{
    /* A child that is just being started may hold a copy that keeps events
     * coming after close(2). */
    for (int i = 0; i < STREAMS; i++)
        if (job->fds[i] >= 0)
            epoll_ctl(runner->epoll, EPOLL_CTL_DEL, job->fds[i], NULL);
    if (job->outcome[IPCX_OUTCOME_PIDFD] >= 0)
        epoll_ctl(runner->epoll, EPOLL_CTL_DEL,
                  job->outcome[IPCX_OUTCOME_PIDFD], NULL);
}

static void finish(struct runner *runner, struct job *job)
{
    int32_t *pidfd = &job->outcome[IPCX_OUTCOME_PIDFD];

    take_out(&runner->running, job);
    unwatch(runner, job);
    if (job->has_ended) {
        close(*pidfd);
        *pidfd = -1;
    }
    tell(runner, job);
}

/* Returns whether there may be more at once. */
static int read_stream(struct runner *runner, struct job *job, int stream)
{
    const uint32_t room = IPCX_RUN_BYTES - job->lengths[stream];
    ssize_t count;

    if (job->fds[stream] < 0 || room == 0)
        return 0;
    if (!job->bytes[stream])
        job->bytes[stream] = malloc(IPCX_RUN_BYTES);
    if (!job->bytes[stream])
        return 0;
    count = read(job->fds[stream], job->bytes[stream] + job->lengths[stream], room);
    if (count > 0) {
        job->lengths[stream] += (uint32_t)count;
        return 1;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    epoll_ctl(runner->epoll, EPOLL_CTL_DEL, job->fds[stream], NULL);
    close_stream(job, stream);
    return 0;
}

static void start(struct runner *runner, struct job *job)
{
    int writers[STREAMS] = {-1, -1};
    int result = open_streams(job, writers);

    job->outcome[IPCX_OUTCOME_PIDFD] = -1;
    job->outcome[IPCX_OUTCOME_FAILED] = IPCX_FAILED_CREATE;
    if (result == 0)
        result = ipcx_spawn(job->plan, job->data, job->outcome);
    for (int i = 0; i < STREAMS; i++)
        if (writers[i] >= 0)
            close(writers[i]);
    job->result = result;
    if (result < 0) {
        for (int i = 0; i < STREAMS; i++)
            close_stream(job, i);
        tell(runner, job);
        return;
    }
    job->deadline = now() + runner->patience;
    append(&runner->running, job);
    for (int i = 0; i < STREAMS && result == 0; i++)
        result = watch(runner, job, job->fds[i], i);
    if (result == 0)
        result = watch(runner, job, job->outcome[IPCX_OUTCOME_PIDFD], STREAMS);
    /* What cannot be watched here is at once somebody else's to watch. */
    if (result < 0)
        finish(runner, job);
}

static void heed(struct runner *runner, struct source *source)
{
    struct job *job = source->job;
    int32_t result;

    if (source->stream < STREAMS) {
        read_stream(runner, job, source->stream);
        if (job->lengths[source->stream] == IPCX_RUN_BYTES)
            finish(runner, job);
        return;
    }
    result = ipcx_wait(job->outcome[IPCX_OUTCOME_PIDFD], job->ended);
    if (result == 0)
        return;
    /* If it is nobody's to wait for, that is not for this thread to explain. */
    job->has_ended = result > 0;
    for (int i = 0; i < STREAMS; i++)
        while (read_stream(runner, job, i))
            ;
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

static struct job *next_asked(struct runner *runner)
{
    struct job *job;

    pthread_mutex_lock(&runner->mutex);
    job = runner->asked.first;
    if (job)
        take_out(&runner->asked, job);
    pthread_mutex_unlock(&runner->mutex);
    return job;
}

/* How long nothing has to be done, in milliseconds; -1 for ever. */
static int time_left(const struct runner *runner)
{
    int64_t left;

    if (!runner->running.first)
        return -1;
    left = runner->running.first->deadline - now();
    return left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

static void *run(void *argument)
{
    struct runner *runner = argument;
    struct epoll_event events[MAX_EVENTS];
    uint64_t rung;
    int is_asked = 0;

    for (;;) {
        int count = epoll_wait(runner->epoll, events, MAX_EVENTS,
                               is_asked ? 0 : time_left(runner));
        struct job *job;
        int64_t time;

        for (int i = 0; i < count; i++) {
            struct source *source = events[i].data.ptr;

            if (!source) {
                is_asked = read(runner->bell, &rung, sizeof(rung)) >= 0 ||
                           is_asked;
                continue;
            }
            forget(events + i + 1, count - i - 1, source->job);
            heed(runner, source);
        }
        time = now();
        while (runner->running.first && runner->running.first->deadline <= time)
            finish(runner, runner->running.first);
        /* One at a time: others may have ended meanwhile. */
        job = is_asked ? next_asked(runner) : NULL;
        is_asked = job != NULL;
        if (job)
            start(runner, job);
    }
    return NULL;
}

static int start_thread(struct runner *runner)
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

/* Starts the thread. A process is handed over after so many microseconds. handle
 * is for the other functions; done is the caller's, readable when there is
 * something to collect. */
int32_t ipcx_runner_start(int32_t patience, uint64_t *handle, int32_t *done)
{
    struct runner *runner = calloc(1, sizeof(*runner));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int32_t result;

    if (!runner)
        return -ENOMEM;
    pthread_mutex_init(&runner->mutex, NULL);
    runner->patience = patience * INT64_C(1000);
    runner->epoll = epoll_create1(EPOLL_CLOEXEC);
    runner->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    runner->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (runner->epoll < 0 || runner->bell < 0 || runner->done < 0 ||
        epoll_ctl(runner->epoll, EPOLL_CTL_ADD, runner->bell, &event) < 0)
        result = -errno;
    else
        result = start_thread(runner);
    if (result == 0) {
        *handle = (uint64_t)(uintptr_t)runner;
        *done = runner->done;
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        const int fd = (const int[]){runner->epoll, runner->bell,
                                     runner->done}[i];

        if (fd >= 0)
            close(fd);
    }
    free(runner);
    return result;
}

/* Has a process started by a plan, of which a copy is made; its descriptors stay
 * open until it is collected. Where DUPLICATE names IPCX_RUN_STREAMS, or one more,
 * the child gets a pipe that is read from here. */
int32_t ipcx_runner_submit(void *handle, int32_t id, const int32_t *plan,
                           const void *data, uint32_t size)
{
    struct runner *runner = handle;
    const size_t words =
        IPCX_PLAN_SLOTS +
        IPCX_STEP_WORDS * (size_t)(plan[IPCX_PLAN_STEPS] + plan[IPCX_PLAN_DEFERRED]);
    struct job *job =
        calloc(1, sizeof(*job) + words * sizeof(*plan) + 8 + size);
    int was_empty;

    if (!job)
        return -ENOMEM;
    job->id = id;
    job->fds[0] = job->fds[1] = -1;
    job->plan = (int32_t *)(job + 1);
    memcpy(job->plan, plan, words * sizeof(*plan));
    /* Numbers of 8 bytes are read from it in place. */
    job->data = (uint8_t *)(((uintptr_t)(job->plan + words) + 7) & ~(uintptr_t)7);
    memcpy(job->data, data, size);
    pthread_mutex_lock(&runner->mutex);
    was_empty = !runner->asked.first;
    append(&runner->asked, job);
    pthread_mutex_unlock(&runner->mutex);
    if (was_empty)
        ring(runner->bell);
    return 0;
}

/* Tells of one process: slots are enum ipcx_run, ended as ipcx_wait() fills it if
 * the process has ended, bytes what it has printed, IPCX_RUN_BYTES for each
 * stream. Descriptors are the caller's from then on. Returns 1, or 0 if there is
 * none to tell of. */
int32_t ipcx_runner_collect(void *handle, int32_t *slots, int64_t *ended,
                            void *bytes)
{
    struct runner *runner = handle;
    struct job *job;

    pthread_mutex_lock(&runner->mutex);
    job = runner->told.first;
    if (job)
        take_out(&runner->told, job);
    pthread_mutex_unlock(&runner->mutex);
    if (!job)
        return 0;
    slots[IPCX_RUN_ID] = job->id;
    slots[IPCX_RUN_RESULT] = job->result;
    slots[IPCX_RUN_HAS_ENDED] = job->has_ended;
    memcpy(slots + IPCX_RUN_OUTCOME, job->outcome, sizeof(job->outcome));
    memcpy(ended, job->ended, sizeof(job->ended));
    for (int i = 0; i < STREAMS; i++) {
        slots[IPCX_RUN_FDS + i] = job->fds[i];
        slots[IPCX_RUN_LENGTHS + i] = (int32_t)job->lengths[i];
        if (job->lengths[i] > 0)
            memcpy((uint8_t *)bytes + i * IPCX_RUN_BYTES, job->bytes[i],
                   job->lengths[i]);
    }
    discard(job);
    return 1;
}

/* Waits until there is something to collect, for so many microseconds at most.
 * Returns 1, or 0 if there is not. */
int32_t ipcx_runner_await(void *handle, int32_t microseconds)
{
    const struct runner *runner = handle;
    struct pollfd done = {.fd = runner->done, .events = POLLIN};
    const struct timespec time = {.tv_nsec = microseconds * 1000L};
    int count = ppoll(&done, 1, &time, NULL);

    return count < 0 && errno != EINTR ? -errno : count > 0;
}
