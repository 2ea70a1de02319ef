/* epoll(7) as the shim offers it. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 300

static void tokens_of_32_bits_come_back_with_events(void)
{
    const uint32_t tokens[] = {0, 1, 0x80000000, UINT32_MAX};
    int32_t epoll = ipcx_epoll_create(), ends[2];
    uint32_t ready[4];

    CHECK_IS(ipcx_is_close_on_exec(epoll), 1);
    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 2), 0);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN, 7), 0);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 2), 0);
    CHECK_IS(write(ends[1], "x", 1), 1);
    for (int i = 0; i < 4; i++) {
        CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_MOD, ends[0],
                                    EPOLLIN | EPOLLOUT, tokens[i]),
                 0);
        CHECK_IS(ipcx_epoll_wait(epoll, ready, 2), 1);
        CHECK_IS(ready[0], EPOLLIN | EPOLLOUT);
        CHECK_IS(ready[1], tokens[i]);
    }
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_DEL, ends[0], 0, 0), 0);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 2), 0);
    close_pair(ends);
    ipcx_close(epoll);
}

static void an_edge_is_told_once(void)
{
    int32_t epoll = ipcx_epoll_create(), ends[2];
    uint32_t ready[4];

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, ends[0],
                                EPOLLIN | EPOLLET, 1),
             0);
    CHECK_IS(write(ends[1], "x", 1), 1);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 2), 1);
    CHECK_IS(ready[0], EPOLLIN);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 2), 0);
    close_pair(ends);
    ipcx_close(epoll);
}

static void the_end_of_a_peer_is_told_unasked(void)
{
    int32_t epoll = ipcx_epoll_create(), ends[2];
    uint32_t ready[2];

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, ends[0], 0, 1), 0);
    ipcx_close(ends[1]);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 1), 1);
    CHECK_IS(ready[0], EPOLLHUP);
    ipcx_close(ends[0]);
    ipcx_close(epoll);
}

static void no_more_are_told_than_there_is_room_for(void)
{
    int32_t epoll = ipcx_epoll_create(), event = eventfd(1, EFD_CLOEXEC);
    uint32_t ready[2 * MANY];
    int32_t copies[MANY];
    bool told[MANY] = {false};

    for (uint32_t i = 0; i < MANY; i++) {
        copies[i] = ipcx_duplicate(event);
        CHECK_IS(
            ipcx_epoll_control(epoll, EPOLL_CTL_ADD, copies[i], EPOLLIN, i), 0);
    }
    ready[2] = 0x55555555;
    CHECK_IS(ipcx_epoll_wait(epoll, ready, 1), 1);
    CHECK_IS(ready[2], 0x55555555);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, MANY), 256);
    /* The kernel goes round: the next call has those that are left. */
    for (int round = 0; round < 2; round++) {
        int32_t count = ipcx_epoll_wait(epoll, ready, 256);

        CHECK_IS(count, 256);
        for (int32_t i = 0; i < count; i++)
            told[ready[2 * i + 1] % MANY] = true;
    }
    for (int i = 0; i < MANY; i++)
        CHECK(told[i]);
    CHECK_IS(ipcx_close_all(copies, MANY), MANY);
    ipcx_close(event);
    ipcx_close(epoll);
}

static void what_cannot_be_watched_gives_an_error(void)
{
    int32_t epoll = ipcx_epoll_create(), ends[2];
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_MOD, ends[0], 0, 1), -ENOENT);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_DEL, ends[0], 0, 1), -ENOENT);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, ends[0], 0, 1), 0);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, ends[0], 0, 1), -EEXIST);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, file, 0, 1), -EPERM);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, epoll, 0, 1), -EINVAL);
    CHECK_IS(ipcx_epoll_control(epoll, EPOLL_CTL_ADD, -1, 0, 1), -EBADF);
    CHECK_IS(ipcx_epoll_control(epoll, 99, ends[0], 0, 1), -EINVAL);
    CHECK_IS(ipcx_epoll_control(-1, EPOLL_CTL_ADD, ends[0], 0, 1), -EBADF);
    close(file);
    close_pair(ends);
    ipcx_close(epoll);
}

static void what_cannot_be_waited_for_gives_an_error(void)
{
    int32_t epoll = ipcx_epoll_create();
    uint32_t ready[2];

    CHECK_IS(ipcx_epoll_wait(epoll, ready, 0), -EINVAL);
    CHECK_IS(ipcx_epoll_wait(epoll, ready, -1), -EINVAL);
    CHECK_IS(ipcx_epoll_wait(-1, ready, 1), -EBADF);
    CHECK_IS(ipcx_epoll_wait(0, ready, 1), -EINVAL);
    ipcx_close(epoll);
    leave_room_for(0);
    CHECK_IS(ipcx_epoll_create(), -EMFILE);
}

void test_readiness(void)
{
    RUN(tokens_of_32_bits_come_back_with_events);
    RUN(an_edge_is_told_once);
    RUN(the_end_of_a_peer_is_told_unasked);
    RUN(no_more_are_told_than_there_is_room_for);
    RUN(what_cannot_be_watched_gives_an_error);
    RUN_IN_CHILD(what_cannot_be_waited_for_gives_an_error);
}
