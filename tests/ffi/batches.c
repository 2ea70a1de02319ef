/* ipcx_send_batch() and ipcx_receive_batch(): many messages in a call. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EACH 8

static const char *const WORDS[] = {"one", "", "three", "12345678"};

/* A batch of the words, each in EACH bytes. */
static void fill(char *data, int32_t *slots, int count)
{
    for (int i = 0; i < count; i++) {
        const char *word = WORDS[i % 4];

        memcpy(data + i * EACH, word, strlen(word));
        slots[i * IPCX_BATCH_SLOTS + IPCX_BATCH_OFFSET] = i * EACH;
        slots[i * IPCX_BATCH_SLOTS + IPCX_BATCH_LENGTH] = (int32_t)strlen(word);
        slots[i * IPCX_BATCH_SLOTS + IPCX_BATCH_FLAGS] = 0;
    }
}

static int32_t send_words(int32_t fd, int count, const char *name,
                          uint32_t name_length)
{
    /* Of exactly that size, for ASan to watch. */
    char *data = calloc((size_t)count, EACH);
    int32_t *slots =
        calloc((size_t)count * IPCX_BATCH_SLOTS, sizeof(*slots));
    int32_t sent;

    fill(data, slots, count);
    sent = ipcx_send_batch(fd, data, slots, (uint32_t)count, name, name_length);
    free(data);
    free(slots);
    return sent;
}

static char *data;
static int32_t *slots;

static int32_t receive_words(int32_t fd, uint32_t each, uint32_t max,
                             int32_t end)
{
    free(data);
    free(slots);
    data = malloc((size_t)each * max);
    slots = malloc(sizeof(*slots) * IPCX_BATCH_SLOTS * max);
    return ipcx_receive_batch(fd, data, each, slots, max, end);
}

static int32_t slot_of(int at, int slot)
{
    return slots[at * IPCX_BATCH_SLOTS + slot];
}

static void check_words(int count)
{
    for (int i = 0; i < count; i++) {
        const char *word = WORDS[i % 4];

        CHECK_IS(slot_of(i, IPCX_BATCH_LENGTH), (int64_t)strlen(word));
        CHECK_IS(slot_of(i, IPCX_BATCH_FLAGS), 0);
        CHECK(memcmp(data + slot_of(i, IPCX_BATCH_OFFSET), word,
                     strlen(word)) == 0);
    }
}

static void batches_arrive_in_their_order(void)
{
    const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
    const int counts[] = {1, 4, 64, 65, 130};
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 5; k++) {
            make_pair(types[i], ends);
            if (types[i] == SOCK_SEQPACKET)
                CHECK_IS(turn_on(ends[1], SO_TIMESTAMP), 0);
            CHECK_IS(send_words(ends[0], counts[k], NULL, 0), counts[k]);
            CHECK_IS(receive_words(ends[1], EACH, 200,
                                   types[i] == SOCK_SEQPACKET
                                       ? IPCX_END_HAS_NO_STAMP
                                       : IPCX_END_NEVER),
                     counts[k]);
            check_words(counts[k]);
            CHECK_IS(receive_words(ends[1], EACH, 200,
                                   types[i] == SOCK_SEQPACKET
                                       ? IPCX_END_HAS_NO_STAMP
                                       : IPCX_END_NEVER),
                     -EAGAIN);
            close_pair(ends);
        }
    }
}

static void an_empty_packet_is_no_end(void)
{
    int32_t ends[2];

    /* By the time stamp first, by the name of the sender then. */
    for (int by_name = 0; by_name < 2; by_name++) {
        make_pair(SOCK_SEQPACKET, ends);
        if (by_name)
            CHECK_IS(ipcx_bind(ends[0], NULL, 0), 0);
        else
            CHECK_IS(turn_on(ends[1], SO_TIMESTAMP), 0);
        CHECK_IS(send(ends[0], "", 0, 0), 0);
        CHECK_IS(send(ends[0], "", 0, 0), 0);
        ipcx_close(ends[0]);
        CHECK_IS(receive_words(ends[1], EACH, 4,
                               by_name ? IPCX_END_HAS_NO_NAME
                                       : IPCX_END_HAS_NO_STAMP),
                 2);
        CHECK_IS(receive_words(ends[1], EACH, 4,
                               by_name ? IPCX_END_HAS_NO_NAME
                                       : IPCX_END_HAS_NO_STAMP),
                 0);
        ipcx_close(ends[1]);
    }
}

