/* One message at a time over a blocking Unix socket, each with at most one descriptor. */
#ifndef IPCX_BENCH_BEAM_WIRE_H
#define IPCX_BENCH_BEAM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Top bit of a frame's length. */
#define HAS_DESCRIPTOR 0x80000000u
#define HEADER_SIZE ((size_t) 4)

struct message {
    const unsigned char *data;
    size_t size;
    int descriptor; /* The caller's to close; -1 for none. */
};

struct reader {
    int socket;
    bool is_exact; /* Reads no further than the message goes, as one does without a buffer. */
    unsigned char *buffer;
    size_t capacity, start, end;
    int descriptors[4]; /* Those whose header is still to come, in order. */
    unsigned waiting;
};

void fail(const char *what);

/* Sends a message as it is, or with its length before it; the descriptor stays the caller's. */
void send_bare(int socket, const struct message *message);
void send_framed(int socket, const struct message *message);

struct reader reader_make(int socket, size_t size_max, bool is_exact);

/* The data is the reader's until the next call. Ends the process at the end of the stream. */
struct message receive_bare(struct reader *reader);
struct message receive_framed(struct reader *reader);

/* The payload goes as a sealed file, the message says how large it is. It is copied to the caller's memory. */
void send_sealed(int socket, const struct message *message);
struct message receive_sealed(struct reader *reader, unsigned char *payload, size_t size_max);

#endif
