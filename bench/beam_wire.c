#define _GNU_SOURCE
#include "beam_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BUFFER_SIZE ((size_t) 64 * 1024)

/* Room for one descriptor; more are cut off by the kernel, which is an error here. */
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

void
fail(const char *what)
{
    fprintf(stderr, "beam_peer: %s: %s\n", what, errno ? strerror(errno) : "not as expected");
    exit(1);
}

static void
attach(struct msghdr *header, union control *control, int descriptor)
{
    header->msg_control = control;
    header->msg_controllen = sizeof *control;
    struct cmsghdr *rights = CMSG_FIRSTHDR(header);

    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
}

/* Leaves in iov what is still to be sent. */
static unsigned
skip(struct iovec *iov, unsigned count, size_t sent)
{
    unsigned done = 0;

    while (done < count && sent >= iov[done].iov_len) {
        sent -= iov[done++].iov_len;
    }
    if (done < count) {
        iov[done].iov_base = (char *) iov[done].iov_base + sent;
        iov[done].iov_len -= sent;
    }
    return done;
}

static void
send_all(int socket, struct iovec *iov, unsigned count, int descriptor)
{
    union control control = { 0 };
    struct msghdr header = { 0 };

    if (descriptor >= 0) {
        attach(&header, &control, descriptor);
    }
    while (count > 0) {
        header.msg_iov = iov;
        header.msg_iovlen = count;
        ssize_t sent = sendmsg(socket, &header, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            fail("sendmsg");
        }
        /* It went with the first byte. */
        header.msg_control = NULL;
        header.msg_controllen = 0;
        unsigned done = skip(iov, count, (size_t) sent);

        iov += done;
        count -= done;
    }
}

void
send_bare(int socket, const struct message *message)
{
    struct iovec iov = { (void *) message->data, message->size };

    send_all(socket, &iov, 1, message->descriptor);
}

void
send_framed(int socket, const struct message *message)
{
    uint32_t length = (uint32_t) message->size | (message->descriptor < 0 ? 0 : HAS_DESCRIPTOR);
    uint32_t wire = htonl(length);
    struct iovec iov[] = { { &wire, sizeof wire }, { (void *) message->data, message->size } };

    send_all(socket, iov, 2, message->descriptor);
}

struct reader
reader_make(int socket, size_t size_max, bool is_exact)
{
    struct reader reader = { .socket = socket, .is_exact = is_exact };

    reader.capacity = HEADER_SIZE + size_max > BUFFER_SIZE ? HEADER_SIZE + size_max : BUFFER_SIZE;
    reader.buffer = malloc(reader.capacity);
    if (!reader.buffer) {
        fail("malloc");
    }
    return reader;
}

static void
keep(struct reader *reader, int descriptor)
{
    if (reader->waiting == sizeof reader->descriptors / sizeof *reader->descriptors) {
        errno = 0;
        fail("descriptors without a message");
    }
    reader->descriptors[reader->waiting++] = descriptor;
}

static int
take(struct reader *reader)
{
    if (reader->waiting == 0) {
        return -1;
    }
    int first = reader->descriptors[0];

    reader->waiting--;
    memmove(reader->descriptors, reader->descriptors + 1, reader->waiting * sizeof first);
    return first;
}

static void
fill(struct reader *reader, size_t most)
{
    union control control;
    struct iovec iov = { reader->buffer + reader->end, most };
    struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t got;

    do {
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        got = recvmsg(reader->socket, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        fail("recvmsg");
    }
    if (got == 0 || (header.msg_flags & MSG_CTRUNC)) {
        errno = 0;
        fail(got == 0 ? "the end of the stream" : "descriptors that were cut off");
    }
    reader->end += (size_t) got;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            int descriptor;

            memcpy(&descriptor, CMSG_DATA(c), sizeof descriptor);
            keep(reader, descriptor);
        }
    }
}

struct message
receive_bare(struct reader *reader)
{
    reader->end = 0;
    fill(reader, reader->capacity);
    return (struct message) { reader->buffer, reader->end, take(reader) };
}

/* Sees to it that as many bytes are in the buffer. */
static void
need(struct reader *reader, size_t size)
{
    if (size > reader->capacity) {
        errno = EMSGSIZE;
        fail("frame");
    }
    if (reader->capacity - reader->start < size || reader->start == reader->end) {
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    while (reader->end - reader->start < size) {
        size_t missing = size - (reader->end - reader->start);

        fill(reader, reader->is_exact ? missing : reader->capacity - reader->end);
    }
}

struct message
receive_framed(struct reader *reader)
{
    uint32_t wire;

    need(reader, HEADER_SIZE);
    memcpy(&wire, reader->buffer + reader->start, sizeof wire);
    uint32_t length = ntohl(wire);
    size_t size = length & ~HAS_DESCRIPTOR;
    int descriptor = length & HAS_DESCRIPTOR ? take(reader) : -1;

    need(reader, HEADER_SIZE + size);
    const unsigned char *data = reader->buffer + reader->start + HEADER_SIZE;

    reader->start += HEADER_SIZE + size;
    return (struct message) { data, size, descriptor };
}
