/* ipcx_hand_out_pair() in each of its outcomes. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PASSRIGHTS 83

/* The broker's end and the client's of each of the two. */
static int32_t first[2], second[2];
static int32_t handed[IPCX_HANDED_SLOTS];

static void connect_both(void)
{
    make_pair(SOCK_STREAM, first);
    make_pair(SOCK_STREAM, second);
}

static int32_t hand_out(void)
{
    memset(handed, 0x55, sizeof(handed));
    return ipcx_hand_out_pair(first[0], 4, second[0], 6, "paired", handed);
}

/* Takes what a client was given: an end, or -1 if there was nothing. */
static int32_t take(int32_t client, const char *expected)
{
    int32_t received[IPCX_RECEIVED_SLOTS], end;
    char data[16];
    int32_t got = ipcx_receive(client, data, sizeof(data), &end, 1, received,
                               NULL, 0);

    if (got <= 0)
        return -1;
    CHECK_IS(got, strlen(expected));
    CHECK(memcmp(data, expected, strlen(expected)) == 0);
    CHECK_IS(received[IPCX_RECEIVED_FDS], 1);
    return end;
}

static void check_connected(int32_t one, int32_t other)
{
    char byte = 0;

    CHECK_IS(write(one, "a", 1), 1);
    CHECK_IS(read(other, &byte, 1), 1);
    CHECK_IS(byte, 'a');
    CHECK_IS(write(other, "b", 1), 1);
    CHECK_IS(read(one, &byte, 1), 1);
    CHECK_IS(byte, 'b');
}

static void check_handed(int32_t number)
{
    CHECK_IS(handed[IPCX_HANDED_ERRNO], number);
    CHECK_IS(handed[IPCX_HANDED_KEPT], -1);
}

static void both_get_their_end(void)
{
    int32_t one, other;

    connect_both();
    int before = count_open();

    CHECK_IS(hand_out(), IPCX_HAND_OUT_DONE);
    CHECK_IS(count_open(), before);
    check_handed(0);
    one = take(first[1], "pair");
    other = take(second[1], "paired");
    /* Clients read what they are given with plain read(2). */
    CHECK_IS(fcntl(one, F_GETFL) & O_NONBLOCK, 0);
    CHECK_IS(fcntl(other, F_GETFL) & O_NONBLOCK, 0);
    check_connected(one, other);
    /* Nobody else has a copy: the end of one is seen by the other. */
    CHECK_IS(ipcx_close(one), 0);
    CHECK_IS(read(other, &(char){0}, 1), 0);
    ipcx_close(other);
    close_pair(first);
    close_pair(second);
}

static void a_second_that_is_gone_leaves_the_first_alone(void)
{
    connect_both();
    ipcx_close(second[1]);
    CHECK_IS(hand_out(), IPCX_HAND_OUT_SECOND_GONE);
    check_handed(EPIPE);
    CHECK_IS(take(first[1], ""), -1);
    ipcx_close(second[0]);
    /* A number that is closed is nobody either. */
    CHECK_IS(hand_out(), IPCX_HAND_OUT_SECOND_GONE);
    CHECK_IS(take(first[1], ""), -1);
    close_pair(first);
}

static void a_second_that_only_stopped_sending_is_served(void)
{
    int32_t one, other;

    connect_both();
    CHECK_IS(ipcx_shutdown(second[1], SHUT_WR), 0);
    CHECK_IS(hand_out(), IPCX_HAND_OUT_DONE);
    one = take(first[1], "pair");
    other = take(second[1], "paired");
    check_connected(one, other);
    ipcx_close(one);
    ipcx_close(other);
    close_pair(first);
    close_pair(second);
}

static void a_first_that_is_gone_leaves_the_second_alone(void)
{
    connect_both();
    ipcx_close(first[1]);
    CHECK_IS(hand_out(), IPCX_HAND_OUT_FIRST_FAILED);
    check_handed(EPIPE);
    CHECK_IS(take(second[1], ""), -1);
    ipcx_close(first[0]);
    /* Not the number it had: the pair would take that. */
    first[0] = -1;
    CHECK_IS(hand_out(), IPCX_HAND_OUT_FIRST_FAILED);
    check_handed(EBADF);
    close_pair(second);
}

static void without_room_for_a_pair_nothing_is_sent(void)
{
    connect_both();
    for (int room = 1; room >= 0; room--) {
        leave_room_for(room);
        CHECK_IS(hand_out(), IPCX_HAND_OUT_NO_PAIR);
        check_handed(EMFILE);
        CHECK_IS(take(first[1], ""), -1);
        CHECK_IS(take(second[1], ""), -1);
    }
    close_pair(first);
    close_pair(second);
}

/* The end that could not be sent is the one that belongs to the first's. */
static void check_kept(int32_t number)
{
    int before = count_open();

    CHECK_IS(hand_out(), IPCX_HAND_OUT_SECOND_FAILED);
    CHECK_IS(count_open(), before + 1);
    CHECK_IS(handed[IPCX_HANDED_ERRNO], number);
    CHECK_IS(ipcx_is_close_on_exec(handed[IPCX_HANDED_KEPT]), 1);
    int32_t one = take(first[1], "pair");

    check_connected(one, handed[IPCX_HANDED_KEPT]);
    /* Closing it is how the first learns that nobody will come. */
    ipcx_close(handed[IPCX_HANDED_KEPT]);
    CHECK_IS(read(one, &(char){0}, 1), 0);
    ipcx_close(one);
}

static void the_end_of_a_second_whose_queue_is_full_is_kept(void)
{
    char data[4096] = "";

    connect_both();
    while (ipcx_send(second[0], data, sizeof(data), NULL, 0, NULL, NULL, 0, 0) >
           0)
        continue;
    check_kept(EAGAIN);
    close_pair(first);
    close_pair(second);
}

static void the_end_of_a_second_that_takes_no_descriptors_is_kept(void)
{
    const int32_t off = 0;

    connect_both();
    /* Linux 6.16. */
    if (ipcx_set_option(second[1], SOL_SOCKET, PASSRIGHTS, &off, 4) == 0) {
        check_kept(EPERM);
        CHECK_IS(take(second[1], ""), -1);
    }
    close_pair(first);
    close_pair(second);
}

void test_hand_out(void)
{
    RUN(both_get_their_end);
    RUN(a_second_that_is_gone_leaves_the_first_alone);
    RUN(a_second_that_only_stopped_sending_is_served);
    RUN(a_first_that_is_gone_leaves_the_second_alone);
    RUN_IN_CHILD(without_room_for_a_pair_nothing_is_sent);
    RUN(the_end_of_a_second_whose_queue_is_full_is_kept);
    RUN(the_end_of_a_second_that_takes_no_descriptors_is_kept);
}
