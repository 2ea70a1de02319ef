/* Jobs in a row, and how they pass from one thread to another. */
#ifndef IPCX_RUNNER_QUEUE_H
#define IPCX_RUNNER_QUEUE_H

#include "runner_job.h"

#include <pthread.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

struct job_list {
    struct job *first, *last;
};

void job_list_append(struct job_list *list, struct job *job);
void job_list_take_out(struct job_list *list, struct job *job);

/* What one thread gives and another one takes. */
struct job_queue {
    pthread_mutex_t mutex;
    struct job_list list;
    int bell; /* an eventfd, readable as long as there is something to take */
};

/* Returns 0 or -errno; it may be closed even then. */
int job_queue_open(struct job_queue *queue);
void job_queue_close(struct job_queue *queue);

void job_queue_give(struct job_queue *queue, struct job *job);

/* NULL if there is none. */
struct job *job_queue_take(struct job_queue *queue);

#pragma GCC visibility pop

#endif
