/* One process of a runner: from its plan to what is told of it. */
#define _GNU_SOURCE
#include "runner_job.h"
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct job *job_make(int32_t id, const int32_t *plan, const void *data,
                     uint32_t size)
{
    const size_t words =
        IPCX_PLAN_SLOTS +
        IPCX_STEP_WORDS *
            ((size_t)plan[IPCX_PLAN_STEPS] + (size_t)plan[IPCX_PLAN_DEFERRED]);
    struct job *job =
        calloc(1, sizeof(*job) + words * sizeof(*plan) + 8 + size);

    if (!job)
        return NULL;
    job->id = id;
    job->fds[0] = job->fds[1] = -1;
    job->outcome[IPCX_OUTCOME_PIDFD] = -1;
    job->outcome[IPCX_OUTCOME_FAILED] = IPCX_FAILED_CREATE;
    job->plan = (int32_t *)(job + 1);
    memcpy(job->plan, plan, words * sizeof(*plan));
    /* Numbers of 8 bytes are read from it in place. */
    job->data = (uint8_t *)(((uintptr_t)(job->plan + words) + 7) & ~(uintptr_t)7);
    if (size > 0)
        memcpy(job->data, data, size);
    return job;
}

static int32_t *step_of(const struct job *job, int32_t index)
{
    return job->plan + IPCX_PLAN_SLOTS + index * IPCX_STEP_WORDS;
}

/* Whether the child puts something else at a number on its way. */
static int is_overwritten(const struct job *job, int fd)
{
    for (int32_t i = 0; i < job->plan[IPCX_PLAN_STEPS]; i++) {
        const int32_t *step = step_of(job, i);

        if (step[0] == IPCX_STEP_DUPLICATE && step[2] == fd)
            return 1;
    }
    return 0;
}

/* The plan was made when nobody knew where the pipe would be. */
static int move_away(const struct job *job, int *fd)
{
    while (is_overwritten(job, *fd)) {
        const int other = fcntl(*fd, F_DUPFD_CLOEXEC, *fd + 1);

        if (other < 0)
            /* So it says where the limit is lower than the next number. */
            return errno == EINVAL ? -EMFILE : -errno;
        close(*fd);
        *fd = other;
    }
    return 0;
}

/* Where the plan names a stream, its pipe comes in. */
static int open_stream(struct job *job, int stream, int *writer)
{
    int ends[2], result;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    job->fds[stream] = ends[0];
    *writer = ends[1];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    result = move_away(job, writer);
    for (int32_t i = 0; i < job->plan[IPCX_PLAN_STEPS]; i++) {
        int32_t *step = step_of(job, i);

        if (step[0] == IPCX_STEP_DUPLICATE &&
            step[1] == IPCX_RUN_STREAMS + stream)
            step[1] = *writer;
    }
    return result;
}

static void close_stream(struct job *job, int stream)
{
    if (job->fds[stream] >= 0)
        close(job->fds[stream]);
    job->fds[stream] = -1;
}

int job_start(struct job *job)
{
    int writers[JOB_STREAMS] = {-1, -1};
    int result = 0;

    for (int i = 0; i < JOB_STREAMS && result == 0; i++)
        result = open_stream(job, i, &writers[i]);
    if (result == 0)
        result = ipcx_spawn(job->plan, job->data, job->outcome);
    for (int i = 0; i < JOB_STREAMS; i++) {
        if (writers[i] >= 0)
            close(writers[i]);
        if (result < 0)
            close_stream(job, i);
    }
    job->result = result;
    return result;
}

static int watch_one(struct job *job, int epoll, int fd, int source)
{
    struct epoll_event event = {.events = EPOLLIN,
                                .data.ptr = &job->sources[source]};

    job->sources[source] = (struct source){.job = job, .stream = source};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int job_watch(struct job *job, int epoll)
{
    int result = 0;

    for (int i = 0; i < JOB_STREAMS && result == 0; i++)
        result = watch_one(job, epoll, job->fds[i], i);
    return result < 0 ? result
                      : watch_one(job, epoll, job->outcome[IPCX_OUTCOME_PIDFD],
                                  JOB_STREAMS);
}

/* A child that is just being started may hold a copy that keeps events coming
 * after close(2). */
static void unwatch_one(int epoll, int fd)
{
    if (fd >= 0)
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

void job_unwatch(const struct job *job, int epoll)
{
    for (int i = 0; i < JOB_STREAMS; i++)
        unwatch_one(epoll, job->fds[i]);
    unwatch_one(epoll, job->outcome[IPCX_OUTCOME_PIDFD]);
}

enum stream_state { QUIET, MORE, FULL };

static enum stream_state read_stream(struct job *job, int stream, int epoll)
{
    const uint32_t room = IPCX_RUN_BYTES - job->lengths[stream];
    ssize_t count;

    if (job->fds[stream] < 0)
        return QUIET;
    if (!job->bytes[stream])
        job->bytes[stream] = malloc(IPCX_RUN_BYTES);
    if (!job->bytes[stream] || room == 0)
        return FULL;
    count = read(job->fds[stream], job->bytes[stream] + job->lengths[stream],
                 room);
    if (count > 0) {
        job->lengths[stream] += (uint32_t)count;
        return count == room ? FULL : MORE;
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        unwatch_one(epoll, job->fds[stream]);
        close_stream(job, stream);
    }
    return QUIET;
}

int job_heed(struct job *job, const struct source *source, int epoll)
{
    int32_t *pidfd = &job->outcome[IPCX_OUTCOME_PIDFD];
    int32_t result;

    if (source->stream < JOB_STREAMS)
        return read_stream(job, source->stream, epoll) == FULL;
    result = ipcx_wait(*pidfd, job->ended);
    if (result == 0)
        return 0;
    /* If it is nobody's to wait for, that is not for this thread to explain. */
    job->has_ended = result > 0;
    for (int i = 0; i < JOB_STREAMS; i++)
        while (read_stream(job, i, epoll) == MORE)
            ;
    if (job->has_ended) {
        unwatch_one(epoll, *pidfd);
        close(*pidfd);
        *pidfd = -1;
    }
    return 1;
}

void job_tell(struct job *job, int32_t *slots, int64_t *ended, uint8_t *bytes)
{
    slots[IPCX_RUN_ID] = job->id;
    slots[IPCX_RUN_RESULT] = job->result;
    slots[IPCX_RUN_HAS_ENDED] = job->has_ended;
    memcpy(slots + IPCX_RUN_OUTCOME, job->outcome, sizeof(job->outcome));
    memcpy(ended, job->ended, sizeof(job->ended));
    for (int i = 0; i < JOB_STREAMS; i++) {
        slots[IPCX_RUN_FDS + i] = job->fds[i];
        slots[IPCX_RUN_LENGTHS + i] = (int32_t)job->lengths[i];
        if (job->lengths[i] > 0)
            memcpy(bytes + i * IPCX_RUN_BYTES, job->bytes[i], job->lengths[i]);
        free(job->bytes[i]);
    }
    free(job);
}
