/* What comes with messages that are received many at a time. */
#define _GNU_SOURCE
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

#define MOST 16

static int32_t received[MOST][IPCX_RECEIVED_SLOTS];
static char data[64];
static int32_t fds[2 * IPCX_MAX_FDS];

/* With room for everything, so that nothing but what is there ends it. */
static int32_t receive_all(int32_t fd)
{
    memset(received, 0x55, sizeof(received));
    return ipcx_receive_many(fd, data, sizeof(data), 8, fds, 2 * IPCX_MAX_FDS,
                             IPCX_MAX_FDS, received[0], MOST, 0);
}

/* With room for so many descriptors, in memory of exactly that size for ASan to
 * watch. */
static int32_t receive_within(int32_t fd, uint32_t n_fds, uint32_t each_fds)
{
    int32_t *numbers = malloc(sizeof(int32_t) * n_fds);
    int32_t count = ipcx_receive_many(fd, data, sizeof(data), 8, numbers, n_fds,
                                      each_fds, received[0], MOST, 0);

    memcpy(fds, numbers, sizeof(int32_t) * n_fds);
    free(numbers);
    return count;
}

static int32_t fds_of(int at)
{
    return received[at][IPCX_RECEIVED_FDS];
}

static void it_stops_where_descriptors_of_the_next_might_have_no_room(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2];

    for (int i = 0; i < 3; i++) {
        make_pair(types[i], ends);
        for (int at = 0; at < 3; at++)
            send_with(ends[0], "x", 2);
        CHECK_IS(receive_within(ends[1], 5, 2), 2);
        CHECK_IS(ipcx_close_all(fds, 4), 4);
        CHECK_IS(receive_within(ends[1], 1, 2), 0);
        CHECK_IS(receive_within(ends[1], 2, 2), 1);
        CHECK_IS(ipcx_close_all(fds, 2), 2);
        close_pair(ends);
    }
}

static void every_descriptor_is_kept_close_on_exec_or_closed(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2];

    for (int i = 0; i < 3; i++) {
        int before;

        make_pair(types[i], ends);
        before = count_open();
        send_with(ends[0], "a", 1);
        send_with(ends[0], "b", 5);
        send_with(ends[0], "c", 2);
        CHECK_IS(receive_within(ends[1], 64, 2), 3);
        CHECK(fds_of(0) == 1 && fds_of(1) == 2 && fds_of(2) == 2);
        CHECK_IS(received[0][IPCX_RECEIVED_SURPLUS], 0);
        CHECK_IS(received[1][IPCX_RECEIVED_SURPLUS], 3);
        CHECK_IS(received[2][IPCX_RECEIVED_SURPLUS], 0);
        CHECK_IS(count_open(), before + 5);
        for (int at = 0; at < 5; at++) {
            CHECK_IS(ipcx_is_close_on_exec(fds[at]), 1);
            CHECK(is_same_file(fds[at], STDIN_FILENO));
        }
        CHECK_IS(ipcx_close_all(fds, 5), 5);
        close_pair(ends);
    }
}

static void two_messages_may_have_all_the_descriptors_there_can_be(void)
{
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    for (int at = 0; at < 3; at++)
        send_with(ends[0], "x", IPCX_MAX_FDS);
    CHECK_IS(receive_all(ends[1]), 2);
    CHECK_IS(ipcx_close_all(fds, 2 * IPCX_MAX_FDS), 2 * IPCX_MAX_FDS);
    CHECK_IS(receive_all(ends[1]), 1);
    CHECK_IS(ipcx_close_all(fds, IPCX_MAX_FDS), IPCX_MAX_FDS);
    close_pair(ends);
}

static void a_set_that_the_kernel_cut_is_closed_and_the_next_one_arrives(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2];

    for (int i = 0; i < 3; i++) {
        int before;

        make_pair(types[i], ends);
        before = count_open();
        send_with(ends[0], "a", 1);
        send_with(ends[0], "b", 5);
        send_with(ends[0], "c", 2);
        leave_room_for(3);
        CHECK_IS(receive_all(ends[1]), 2);
        CHECK(fds_of(0) == 1 && fds_of(1) == 0);
        CHECK_IS(received[1][IPCX_RECEIVED_SURPLUS], 2);
        for (int at = 0; at < 2; at++)
            CHECK_IS((received[at][IPCX_RECEIVED_FLAGS] & MSG_CTRUNC) != 0,
                     at == 1);
        CHECK(memcmp(data, "ab", 2) == 0);
        CHECK_IS(count_open(), before + 1);
        CHECK_IS(ipcx_close_all(fds, 1), 1);
        CHECK_IS(receive_all(ends[1]), 1);
        CHECK(fds_of(0) == 2 && data[0] == 'c');
        CHECK_IS(ipcx_close_all(fds, 2), 2);
        CHECK_IS(ipcx_raise_descriptor_limit() > 3, 1);
        close_pair(ends);
    }
}

static void every_message_has_its_own_sender(void)
{
    const int32_t sender[3] = {getpid(), (int32_t)getuid(), (int32_t)getgid()};
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(turn_on(ends[1], SO_PASSCRED), 0);
    bool has_pidfd = turn_on(ends[1], SO_PASSPIDFD) == 0;

    for (int at = 0; at < 3; at++)
        ipcx_send(ends[0], "x", 1, NULL, 0, sender, NULL, 0, 0);
    CHECK_IS(receive_all(ends[1]), 3);
    for (int at = 0; at < 3; at++) {
        CHECK_IS(received[at][IPCX_RECEIVED_CREDENTIALS], 1);
        CHECK_IS(received[at][IPCX_RECEIVED_PID], getpid());
        if (has_pidfd)
            CHECK_IS(ipcx_close(received[at][IPCX_RECEIVED_PIDFD]), 0);
    }
    close_pair(ends);
}

void test_many_ancillary(void)
{
    RUN(it_stops_where_descriptors_of_the_next_might_have_no_room);
    RUN(every_descriptor_is_kept_close_on_exec_or_closed);
    RUN(two_messages_may_have_all_the_descriptors_there_can_be);
    RUN_IN_CHILD(a_set_that_the_kernel_cut_is_closed_and_the_next_one_arrives);
    RUN(every_message_has_its_own_sender);
}
