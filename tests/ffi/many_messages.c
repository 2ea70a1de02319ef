/* ipcx_receive_many(): what is there, one message behind the other. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 16

static int32_t received[MOST][IPCX_RECEIVED_SLOTS];
static char data[64];
static int32_t fds[2 * IPCX_MAX_FDS];

/* With room for everything, so that nothing but what is there ends it. */
static int32_t receive_all(int32_t fd, int32_t flags)
{
    memset(received, 0x55, sizeof(received));
    return ipcx_receive_many(fd, data, sizeof(data), 8, fds, 2 * IPCX_MAX_FDS,
                             IPCX_MAX_FDS, received[0], MOST, flags);
}

/* With room for so much, in memory of exactly that size for ASan to watch. */
static int32_t receive_within(int32_t fd, uint32_t size, uint32_t each,
                              uint32_t max)
{
    const size_t slots = sizeof(int32_t) * IPCX_RECEIVED_SLOTS * max;
    char *bytes = malloc(size);
    int32_t *told = malloc(slots);
    int32_t count = ipcx_receive_many(fd, bytes, size, each, NULL, 0, 0, told,
                                      max, 0);

    free(bytes);
    free(told);
    return count;
}

static int32_t length_of(int at)
{
    return received[at][IPCX_RECEIVED_LENGTH];
}

static int32_t fds_of(int at)
{
    return received[at][IPCX_RECEIVED_FDS];
}

static void packets_come_one_behind_the_other(void)
{
    const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        make_pair(types[i], ends);
        send_with(ends[0], "one", 0);
        send_with(ends[0], "three", 0);
        send_with(ends[0], "4444", 0);
        CHECK_IS(receive_all(ends[1], 0), 3);
        CHECK(memcmp(data, "onethree4444", 12) == 0);
        CHECK_IS(length_of(0), 3);
        CHECK_IS(length_of(1), 5);
        CHECK_IS(length_of(2), 4);
        for (int at = 0; at < 3; at++) {
            CHECK_IS(received[at][IPCX_RECEIVED_PIDFD], -1);
            CHECK_IS(received[at][IPCX_RECEIVED_NAME_LENGTH], 0);
        }
        CHECK_IS(receive_all(ends[1], 0), -EAGAIN);
        close_pair(ends);
    }
}

static void a_stream_is_divided_by_its_descriptors_and_by_room(void)
{
    int32_t ends[2];

    make_pair(SOCK_STREAM, ends);
    send_with(ends[0], "a", 0);
    send_with(ends[0], "bb", 1);
    send_with(ends[0], "c", 2);
    send_with(ends[0], "0123456789", 0);
    CHECK_IS(receive_all(ends[1], 0), 4);
    CHECK(memcmp(data, "abbc0123456789", 14) == 0);
    CHECK(length_of(0) == 3 && fds_of(0) == 1);
    CHECK(length_of(1) == 1 && fds_of(1) == 2);
    CHECK(length_of(2) == 8 && fds_of(2) == 0);
    CHECK(length_of(3) == 2 && fds_of(3) == 0);
    CHECK_IS(ipcx_close_all(fds, 3), 3);
    close_pair(ends);
}

static void no_more_messages_than_asked_for_are_taken(void)
{
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    for (int i = 0; i < 5; i++)
        send_with(ends[0], "x", 0);
    CHECK_IS(receive_within(ends[1], 64, 8, 0), 0);
    CHECK_IS(receive_within(ends[1], 64, 8, 2), 2);
    CHECK_IS(receive_within(ends[1], 64, 8, 3), 3);
    CHECK_IS(receive_all(ends[1], 0), -EAGAIN);
    close_pair(ends);
}

/* A message must find room for all that it may have; so none is cut for want of
 * room that would have been there in the next call. */
static void it_stops_where_less_than_one_message_of_room_is_left(void)
{
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    for (int i = 0; i < 4; i++)
        send_with(ends[0], "abc", 0);
    /* 10 − 3 − 3 is exactly one more; 9 − 3 − 3 is not. */
    CHECK_IS(receive_within(ends[1], 10, 4, MOST), 3);
    CHECK_IS(receive_all(ends[1], 0), 1);
    for (int i = 0; i < 4; i++)
        send_with(ends[0], "abc", 0);
    CHECK_IS(receive_within(ends[1], 9, 4, MOST), 2);
    CHECK_IS(receive_within(ends[1], 3, 3, MOST), 1);
    CHECK_IS(receive_within(ends[1], 3, 4, MOST), 0);
    CHECK_IS(receive_all(ends[1], 0), 1);
    close_pair(ends);
}

static void the_end_counts_as_a_message_of_no_bytes(void)
{
    const int types[] = {SOCK_STREAM, SOCK_SEQPACKET};
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        make_pair(types[i], ends);
        send_with(ends[0], "x", 0);
        ipcx_close(ends[0]);
        CHECK_IS(receive_all(ends[1], 0), 2);
        CHECK(length_of(0) == 1 && length_of(1) == 0);
        for (int again = 0; again < 2; again++) {
            CHECK_IS(receive_all(ends[1], 0), 1);
            CHECK_IS(length_of(0), 0);
        }
        ipcx_close(ends[1]);
    }
}

