/* The thread that rings a bell when an epoll has something. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 10000

/* An inner epoll with one event, and a waker on it. */
static int32_t inner, event, outer, bell;

static void start(void)
{
    int32_t ends[2];

    inner = ipcx_epoll_create();
    event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK_IS(ipcx_epoll_control(inner, EPOLL_CTL_ADD, event, EPOLLIN, 1), 0);
    CHECK_IS(ipcx_waker_start(inner, ends), 0);
    outer = ends[0];
    bell = ends[1];
}

static void stop(void)
{
    ipcx_close(event);
    ipcx_close(inner);
}

static void make_ready(void)
{
    CHECK_IS(eventfd_write(event, 1), 0);
}

static void make_unready(void)
{
    eventfd_t value;

    CHECK_IS(eventfd_read(event, &value), 0);
}

static bool comes(int events)
{
    /* POLLHUP comes unasked, and POLLIN with every end of file. */
    struct pollfd poller = {.fd = bell, .events = (short)(events & POLLIN)};

    return poll(&poller, 1, PATIENCE_MS) == 1 && poller.revents & events;
}

/* What the thread would see, were it to look now: nothing, unless armed. */
static void check_not_armed(void)
{
    uint32_t ready[2];

    CHECK_IS(ipcx_epoll_wait(outer, ready, 1), 0);
}

/* Waits for the next byte and takes that one. */
static void check_rings(void)
{
    char byte = 1;

    CHECK(comes(POLLIN));
    CHECK_IS(read(bell, &byte, 1), 1);
    CHECK_IS(byte, 0);
}

/* Ends the thread, and shows that it has rung no more often than was seen: what
 * it sent before is still to be read after it is gone, and nothing is. */
static void check_no_more_rings(void)
{
    CHECK_IS(ipcx_shutdown(bell, SHUT_RD), 0);
    CHECK_IS(ipcx_waker_arm(outer, inner), 0);
    CHECK(comes(POLLHUP));
    CHECK_IS(read(bell, &(char){0}, 1), 0);
    ipcx_close(bell);
    stop();
}

static void the_bell_rings_once_for_each_arming(void)
{
    start();
    CHECK_IS(ipcx_is_close_on_exec(outer), 1);
    CHECK_IS(ipcx_is_close_on_exec(bell), 1);
    /* Armed before it is ready, and the other way round. */
    CHECK_IS(ipcx_waker_arm(outer, inner), 0);
    make_ready();
    check_rings();
    for (int i = 0; i < 100; i++) {
        CHECK_IS(ipcx_waker_arm(outer, inner), 0);
        check_rings();
        make_ready();
        make_unready();
        make_ready();
        check_not_armed();
    }
    check_no_more_rings();
}

static void the_bell_does_not_ring_unless_armed(void)
{
    start();
    for (int i = 0; i < 100; i++) {
        make_ready();
        make_unready();
    }
    make_ready();
    check_not_armed();
    check_no_more_rings();
}

static void the_bell_does_not_ring_when_nothing_is_ready(void)
{
    start();
    for (int i = 0; i < 100; i++)
        CHECK_IS(ipcx_waker_arm(outer, inner), 0);
    make_ready();
    check_rings();
    check_no_more_rings();
}

/* That both of the thread's are closed is seen by run(), which waits for it. */
static void the_thread_ends_when_the_bell_is_closed(void)
{
    start();
    make_ready();
    ipcx_close(bell);
    CHECK_IS(ipcx_waker_arm(outer, inner), 0);
    while (is_open(outer))
        poll(NULL, 0, 1);
    CHECK_IS(ipcx_waker_arm(outer, inner), -EBADF);
    stop();
}

static void the_thread_takes_no_signals(void)
{
    sigset_t blocked, before, after, pending;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK_IS(pthread_sigmask(SIG_SETMASK, &blocked, NULL), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    start();
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int number = 1; number < NSIG; number++)
        CHECK_IS(sigismember(&after, number), sigismember(&before, number));
    /* Its default action would be the end of the process. */
    CHECK_IS(kill(getpid(), SIGUSR1), 0);
    CHECK_IS(ipcx_waker_arm(outer, inner), 0);
    make_ready();
    check_rings();
    CHECK_IS(sigpending(&pending), 0);
    CHECK_IS(sigismember(&pending, SIGUSR1), 1);
    check_no_more_rings();
}

static void what_cannot_be_watched_gets_no_waker(void)
{
    int32_t ends[2] = {-7, -7}, epoll = ipcx_epoll_create(), other;

    CHECK_IS(ipcx_waker_start(-1, ends), -EBADF);
    other = ipcx_epoll_create();
    CHECK_IS(ipcx_waker_arm(epoll, other), -ENOENT);
    CHECK_IS(ipcx_waker_arm(-1, other), -EBADF);
    ipcx_close(other);
    /* One for the outer epoll, two for the bell. */
    for (int room = 2; room >= 0; room--) {
        leave_room_for(room);
        CHECK_IS(ipcx_waker_start(epoll, ends), -EMFILE);
    }
    CHECK(ends[0] == -7 && ends[1] == -7);
    ipcx_close(epoll);
}

static void without_a_thread_there_is_no_waker(void)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    int32_t ends[2], epoll = ipcx_epoll_create();

    /* The limit does not hold for root. */
    if (become_nobody()) {
        CHECK_IS(setrlimit(RLIMIT_NPROC, &none), 0);
        CHECK_IS(ipcx_waker_start(epoll, ends), -EAGAIN);
    }
    ipcx_close(epoll);
}

void test_waker(void)
{
    RUN(the_bell_rings_once_for_each_arming);
    RUN(the_bell_does_not_ring_unless_armed);
    RUN(the_bell_does_not_ring_when_nothing_is_ready);
    RUN(the_thread_ends_when_the_bell_is_closed);
    RUN_IN_CHILD(the_thread_takes_no_signals);
    RUN_IN_CHILD(what_cannot_be_watched_gets_no_waker);
    RUN_IN_CHILD(without_a_thread_there_is_no_waker);
}