static void what_does_not_fit_is_told(void)
{
    const int ways[] = {IPCX_END_HAS_NO_NAME, IPCX_END_HAS_NO_STAMP};
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        make_pair(SOCK_SEQPACKET, ends);
        if (ways[i] == IPCX_END_HAS_NO_STAMP)
            CHECK_IS(turn_on(ends[1], SO_TIMESTAMP), 0);
        send_with(ends[0], "0123456789", 0);
        send_with(ends[0], "with", 3);
        CHECK_IS(receive_words(ends[1], 4, 4, ways[i]), 2);
        CHECK_IS(slot_of(0, IPCX_BATCH_LENGTH), 10);
        CHECK_IS(slot_of(0, IPCX_BATCH_FLAGS) & (MSG_TRUNC | MSG_CTRUNC),
                 MSG_TRUNC);
        CHECK_IS(slot_of(1, IPCX_BATCH_FLAGS) & (MSG_TRUNC | MSG_CTRUNC),
                 MSG_CTRUNC);
        CHECK(memcmp(data, "0123with", 8) == 0);
        close_pair(ends);
    }
}

static void a_full_queue_takes_a_part(void)
{
    int32_t ends[2], sent;

    make_pair(SOCK_DGRAM, ends);
    sent = send_words(ends[0], 1000, NULL, 0);
    CHECK(sent > 0 && sent < 1000);
    CHECK_IS(send_words(ends[0], 1, NULL, 0), -EAGAIN);
    CHECK_IS(receive_words(ends[1], EACH, 1000, IPCX_END_NEVER), sent);
    check_words(sent);
    close_pair(ends);
}

static void a_failure_is_told_of_the_first_only(void)
{
    int32_t ends[2];
    int32_t one[2 * IPCX_BATCH_SLOTS] = {0, 1, 0, 0, 1 << 20, 0};
    char *large = calloc(1, 1 << 20);

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_send_batch(ends[0], large, one, 2, NULL, 0), 1);
    CHECK_IS(ipcx_send_batch(ends[0], large, one + IPCX_BATCH_SLOTS, 1, NULL, 0),
             -EMSGSIZE);
    free(large);
    ipcx_close(ends[1]);
    CHECK_IS(receive_words(ends[0], EACH, 4, IPCX_END_HAS_NO_NAME), -ECONNRESET);
    CHECK_IS(receive_words(ends[0], EACH, 4, IPCX_END_HAS_NO_NAME), 0);
    CHECK_IS(send_words(ends[0], 1, NULL, 0), -EPIPE);
    ipcx_close(ends[0]);
    CHECK_IS(send_words(-1, 1, NULL, 0), -EBADF);
    CHECK_IS(receive_words(-1, EACH, 4, IPCX_END_HAS_NO_NAME), -EBADF);
}

static void datagrams_go_where_they_are_told(void)
{
    char name[108], long_name[109] = {0};
    uint32_t length = own_name(name);
    int32_t receiver = ipcx_socket(SOCK_DGRAM);
    int32_t sender = ipcx_socket(SOCK_DGRAM);

    CHECK_IS(ipcx_bind(receiver, name, length), 0);
    CHECK_IS(send_words(sender, 4, name, length), 4);
    CHECK_IS(receive_words(receiver, EACH, 8, IPCX_END_NEVER), 4);
    check_words(4);
    CHECK_IS(send_words(sender, 1, long_name, 109), -EINVAL);
    ipcx_close(receiver);
    CHECK_IS(send_words(sender, 1, name, length), -ECONNREFUSED);
    ipcx_close(sender);
}

void test_batches(void)
{
    RUN(batches_arrive_in_their_order);
    RUN(an_empty_packet_is_no_end);
    RUN(what_does_not_fit_is_told);
    RUN(a_full_queue_takes_a_part);
    RUN(a_failure_is_told_of_the_first_only);
    RUN(datagrams_go_where_they_are_told);
    free(data);
    free(slots);
}
