/*
 * One end of a Unix socket, in plain C on a blocking socket: what one would write
 * by hand. The socket is descriptor 3.
 *
 *     sockets_peer --role sender|receiver --mode MODE --size N --warmup N --messages N
 *
 * Modes: one (a call a message), many (64 a call: sendmmsg, recvmmsg), file
 * (sendfile of N bytes a call from memory), pipe (the same through a pipe: splice).
 * What receives the last two reads as much as it gets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKET 3
#define BATCH 64
#define READ_SIZE (1 << 20)

struct options {
    const char *role, *mode;
    size_t size;
    unsigned long warmup, messages;
};

static void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static unsigned char *
filled(size_t size)
{
    unsigned char *data = malloc(size);

    if (!data) {
        fail("malloc");
    }
    memset(data, 1, size);
    return data;
}

static void
send_one_by_one(const struct options *options, unsigned long count)
{
    unsigned char *data = filled(options->size);

    for (unsigned long left = count; left > 0; left--) {
        for (size_t sent = 0; sent < options->size;) {
            ssize_t more = send(SOCKET, data + sent, options->size - sent, MSG_NOSIGNAL);

            if (more < 0) {
                fail("send");
            }
            sent += (size_t) more;
        }
    }
    free(data);
}

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    unsigned char *data;
};

static void
prepare(struct batch *batch, size_t size)
{
    memset(batch, 0, sizeof(*batch));
    batch->data = filled(size * BATCH);
    for (size_t at = 0; at < BATCH; at++) {
        batch->parts[at] = (struct iovec){ batch->data + at * size, size };
        batch->messages[at].msg_hdr.msg_iov = &batch->parts[at];
        batch->messages[at].msg_hdr.msg_iovlen = 1;
    }
}

static void
send_many(const struct options *options, unsigned long count)
{
    struct batch batch;

    prepare(&batch, options->size);
    while (count > 0) {
        int sent = sendmmsg(SOCKET, batch.messages, count < BATCH ? (unsigned) count : BATCH, MSG_NOSIGNAL);

        if (sent < 0) {
            fail("sendmmsg");
        }
        count -= (unsigned long) sent;
    }
    free(batch.data);
}

/* As much of a file as all messages have, so that each call has another offset. */
static int
file_of(size_t size)
{
    int file = memfd_create("sockets_peer", MFD_CLOEXEC);
    unsigned char *data = filled(size);

    if (file < 0 || write(file, data, size) != (ssize_t) size) {
        fail("memfd_create");
    }
    free(data);
    return file;
}

#define SLICES 16

static void
send_file(const struct options *options, unsigned long count)
{
    int file = file_of(options->size * SLICES);

    for (unsigned long at = 0; at < count; at++) {
        off_t offset = (off_t) (options->size * (at % SLICES));

        for (size_t left = options->size; left > 0;) {
            ssize_t sent = sendfile(SOCKET, file, &offset, left);

            if (sent <= 0) {
                fail("sendfile");
            }
            left -= (size_t) sent;
        }
    }
    close(file);
}

static void
send_through_pipe(const struct options *options, unsigned long count)
{
    int file = file_of(options->size * SLICES), ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        fail("pipe");
    }
    for (unsigned long at = 0; at < count; at++) {
        off_t offset = (off_t) (options->size * (at % SLICES));

        for (size_t left = options->size; left > 0;) {
            ssize_t in = splice(file, &offset, ends[1], NULL, left, SPLICE_F_MOVE);

            if (in <= 0) {
                fail("splice from the file");
            }
            left -= (size_t) in;
            while (in > 0) {
                ssize_t out = splice(ends[0], NULL, SOCKET, NULL, (size_t) in, SPLICE_F_MOVE);

                if (out <= 0) {
                    fail("splice to the socket");
                }
                in -= out;
            }
        }
    }
    close(file);
}

