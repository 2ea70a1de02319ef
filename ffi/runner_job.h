/* One process of a runner: from its plan to what is told of it. */
#ifndef IPCX_RUNNER_JOB_H
#define IPCX_RUNNER_JOB_H

#include "ipcx.h"

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

enum { JOB_STREAMS = 2 };

struct job;

/* What an event is about: a stream by its number, or the process itself. */
struct source {
    struct job *job;
    int stream;
};

struct job {
    struct job *next, *before; /* in a queue, or among those that run */
    int64_t deadline;          /* when it is handed over, in nanoseconds */
    struct source sources[JOB_STREAMS + 1];
    int fds[JOB_STREAMS]; /* to read from, or -1 */
    uint8_t *bytes[JOB_STREAMS];
    uint32_t lengths[JOB_STREAMS];
    int32_t result;
    int32_t outcome[IPCX_OUTCOME_SLOTS];
    int64_t ended[IPCX_ENDED_SLOTS];
    int has_ended;
    int32_t id;
    int32_t *plan;
    uint8_t *data;
};

/* Copies a plan. NULL if there is no memory for it. */
struct job *job_make(int32_t id, const int32_t *plan, const void *data,
                     uint32_t size);

/* Creates the process, with a pipe for each stream that the plan names. Returns
 * 0, or -errno with nothing left of it. */
int job_start(struct job *job);

/* Has an epoll tell of it, by its sources. Returns 0 or -errno. */
int job_watch(struct job *job, int epoll);
void job_unwatch(const struct job *job, int epoll);

/* Does what an event of its asks for. Returns whether it is done with here. */
int job_heed(struct job *job, const struct source *source, int epoll);

/* Writes what ipcx_runner_collect() tells, and forgets it: its descriptors are
 * the caller's from then on. */
void job_tell(struct job *job, int32_t *slots, int64_t *ended, uint8_t *bytes);

#pragma GCC visibility pop

#endif
