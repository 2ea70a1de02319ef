/*
 * Readiness: epoll(7), and a thread that wakes Deno's event loop.
 *
 * JavaScript reads the inner epoll with ipcx_epoll_wait(), which never waits.
 * Only when it has found nothing for a while does it arm the waker: a thread
 * waits on an outer epoll that watches the inner one, and writes a byte to a
 * socket that Deno polls.
 * EPOLLONESHOT keeps the thread asleep while JavaScript is busy.
 */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <pthread.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS 256

/* More than the least that any architecture takes (128 KiB on arm64). */
#define THREAD_STACK (256 * 1024)

/* Which of the events of poll(2) hold at this moment. */
int32_t ipcx_poll(int32_t fd, int32_t events)
{
    struct pollfd asked = {.fd = fd, .events = (short)events};

    if (poll(&asked, 1, 0) < 0)
        return -errno;
    return asked.revents & POLLNVAL ? -EBADF : asked.revents;
}

int32_t ipcx_epoll_create(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    return epoll < 0 ? -errno : epoll;
}

/* Adds, changes or removes a descriptor. The token, not the descriptor, comes
 * back with an event: a number may have been reused by then. */
int32_t ipcx_epoll_control(int32_t epoll, int32_t operation, int32_t fd,
                           uint32_t events, uint32_t token)
{
    struct epoll_event event = {.events = events, .data.u64 = token};

    return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

/* Writes (events, token) for each descriptor that is ready now. */
int32_t ipcx_epoll_wait(int32_t epoll, uint32_t *ready, int32_t max)
{
    struct epoll_event events[MAX_EVENTS];
    int count = epoll_wait(epoll, events, max < MAX_EVENTS ? max : MAX_EVENTS, 0);

    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    /* Whoever shares this processor may be the one to make something ready. */
    if (count == 0)
        sched_yield();
    for (int i = 0; i < count; i++) {
        ready[2 * i] = events[i].events;
        ready[2 * i + 1] = (uint32_t)events[i].data.u64;
    }
    return count;
}

/* Both descriptors in one word: nothing to allocate, nothing to free. */
static void *wake(void *argument)
{
    int outer = (int)((uintptr_t)argument >> 32);
    int bell = (int)((uintptr_t)argument & UINT32_MAX);
    struct epoll_event event;

    for (;;) {
        int count = epoll_wait(outer, &event, 1, -1);

        if (count < 0 && errno != EINTR)
            break;
        if (count == 1 && send(bell, "", 1, MSG_NOSIGNAL) < 0 &&
            errno != EINTR)
            break;
    }
    close(outer);
    close(bell);
    return NULL;
}

/* Starts the thread. ends[0] is the outer epoll, for ipcx_waker_arm(), and the
 * thread's own; ends[1] is the caller's: a socket on which a byte arrives for
 * each wake-up. The thread ends, closing its own, when a byte finds that socket
 * closed. */
int32_t ipcx_waker_start(int32_t epoll, int32_t *ends)
{
    struct epoll_event event = {.events = EPOLLONESHOT};
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    int bell[2], outer, failure;

    outer = epoll_create1(EPOLL_CLOEXEC);
    if (outer < 0)
        return -errno;
    if (epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bell) < 0) {
        failure = errno;
        close(outer);
        return -failure;
    }
    /* Signals are Deno's business, never this thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    failure = pthread_create(
        &thread, &attributes, wake,
        (void *)(((uintptr_t)outer << 32) | (uintptr_t)(uint32_t)bell[0]));
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        close(outer);
        close(bell[0]);
        close(bell[1]);
        return -failure;
    }
    ends[0] = outer;
    ends[1] = bell[1];
    return 0;
}

/* Asks for one wake-up, at once if something is ready already. */
int32_t ipcx_waker_arm(int32_t outer, int32_t epoll)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};

    return epoll_ctl(outer, EPOLL_CTL_MOD, epoll, &event) < 0 ? -errno : 0;
}
