/* Payloads that move as a file of their own: memfd_create(2), sealed against every change. */
#define _GNU_SOURCE
#include "beam_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

void
send_sealed(int socket, const struct message *message)
{
    uint64_t size = message->size;
    int file = memfd_create("payload", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file < 0) {
        fail("memfd_create");
    }
    for (size_t at = 0; at < message->size;) {
        ssize_t written = write(file, message->data + at, message->size - at);

        if (written < 0) {
            fail("write");
        }
        at += (size_t) written;
    }
    if (fcntl(file, F_ADD_SEALS, SEALS) < 0) {
        fail("fcntl");
    }
    struct message envelope = { (const unsigned char *) &size, sizeof size, file };

    send_bare(socket, &envelope);
    close(file);
}

struct message
receive_sealed(struct reader *reader, unsigned char *payload, size_t size_max)
{
    struct message envelope = receive_bare(reader);
    uint64_t size = envelope.size == sizeof size ? *(const uint64_t *) envelope.data : 0;

    errno = 0;
    if (envelope.descriptor < 0 || size > size_max || (fcntl(envelope.descriptor, F_GET_SEALS) & SEALS) != SEALS) {
        fail("a sealed file");
    }
    for (size_t at = 0; at < size;) {
        ssize_t got = pread(envelope.descriptor, payload + at, size - at, (off_t) at);

        if (got <= 0) {
            fail("pread");
        }
        at += (size_t) got;
    }
    close(envelope.descriptor);
    return (struct message) { payload, size, -1 };
}
