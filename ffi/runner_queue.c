/* Jobs in a row, and how they pass from one thread to another. */
#define _GNU_SOURCE
#include "runner_queue.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

void job_list_append(struct job_list *list, struct job *job)
{
    job->next = NULL;
    job->before = list->last;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

void job_list_take_out(struct job_list *list, struct job *job)
{
    if (job->before)
        job->before->next = job->next;
    else
        list->first = job->next;
    if (job->next)
        job->next->before = job->before;
    else
        list->last = job->before;
}

int job_queue_open(struct job_queue *queue)
{
    pthread_mutex_init(&queue->mutex, NULL);
    queue->list = (struct job_list){NULL, NULL};
    queue->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return queue->bell < 0 ? -errno : 0;
}

void job_queue_close(struct job_queue *queue)
{
    if (queue->bell >= 0)
        close(queue->bell);
    pthread_mutex_destroy(&queue->mutex);
}

static void ring(int bell)
{
    const uint64_t one = 1;

    /* It fails only if it rings already. */
    if (write(bell, &one, sizeof(one)) < 0)
        return;
}

static void silence(int bell)
{
    uint64_t rung;

    /* It fails only if it does not ring. */
    if (read(bell, &rung, sizeof(rung)) < 0)
        return;
}

void job_queue_give(struct job_queue *queue, struct job *job)
{
    int was_empty;

    pthread_mutex_lock(&queue->mutex);
    was_empty = !queue->list.first;
    job_list_append(&queue->list, job);
    pthread_mutex_unlock(&queue->mutex);
    /* Whoever was woken would wait for the lock. */
    if (was_empty)
        ring(queue->bell);
}

struct job *job_queue_take(struct job_queue *queue)
{
    struct job *job;

    pthread_mutex_lock(&queue->mutex);
    job = queue->list.first;
    if (job)
        job_list_take_out(&queue->list, job);
    /* Under the lock: the next one who gives rings after that. */
    if (!queue->list.first)
        silence(queue->bell);
    pthread_mutex_unlock(&queue->mutex);
    return job;
}
