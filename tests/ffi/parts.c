/* Messages gathered from several places and scattered to them; bytes with
 * nothing along, and urgent ones. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int32_t received[IPCX_RECEIVED_SLOTS];

static void parts_are_gathered_and_scattered(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    char head[4], body[16];
    struct iovec out[] = {{"one", 3}, {"", 0}, {"three", 5}};
    struct iovec in[] = {{head, sizeof(head)}, {body, sizeof(body)}};
    int32_t ends[2], fds[4], input = STDIN_FILENO;

    for (int i = 0; i < 3; i++) {
        make_pair(types[i], ends);
        CHECK_IS(ipcx_send_parts(ends[0], out, 3, &input, 1, NULL, NULL, 0, 0),
                 8);
        CHECK_IS(ipcx_receive_parts(ends[1], in, 2, fds, 4, received, NULL, 0),
                 8);
        CHECK(memcmp(head, "onet", 4) == 0 && memcmp(body, "hree", 4) == 0);
        CHECK_IS(received[IPCX_RECEIVED_FDS], 1);
        CHECK(is_same_file(fds[0], input));
        ipcx_close(fds[0]);
        CHECK_IS(ipcx_receive_parts(ends[1], in, 2, fds, 4, received, NULL, 0),
                 -EAGAIN);
        close_pair(ends);
    }
}

static void what_cannot_be_sent_gives_an_error(void)
{
    struct iovec out = {"x", 1};
    struct iovec many[IOV_MAX + 1];
    int32_t ends[2];

    for (int i = 0; i <= IOV_MAX; i++)
        many[i] = out;
    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_send_parts(ends[0], many, IOV_MAX, NULL, 0, NULL, NULL, 0, 0),
             IOV_MAX);
    CHECK_IS(ipcx_send_parts(ends[0], many, IOV_MAX + 1, NULL, 0, NULL, NULL, 0,
                             0),
             -EMSGSIZE);
    CHECK_IS(ipcx_send_parts(ends[0], &out, 1, NULL, IPCX_MAX_FDS + 1, NULL,
                             NULL, 0, 0),
             -EINVAL);
    CHECK_IS(ipcx_send_parts(-1, &out, 1, NULL, 0, NULL, NULL, 0, 0), -EBADF);
    CHECK_IS(ipcx_receive_parts(-1, &out, 1, NULL, 0, received, NULL, 0),
             -EBADF);
    close_pair(ends);
}

static void bytes_go_with_nothing_along(void)
{
    int32_t ends[2];
    char data[8];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_send_bytes(ends[0], "hello", 5, 0), 5);
    CHECK_IS(ipcx_receive(ends[1], data, 8, NULL, 0, received, NULL, 0), 5);
    CHECK(memcmp(data, "hello", 5) == 0);
    CHECK_IS(ipcx_send_bytes(ends[0], data, (uint32_t)INT_MAX + 1, 0), -EINVAL);
    ipcx_close(ends[1]);
    CHECK_IS(ipcx_send_bytes(ends[0], "x", 1, 0), -EPIPE);
    ipcx_close(ends[0]);
    CHECK_IS(ipcx_send_bytes(-1, "x", 1, 0), -EBADF);
}

static void an_urgent_byte_overtakes(void)
{
    int32_t ends[2];
    char data[8];

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_receive_urgent(ends[1]), -EINVAL);
    CHECK_IS(ipcx_send_bytes(ends[0], "before", 6, 0), 6);
    CHECK_IS(ipcx_send_urgent(ends[0], 0xff), 0);
    CHECK_IS(ipcx_poll(ends[1], POLLPRI | POLLIN | POLLOUT),
             POLLPRI | POLLIN | POLLOUT);
    CHECK_IS(ipcx_receive_urgent(ends[1]), 0xff);
    CHECK_IS(ipcx_receive(ends[1], data, 8, NULL, 0, received, NULL, 0), 6);
    close_pair(ends);
    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_send_urgent(ends[0], 1), -EOPNOTSUPP);
    CHECK_IS(ipcx_receive_urgent(ends[1]), -EOPNOTSUPP);
    close_pair(ends);
}

static void poll_tells_what_holds_at_this_moment(void)
{
    int32_t ends[2];

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_poll(ends[0], POLLIN | POLLOUT), POLLOUT);
    CHECK_IS(ipcx_poll(ends[0], POLLIN), 0);
    ipcx_close(ends[1]);
    CHECK_IS(ipcx_poll(ends[0], POLLIN), POLLIN | POLLHUP);
    ipcx_close(ends[0]);
    CHECK_IS(ipcx_poll(ends[0], POLLIN), -EBADF);
}

void test_parts(void)
{
    RUN(parts_are_gathered_and_scattered);
    RUN(what_cannot_be_sent_gives_an_error);
    RUN(bytes_go_with_nothing_along);
    RUN(an_urgent_byte_overtakes);
    RUN(poll_tells_what_holds_at_this_moment);
}
