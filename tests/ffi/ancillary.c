/* What travels beside the data: descriptors, credentials, pidfds. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#define PASSRIGHTS 83

static int32_t received[IPCX_RECEIVED_SLOTS];
static int32_t fds[IPCX_MAX_FDS + 1];

static int32_t send_fds(int32_t fd, uint32_t length, uint32_t count)
{
    int32_t sent[IPCX_MAX_FDS + 1];

    for (uint32_t i = 0; i < IPCX_MAX_FDS + 1; i++)
        sent[i] = fd;
    return ipcx_send(fd, "x", length, sent, count, NULL, NULL, 0, 0);
}

static int32_t receive_fds(int32_t fd, uint32_t max, int32_t flags)
{
    char data[4];

    return ipcx_receive(fd, data, sizeof(data), max ? fds : NULL, max, received,
                        NULL, flags);
}

static void up_to_253_descriptors_arrive_close_on_exec(void)
{
    const uint32_t counts[] = {0, 1, 2, IPCX_MAX_FDS};
    int32_t ends[2];

    for (int i = 0; i < 4; i++) {
        make_pair(SOCK_STREAM, ends);
        CHECK_IS(send_fds(ends[0], 1, counts[i]), 1);
        CHECK_IS(receive_fds(ends[1], IPCX_MAX_FDS, 0), 1);
        CHECK_IS(received[IPCX_RECEIVED_FDS], counts[i]);
        CHECK_IS(received[IPCX_RECEIVED_SURPLUS], 0);
        CHECK_IS(received[IPCX_RECEIVED_FLAGS] & MSG_CTRUNC, 0);
        for (uint32_t at = 0; at < counts[i]; at++) {
            CHECK_IS(ipcx_is_close_on_exec(fds[at]), 1);
            CHECK(is_same_file(fds[at], ends[0]));
        }
        CHECK_IS(ipcx_close_all(fds, counts[i]), counts[i]);
        close_pair(ends);
    }
}

static void what_cannot_be_sent_along_is_refused(void)
{
    int32_t ends[2], closed = -1;

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(send_fds(ends[0], 1, IPCX_MAX_FDS + 1), -EINVAL);
    CHECK_IS(ipcx_send(ends[0], "x", 1, fds, UINT32_MAX, NULL, NULL, 0, 0),
             -EINVAL);
    CHECK_IS(ipcx_send(ends[0], "x", 1, &closed, 1, NULL, NULL, 0, 0), -EBADF);
    CHECK_IS(receive_fds(ends[1], 0, 0), -EAGAIN);
    close_pair(ends);
}

static void surplus_descriptors_are_closed_and_counted(void)
{
    int32_t ends[2];
    int before;

    make_pair(SOCK_SEQPACKET, ends);
    before = count_open();
    for (int32_t max = 0; max <= 5; max++) {
        CHECK_IS(send_fds(ends[0], 1, 5), 1);
        CHECK_IS(receive_fds(ends[1], (uint32_t)max, 0), 1);
        CHECK_IS(received[IPCX_RECEIVED_FDS], max);
        CHECK_IS(received[IPCX_RECEIVED_SURPLUS], 5 - max);
        CHECK_IS(count_open(), before + max);
        ipcx_close_all(fds, (uint32_t)max);
    }
    close_pair(ends);
}

static void a_set_that_the_kernel_cut_is_closed_as_a_whole(void)
{
    int32_t ends[2];
    int before;

    make_pair(SOCK_SEQPACKET, ends);
    before = count_open();
    for (int room = 3; room >= 0; room--) {
        CHECK_IS(send_fds(ends[0], 1, 5), 1);
        leave_room_for(room);
        CHECK_IS(receive_fds(ends[1], IPCX_MAX_FDS, 0), 1);
        CHECK(received[IPCX_RECEIVED_FLAGS] & MSG_CTRUNC);
        CHECK_IS(received[IPCX_RECEIVED_FDS], 0);
        CHECK_IS(received[IPCX_RECEIVED_SURPLUS], room);
        CHECK_IS(count_open(), before);
        CHECK_IS(ipcx_raise_descriptor_limit() > 3, 1);
    }
    close_pair(ends);
}

static void descriptors_go_with_empty_packets_but_not_with_empty_streams(void)
{
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(send_fds(ends[0], 0, 1), 0);
    CHECK_IS(receive_fds(ends[1], 1, 0), 0);
    CHECK_IS(received[IPCX_RECEIVED_FDS], 1);
    ipcx_close(fds[0]);
    close_pair(ends);
    make_pair(SOCK_STREAM, ends);
    CHECK_IS(send_fds(ends[0], 0, 1), 0);
    CHECK_IS(receive_fds(ends[1], 1, 0), -EAGAIN);
    close_pair(ends);
}

static void each_peek_brings_descriptors_of_its_own(void)
{
    int32_t ends[2], peeked;

    make_pair(SOCK_STREAM, ends);
    send_fds(ends[0], 1, 1);
    CHECK_IS(receive_fds(ends[1], 1, MSG_PEEK), 1);
    peeked = fds[0];
    CHECK_IS(receive_fds(ends[1], 1, 0), 1);
    CHECK(fds[0] != peeked && is_same_file(fds[0], peeked));
    ipcx_close(peeked);
    ipcx_close(fds[0]);
    close_pair(ends);
}

static void everything_fits_at_once(void)
{
    const int32_t sender[3] = {getpid(), (int32_t)getuid(), (int32_t)getgid()};
    int32_t ends[2], sent[IPCX_MAX_FDS];

    make_pair(SOCK_SEQPACKET, ends);
    for (int i = 0; i < IPCX_MAX_FDS; i++)
        sent[i] = ends[0];
    CHECK_IS(turn_on(ends[1], SO_PASSCRED), 0);
    CHECK_IS(turn_on(ends[1], SO_TIMESTAMP), 0);
    bool has_pidfd = turn_on(ends[1], SO_PASSPIDFD) == 0;

    CHECK_IS(ipcx_send(ends[0], "x", 1, sent, IPCX_MAX_FDS, sender, NULL, 0, 0),
             1);
    CHECK_IS(receive_fds(ends[1], IPCX_MAX_FDS, 0), 1);
    CHECK_IS(received[IPCX_RECEIVED_FLAGS] & MSG_CTRUNC, 0);
    CHECK_IS(received[IPCX_RECEIVED_FDS], IPCX_MAX_FDS);
    CHECK_IS(received[IPCX_RECEIVED_STAMPED], 1);
    CHECK_IS(received[IPCX_RECEIVED_CREDENTIALS], 1);
    CHECK_IS(received[IPCX_RECEIVED_PID], getpid());
    CHECK_IS((uint32_t)received[IPCX_RECEIVED_UID], getuid());
    CHECK_IS((uint32_t)received[IPCX_RECEIVED_GID], getgid());
    ipcx_close_all(fds, IPCX_MAX_FDS);
    if (has_pidfd) {
        CHECK_IS(ipcx_is_close_on_exec(received[IPCX_RECEIVED_PIDFD]), 1);
        CHECK_IS(ipcx_close(received[IPCX_RECEIVED_PIDFD]), 0);
    }
    close_pair(ends);
}

static void a_pidfd_that_cannot_be_opened_is_told_as_none(void)
{
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    if (turn_on(ends[1], SO_PASSPIDFD) == 0) {
        send_fds(ends[0], 1, 0);
        leave_room_for(0);
        CHECK_IS(receive_fds(ends[1], 1, 0), 1);
        CHECK_IS(received[IPCX_RECEIVED_PIDFD], -1);
    }
    close_pair(ends);
}

static void credentials_of_others_are_refused(void)
{
    const int32_t root[3] = {getpid(), 0, 0};
    int32_t ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    if (become_nobody())
        CHECK_IS(ipcx_send(ends[0], "x", 1, NULL, 0, root, NULL, 0, 0), -EPERM);
    close_pair(ends);
}

static void too_many_descriptors_in_flight_are_refused(void)
{
    int32_t ends[2], result = 1;

    make_pair(SOCK_SEQPACKET, ends);
    if (become_nobody()) {
        leave_room_for(1);
        for (int i = 0; i < 100 && result == 1; i++)
            result = send_fds(ends[0], 1, 1);
        CHECK_IS(result, -ETOOMANYREFS);
    }
    close_pair(ends);
}

static void a_receiver_that_refuses_descriptors_gets_none(void)
{
    const int32_t off = 0;
    int32_t ends[2];

    make_pair(SOCK_STREAM, ends);
    /* Linux 6.16. */
    if (ipcx_set_option(ends[1], SOL_SOCKET, PASSRIGHTS, &off, 4) == 0)
        CHECK_IS(send_fds(ends[0], 1, 1), -EPERM);
    close_pair(ends);
}

void test_ancillary(void)
{
    RUN(up_to_253_descriptors_arrive_close_on_exec);
    RUN(what_cannot_be_sent_along_is_refused);
    RUN(surplus_descriptors_are_closed_and_counted);
    RUN_IN_CHILD(a_set_that_the_kernel_cut_is_closed_as_a_whole);
    RUN(descriptors_go_with_empty_packets_but_not_with_empty_streams);
    RUN(each_peek_brings_descriptors_of_its_own);
    RUN(everything_fits_at_once);
    RUN_IN_CHILD(a_pidfd_that_cannot_be_opened_is_told_as_none);
    RUN_IN_CHILD(credentials_of_others_are_refused);
    RUN_IN_CHILD(too_many_descriptors_in_flight_are_refused);
    RUN(a_receiver_that_refuses_descriptors_gets_none);
}
