#define _GNU_SOURCE
#include "broker_wire.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define KEY_MAX 1024
#define UNCLOSED_MAX 256
#define GET_PAIR 1
#define SET_PAIR 2
#define PROTOCOL_VERSION 1
#define SET_PAIR_SIZE 8

struct message {
    uint32_t request;
    uint32_t flags;
    uint32_t size;
    uint16_t mode;
    uint16_t key_len;
    uint8_t key[KEY_MAX];
    /* The reference structure ends in these where a u64 is aligned to 8 bytes;
     * its client library takes a reply of no other size. */
    uint8_t padding[4];
};

_Static_assert(sizeof(struct message) == 1044, "the size on the wire");

static uint64_t watchdog_limit_ns;

uint64_t
wire_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

bool
wire_address_parse(struct wire_address *address, const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len >= sizeof address->sun.sun_path) {
        return false;
    }
    memset(address, 0, sizeof *address);
    address->sun.sun_family = AF_UNIX;
    memcpy(address->sun.sun_path, text, len);
    address->len = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len);
    if (text[0] == '@') {
        /* The length is part of an abstract name: no terminator. */
        address->sun.sun_path[0] = '\0';
    } else {
        address->len++;
    }
    return true;
}

static void
on_alarm(int signal_number)
{
    (void) signal_number;
}

/* One periodic signal for the process, because SO_RCVTIMEO and SO_SNDTIMEO
 * would cost two system calls on every connection. It repeats, so one that
 * lands just before a call blocks is not the last. */
void
wire_watchdog_start(unsigned limit_ms)
{
    struct sigaction action = { .sa_handler = on_alarm };
    struct itimerval period = { { 0, 500000 }, { 0, 500000 } };

    watchdog_limit_ns = (uint64_t) limit_ms * 1000000u;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &period, NULL);
}

/* The clock is read only after an interruption, which keeps the undisturbed
 * path free of it. */
static bool
waited_too_long(uint64_t *first_ns)
{
    uint64_t now_ns = wire_now_ns();

    if (*first_ns == 0) {
        *first_ns = now_ns;
    }
    return now_ns - *first_ns > watchdog_limit_ns;
}

static bool
connect_patiently(int fd, const struct wire_address *address)
{
    uint64_t first_ns = 0;

    while (connect(fd, (const struct sockaddr *) &address->sun, address->len)) {
        bool backlog_full = errno == EAGAIN;

        if ((errno != EINTR && !backlog_full) || waited_too_long(&first_ns)) {
            return false;
        }
        if (backlog_full) {
            nanosleep(&(struct timespec) { .tv_nsec = 50000 }, NULL);
        }
    }
    return true;
}

int
wire_request(const struct wire_address *address, enum wire_mode mode,
             const char *key)
{
    struct message message = {
        .request = GET_PAIR,
        .flags = PROTOCOL_VERSION,
        .size = offsetof(struct message, padding) - offsetof(struct message, mode),
        .mode = (uint16_t) mode,
        .key_len = (uint16_t) strlen(key),
    };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    memcpy(message.key, key, message.key_len);
    /* The first message into a fresh socket fits its buffer: no EINTR. */
    if (connect_patiently(fd, address)
        && send(fd, &message, sizeof message, MSG_NOSIGNAL)
               == (ssize_t) sizeof message) {
        return fd;
    }
    close(fd);
    return -1;
}

static int unclosed[UNCLOSED_MAX];
static unsigned unclosed_count;

void
wire_close_later(int fd)
{
    if (fd < 0) {
        return;
    }
    if (unclosed_count == UNCLOSED_MAX) {
        wire_close_all();
    }
    unclosed[unclosed_count++] = fd;
}

void
wire_close_all(void)
{
    for (unsigned i = 0; i < unclosed_count; i++) {
        close(unclosed[i]);
    }
    unclosed_count = 0;
}

static int
sole_descriptor(struct msghdr *header)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    int fds[2];

    if (!control || control->cmsg_level != SOL_SOCKET
        || control->cmsg_type != SCM_RIGHTS) {
        return -1;
    }
    size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof fds[0];

    memcpy(fds, CMSG_DATA(control), count * sizeof fds[0]);
    if (count == 1 && !(header->msg_flags & MSG_CTRUNC)) {
        return fds[0];
    }
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
    }
    return -1;
}

/* The whole reply has to come from one recvmsg, because the reference client
 * library accepts nothing else. */
int
wire_reply(int fd)
{
    struct message reply;
    /* Room for two descriptors, so that one too many shows. */
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = { .iov_base = &reply, .iov_len = sizeof reply };
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    uint64_t first_ns = 0;
    ssize_t received;

    while ((received = recvmsg(fd, &header, MSG_CMSG_CLOEXEC)) < 0) {
        if (errno != EINTR || waited_too_long(&first_ns)) {
            return -1;
        }
    }
    int passed = sole_descriptor(&header);

    if (passed >= 0
        && (received != (ssize_t) sizeof reply || reply.request != SET_PAIR
            || reply.flags != PROTOCOL_VERSION
            || reply.size != SET_PAIR_SIZE)) {
        close(passed);
        return -1;
    }
    return passed;
}

bool
wire_byte_crosses(int from, int to)
{
    uint64_t first_ns = 0;
    char sent = 'x', seen = 0;

    if (send(from, &sent, 1, MSG_NOSIGNAL) != 1) {
        return false;
    }
    while (recv(to, &seen, 1, 0) < 0) {
        if (errno != EINTR || waited_too_long(&first_ns)) {
            return false;
        }
    }
    return seen == sent;
}