/* Counts bytes, whatever the calls give; looks at the first of each. */
struct tally {
    unsigned long bytes, touched;
};

static int
socket_type(void)
{
    int type;
    socklen_t size = sizeof(type);

    if (getsockopt(SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
        fail("getsockopt");
    }
    return type;
}

static struct tally
receive_one_by_one(const struct options *options, unsigned long count)
{
    struct tally tally = { 0 };
    size_t room = socket_type() == SOCK_STREAM && options->size < READ_SIZE ? READ_SIZE : options->size;
    unsigned char *data = filled(room);
    unsigned long wanted = count * options->size;

    while (tally.bytes < wanted) {
        size_t most = room < wanted - tally.bytes ? room : wanted - tally.bytes;
        ssize_t got = recv(SOCKET, data, most, 0);

        if (got <= 0) {
            fail("recv");
        }
        tally.bytes += (size_t) got;
        tally.touched += data[0];
    }
    free(data);
    return tally;
}

static struct tally
receive_many(const struct options *options, unsigned long count)
{
    struct tally tally = { 0 };
    struct batch batch;

    prepare(&batch, options->size);
    while (count > 0) {
        int got = recvmmsg(SOCKET, batch.messages, count < BATCH ? (unsigned) count : BATCH, MSG_WAITFORONE, NULL);

        if (got <= 0 || batch.messages[0].msg_len == 0) {
            fail("recvmmsg");
        }
        for (int at = 0; at < got; at++) {
            tally.bytes += batch.messages[at].msg_len;
        }
        tally.touched += batch.data[0];
        count -= (unsigned long) got;
    }
    free(batch.data);
    return tally;
}

static struct options
parse(int argc, char **argv)
{
    static const struct option known[] = {
        { "role", required_argument, NULL, 'r' },   { "mode", required_argument, NULL, 'd' },
        { "size", required_argument, NULL, 's' },   { "warmup", required_argument, NULL, 'w' },
        { "messages", required_argument, NULL, 'm' }, { 0 },
    };
    struct options options = { .role = "", .mode = "" };
    int letter;

    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (letter) {
        case 'r': options.role = optarg; break;
        case 'd': options.mode = optarg; break;
        case 's': options.size = strtoul(optarg, NULL, 10); break;
        case 'w': options.warmup = strtoul(optarg, NULL, 10); break;
        case 'm': options.messages = strtoul(optarg, NULL, 10); break;
        default: exit(2);
        }
    }
    if (options.size == 0 || options.warmup == 0 || options.messages == 0) {
        fputs("sockets_peer: --size, --warmup and --messages are at least 1\n", stderr);
        exit(2);
    }
    return options;
}

static void
send_all(const struct options *options)
{
    unsigned long count = options->warmup + options->messages;

    if (strcmp(options->mode, "many") == 0) {
        send_many(options, count);
    } else if (strcmp(options->mode, "file") == 0) {
        send_file(options, count);
    } else if (strcmp(options->mode, "pipe") == 0) {
        send_through_pipe(options, count);
    } else {
        send_one_by_one(options, count);
    }
}

static struct tally
receive_all(const struct options *options, unsigned long count)
{
    if (strcmp(options->mode, "many") == 0) {
        return receive_many(options, count);
    }
    return receive_one_by_one(options, count);
}

int
main(int argc, char **argv)
{
    struct options options = parse(argc, argv);

    if (strcmp(options.role, "sender") == 0) {
        send_all(&options);
        return 0;
    }
    if (strcmp(options.role, "receiver") != 0) {
        fputs("sockets_peer: --role is sender or receiver\n", stderr);
        return 2;
    }
    receive_all(&options, options.warmup);
    double started_s = now_s();
    struct tally tally = receive_all(&options, options.messages);
    double seconds = now_s() - started_s;

    printf("{\"bytes\":%lu,\"touched\":%lu,\"seconds\":%.9f}\n", tally.bytes, tally.touched, seconds);
    return 0;
}
