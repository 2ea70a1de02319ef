/* ipcx_send() and ipcx_receive(): data, sizes, ends, senders' names. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int32_t received[IPCX_RECEIVED_SLOTS];

static int32_t send_data(int32_t fd, const void *data, uint32_t length)
{
    return ipcx_send(fd, data, length, NULL, 0, NULL, NULL, 0, 0);
}

static int32_t receive_data(int32_t fd, void *data, uint32_t length,
                            int32_t flags)
{
    return ipcx_receive(fd, data, length, NULL, 0, received, NULL, flags);
}

static void a_message_arrives_as_sent(void)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int32_t ends[2];
    char data[16];

    for (int i = 0; i < 3; i++) {
        make_pair(types[i], ends);
        CHECK_IS(send_data(ends[0], "hello", 5), 5);
        memset(received, 0x55, sizeof(received));
        CHECK_IS(receive_data(ends[1], data, sizeof(data), 0), 5);
        CHECK(memcmp(data, "hello", 5) == 0);
        CHECK_IS(received[IPCX_RECEIVED_FLAGS] & (MSG_TRUNC | MSG_CTRUNC), 0);
        for (int slot = IPCX_RECEIVED_FDS; slot < IPCX_RECEIVED_LENGTH; slot++)
            CHECK_IS(received[slot], slot == IPCX_RECEIVED_PIDFD ? -1 : 0);
        CHECK_IS(received[IPCX_RECEIVED_LENGTH], 5);
        close_pair(ends);
    }
}

static void what_cannot_be_sent_or_received_gives_an_error(void)
{
    int32_t ends[2], lone = ipcx_socket(SOCK_SEQPACKET);
    int pipe_ends[2];
    char data[4];

    CHECK_IS(send_data(-1, "x", 1), -EBADF);
    CHECK_IS(receive_data(-1, data, 4, 0), -EBADF);
    CHECK_IS(pipe(pipe_ends), 0);
    CHECK_IS(send_data(pipe_ends[1], "x", 1), -ENOTSOCK);
    CHECK_IS(receive_data(pipe_ends[0], data, 4, 0), -ENOTSOCK);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    CHECK_IS(send_data(lone, "x", 1), -ENOTCONN);
    CHECK_IS(receive_data(lone, data, 4, 0), -ENOTCONN);
    ipcx_close(lone);
    make_pair(SOCK_STREAM, ends);
    CHECK_IS(receive_data(ends[0], data, 4, 0), -EAGAIN);
    CHECK_IS(ipcx_send(ends[0], "x", 1, NULL, 0, NULL, "\0n", 2, 0), -EISCONN);
    close_pair(ends);
}

static void a_blocking_socket_is_not_waited_for(void)
{
    int32_t ends[2];
    char data[4096] = "";

    make_pair(SOCK_STREAM, ends);
    for (int i = 0; i < 2; i++)
        CHECK_IS(fcntl(ends[i], F_SETFL, 0), 0);
    CHECK_IS(receive_data(ends[0], data, 4, 0), -EAGAIN);
    while (send_data(ends[0], data, sizeof(data)) > 0)
        continue;
    CHECK_IS(send_data(ends[0], data, sizeof(data)), -EAGAIN);
    close_pair(ends);
}

/* SIGPIPE has its default action here: it would end the driver. */
static void a_peer_that_is_gone_gives_an_error_and_no_signal(void)
{
    int32_t ends[2];
    char data[4];

    make_pair(SOCK_STREAM, ends);
    ipcx_close(ends[1]);
    CHECK_IS(send_data(ends[0], "x", 1), -EPIPE);
    CHECK_IS(receive_data(ends[0], data, 4, 0), 0);
    ipcx_close(ends[0]);
    make_pair(SOCK_STREAM, ends);
    send_data(ends[0], "unread", 6);
    ipcx_close(ends[1]);
    CHECK_IS(receive_data(ends[0], data, 4, 0), -ECONNRESET);
    ipcx_close(ends[0]);
}

static void an_empty_packet_is_told_from_the_end_by_its_time_stamp(void)
{
    int32_t ends[2], on = 1;
    char data[4];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_set_option(ends[1], SOL_SOCKET, SO_TIMESTAMP, &on, 4), 0);
    CHECK_IS(send_data(ends[0], NULL, 0), 0);
    CHECK_IS(receive_data(ends[1], data, 4, 0), 0);
    CHECK_IS(received[IPCX_RECEIVED_STAMPED], 1);
    CHECK_IS(receive_data(ends[1], data, 4, 0), -EAGAIN);
    ipcx_close(ends[0]);
    CHECK_IS(receive_data(ends[1], data, 4, 0), 0);
    CHECK_IS(received[IPCX_RECEIVED_STAMPED], 0);
    ipcx_close(ends[1]);
}

