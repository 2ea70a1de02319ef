/*
 * One end of a stream of messages, in plain C on a blocking socket: what one would
 * write by hand. The socket is descriptor 3; what the sender attaches is descriptor 4.
 *
 *     beam_peer --role sender|receiver --size N --warmup N --messages N [--descriptor] [--framed] [--exact]
 *               [--sealed]
 */
#define _GNU_SOURCE
#include "beam_wire.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOCKET 3
#define ATTACHMENT 4
#define CACHE_LINE 64

struct options {
    const char *role;
    size_t size;
    unsigned long warmup, messages;
    bool has_descriptor, is_framed, is_exact, is_sealed;
};

struct tally {
    unsigned long messages, bytes, descriptors, touched;
};

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
send_messages(const struct options *options)
{
    unsigned char *data = malloc(options->size);

    if (!data) {
        fail("malloc");
    }
    memset(data, 1, options->size);
    struct message message = { data, options->size, options->has_descriptor ? ATTACHMENT : -1 };

    for (unsigned long left = options->warmup + options->messages; left > 0; left--) {
        if (options->is_sealed) {
            send_sealed(SOCKET, &message);
        } else if (options->is_framed) {
            send_framed(SOCKET, &message);
        } else {
            send_bare(SOCKET, &message);
        }
    }
    free(data);
}

static struct tally
receive_messages(const struct options *options, struct reader *reader, unsigned long count)
{
    struct tally tally = { .messages = count };
    unsigned char *payload = malloc(options->size);

    if (!payload) {
        fail("malloc");
    }
    for (unsigned long left = count; left > 0; left--) {
        struct message message = options->is_sealed   ? receive_sealed(reader, payload, options->size)
                                 : options->is_framed ? receive_framed(reader)
                                                      : receive_bare(reader);

        if (message.size != options->size) {
            errno = 0;
            fail("the size of a message");
        }
        tally.bytes += message.size;
        for (size_t at = 0; at < message.size; at += CACHE_LINE) {
            tally.touched += message.data[at];
        }
        if (message.descriptor >= 0) {
            close(message.descriptor);
            tally.descriptors++;
        }
    }
    free(payload);
    return tally;
}

static struct options
parse(int argc, char **argv)
{
    static const struct option known[] = {
        { "role", required_argument, NULL, 'r' },
        { "size", required_argument, NULL, 's' },
        { "warmup", required_argument, NULL, 'w' },
        { "messages", required_argument, NULL, 'm' },
        { "descriptor", no_argument, NULL, 'd' },
        { "framed", no_argument, NULL, 'f' },
        { "exact", no_argument, NULL, 'e' },
        { "sealed", no_argument, NULL, 'c' },
        { 0 },
    };
    struct options options = { .role = "" };
    int letter;

    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (letter) {
        case 'r': options.role = optarg; break;
        case 's': options.size = strtoul(optarg, NULL, 10); break;
        case 'w': options.warmup = strtoul(optarg, NULL, 10); break;
        case 'm': options.messages = strtoul(optarg, NULL, 10); break;
        case 'd': options.has_descriptor = true; break;
        case 'f': options.is_framed = true; break;
        case 'e': options.is_exact = true; break;
        case 'c': options.is_sealed = true; break;
        default: exit(2);
        }
    }
    if (options.size == 0 || options.warmup == 0 || options.messages == 0) {
        fputs("beam_peer: --size, --warmup and --messages are at least 1\n", stderr);
        exit(2);
    }
    return options;
}

int
main(int argc, char **argv)
{
    struct options options = parse(argc, argv);

    if (strcmp(options.role, "sender") == 0) {
        send_messages(&options);
        return 0;
    }
    if (strcmp(options.role, "receiver") != 0) {
        fputs("beam_peer: --role is sender or receiver\n", stderr);
        return 2;
    }
    struct reader reader = reader_make(SOCKET, options.size, options.is_exact);

    receive_messages(&options, &reader, options.warmup);
    double started_s = now_s();
    struct tally tally = receive_messages(&options, &reader, options.messages);
    double seconds = now_s() - started_s;

    free(reader.buffer);
    printf("{\"messages\":%lu,\"bytes\":%lu,\"descriptors\":%lu,\"touched\":%lu,\"seconds\":%.9f}\n",
           tally.messages, tally.bytes, tally.descriptors, tally.touched, seconds);
    return 0;
}