static void an_empty_packet_is_told_from_the_end_by_its_time_stamp(void)
{
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(turn_on(ends[1], SO_TIMESTAMP), 0);
    send_with(ends[0], "", 0);
    send_with(ends[0], "x", 0);
    send_with(ends[0], "", 1);
    ipcx_close(ends[0]);
    CHECK_IS(receive_all(ends[1], 0), 4);
    for (int at = 0; at < 4; at++) {
        CHECK_IS(length_of(at), at == 1);
        CHECK_IS(received[at][IPCX_RECEIVED_STAMPED], at < 3);
    }
    CHECK_IS(fds_of(2), 1);
    ipcx_close(fds[0]);
    ipcx_close(ends[1]);
}

static void an_empty_datagram_ends_a_call_but_nothing_behind_it_is_lost(void)
{
    int32_t ends[2];

    make_pair(SOCK_DGRAM, ends);
    send_with(ends[0], "a", 0);
    send_with(ends[0], "", 0);
    send_with(ends[0], "b", 0);
    CHECK_IS(receive_all(ends[1], 0), 2);
    CHECK(length_of(0) == 1 && length_of(1) == 0);
    CHECK_IS(receive_all(ends[1], 0), 1);
    CHECK(data[0] == 'b');
    close_pair(ends);
}

/* The kernel tells it once, and on a stream behind what was sent. */
static void a_failure_behind_messages_is_a_negative_length(void)
{
    int32_t ends[2];

    make_pair(SOCK_STREAM, ends);
    send_with(ends[1], "unread", 0);
    send_with(ends[0], "a", 1);
    send_with(ends[0], "b", 1);
    ipcx_close(ends[0]);
    CHECK_IS(receive_all(ends[1], 0), 3);
    CHECK(length_of(0) == 1 && length_of(1) == 1);
    CHECK_IS(length_of(2), -ECONNRESET);
    CHECK_IS(ipcx_close_all(fds, 2), 2);
    CHECK_IS(receive_all(ends[1], 0), 1);
    CHECK_IS(length_of(0), 0);
    ipcx_close(ends[1]);
}

static void a_failure_before_messages_is_returned_and_they_are_not_lost(void)
{
    int32_t ends[2];

    /* Of packets the kernel tells it first. */
    make_pair(SOCK_SEQPACKET, ends);
    send_with(ends[1], "unread", 0);
    send_with(ends[0], "a", 0);
    ipcx_close(ends[0]);
    CHECK_IS(receive_all(ends[1], 0), -ECONNRESET);
    CHECK_IS(receive_all(ends[1], 0), 2);
    CHECK(length_of(0) == 1 && length_of(1) == 0);
    ipcx_close(ends[1]);
}

static void packets_that_are_cut_take_only_the_room_they_fill(void)
{
    const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        make_pair(types[i], ends);
        for (int told = 0; told < 2; told++) {
            send_with(ends[0], "0123456789", 1);
            send_with(ends[0], "ab", 0);
            CHECK_IS(receive_all(ends[1], told ? MSG_TRUNC : 0), 2);
            CHECK_IS(length_of(0), told ? 10 : 8);
            CHECK(received[0][IPCX_RECEIVED_FLAGS] & MSG_TRUNC);
            CHECK_IS(length_of(1), 2);
            CHECK_IS(received[1][IPCX_RECEIVED_FLAGS] & MSG_TRUNC, 0);
            CHECK(memcmp(data, "01234567ab", 10) == 0);
            CHECK_IS(fds_of(0), 1);
            ipcx_close(fds[0]);
        }
        close_pair(ends);
    }
}

static void what_cannot_be_received_from_gives_an_error(void)
{
    int32_t ends[2];
    int pipe_ends[2];

    CHECK_IS(receive_all(-1, 0), -EBADF);
    CHECK_IS(pipe(pipe_ends), 0);
    CHECK_IS(receive_all(pipe_ends[0], 0), -ENOTSOCK);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    make_pair(SOCK_STREAM, ends);
    send_with(ends[0], "x", 0);
    CHECK_IS(ipcx_receive_many(ends[1], data, UINT32_MAX, (uint32_t)INT_MAX + 1,
                               fds, 1, 1, received[0], 1, 0),
             -EINVAL);
    CHECK_IS(ipcx_receive_many(ends[1], data, sizeof(data), UINT32_MAX, fds, 1,
                               1, received[0], 1, 0),
             0);
    CHECK_IS(receive_all(ends[1], 0), 1);
    close_pair(ends);
}

void test_many_messages(void)
{
    RUN(packets_come_one_behind_the_other);
    RUN(a_stream_is_divided_by_its_descriptors_and_by_room);
    RUN(no_more_messages_than_asked_for_are_taken);
    RUN(it_stops_where_less_than_one_message_of_room_is_left);
    RUN(the_end_counts_as_a_message_of_no_bytes);
    RUN(an_empty_packet_is_told_from_the_end_by_its_time_stamp);
    RUN(an_empty_datagram_ends_a_call_but_nothing_behind_it_is_lost);
    RUN(a_failure_behind_messages_is_a_negative_length);
    RUN(a_failure_before_messages_is_returned_and_they_are_not_lost);
    RUN(packets_that_are_cut_take_only_the_room_they_fill);
    RUN(what_cannot_be_received_from_gives_an_error);
}