static void a_packet_that_is_cut_says_so_and_how_long_it_was(void)
{
    int32_t ends[2];
    char data[4] = "", peeked[4] = "";

    make_pair(SOCK_SEQPACKET, ends);
    send_data(ends[0], "0123456789", 10);
    CHECK_IS(receive_data(ends[1], peeked, 3, MSG_PEEK | MSG_TRUNC), 10);
    CHECK_IS(receive_data(ends[1], data, 3, 0), 3);
    CHECK(received[IPCX_RECEIVED_FLAGS] & MSG_TRUNC);
    CHECK(strcmp(data, "012") == 0 && strcmp(peeked, "012") == 0);
    CHECK_IS(receive_data(ends[1], data, 3, 0), -EAGAIN);
    close_pair(ends);
}

static void huge_lengths_are_refused(void)
{
    const uint32_t huge[] = {(uint32_t)INT_MAX + 1, UINT32_MAX};
    int32_t ends[2];
    char data[1] = "";

    make_pair(SOCK_STREAM, ends);
    for (int i = 0; i < 2; i++) {
        CHECK_IS(send_data(ends[0], data, huge[i]), -EINVAL);
        CHECK_IS(receive_data(ends[0], data, huge[i], 0), -EINVAL);
        CHECK_IS(ipcx_send(ends[0], data, 1, NULL, 0, NULL, data, huge[i], 0),
                 -EINVAL);
    }
    CHECK_IS(ipcx_send(ends[0], data, 1, NULL, 0, NULL, data, 109, 0), -EINVAL);
    close_pair(ends);
}

static void a_packet_may_be_as_large_as_the_send_buffer_allows(void)
{
    int32_t ends[2], size = 0, large = 16 << 20;
    char *data = calloc(1, (size_t)large);

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, SO_SNDBUF, &size, 4), 4);
    CHECK_IS(send_data(ends[0], data, (uint32_t)size - 31), -EMSGSIZE);
    CHECK_IS(send_data(ends[0], data, (uint32_t)size - 32), size - 32);
    CHECK_IS(send_data(ends[0], data, (uint32_t)size - 32), -EAGAIN);
    CHECK_IS(receive_data(ends[1], data, (uint32_t)large, 0), size - 32);
    /* What the kernel cannot put into one buffer, whatever the limit is. */
    if (ipcx_set_option(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &large, 4) == 0) {
        int32_t result = send_data(ends[0], data, (uint32_t)large);

        CHECK(result == -ENOBUFS || result == -EMSGSIZE);
    }
    close_pair(ends);
    free(data);
}

/* Sends from a socket bound to `name` and returns the length told of it. */
static int32_t name_received(const char *name, uint32_t length, bool bound,
                             char *told)
{
    char target[108];
    uint32_t target_length = own_name(target);
    int32_t sender = ipcx_socket(SOCK_DGRAM);
    int32_t target_fd = ipcx_socket(SOCK_DGRAM);
    char data[4];

    CHECK_IS(ipcx_bind(target_fd, target, target_length), 0);
    if (bound)
        CHECK_IS(ipcx_bind(sender, name, length), 0);
    CHECK_IS(ipcx_send(sender, "x", 1, NULL, 0, NULL, target, target_length, 0),
             1);
    CHECK_IS(ipcx_receive(target_fd, data, 4, NULL, 0, received, told, 0), 1);
    ipcx_close(sender);
    ipcx_close(target_fd);
    return received[IPCX_RECEIVED_NAME_LENGTH];
}

static void the_name_of_the_sender_is_told(void)
{
    char told[IPCX_NAME_SIZE], path[109], abstract[108];
    uint32_t length = own_name(abstract);

    abstract[length++] = 0;
    abstract[length++] = 'z';
    CHECK_IS(name_received(abstract, length, true, told), length);
    CHECK(memcmp(told, abstract, length) == 0);
    CHECK_IS(name_received(NULL, 0, false, told), 0);
    own_path(path, 108);
    /* The kernel adds the NUL for which sun_path has no room. */
    CHECK_IS(name_received(path, 108, true, told), 109);
    CHECK(memcmp(told, path, 109) == 0);
    remove_own_path(path);
}

static void a_name_where_nobody_is_gives_an_error(void)
{
    int32_t fd = ipcx_socket(SOCK_DGRAM);
    char name[108];
    uint32_t length = own_name(name);

    CHECK_IS(ipcx_send(fd, "x", 1, NULL, 0, NULL, name, length, 0),
             -ECONNREFUSED);
    CHECK_IS(ipcx_send(fd, "x", 1, NULL, 0, NULL, "/nowhere/at/all", 15, 0),
             -ENOENT);
    CHECK_IS(ipcx_send(fd, "x", 1, NULL, 0, NULL, "", 0, 0), -EINVAL);
    ipcx_close(fd);
}

void test_messages(void)
{
    RUN(a_message_arrives_as_sent);
    RUN(what_cannot_be_sent_or_received_gives_an_error);
    RUN(a_blocking_socket_is_not_waited_for);
    RUN(a_peer_that_is_gone_gives_an_error_and_no_signal);
    RUN(an_empty_packet_is_told_from_the_end_by_its_time_stamp);
    RUN(a_packet_that_is_cut_says_so_and_how_long_it_was);
    RUN(huge_lengths_are_refused);
    RUN(a_packet_may_be_as_large_as_the_send_buffer_allows);
    RUN(the_name_of_the_sender_is_told);
    RUN(a_name_where_nobody_is_gives_an_error);
}
