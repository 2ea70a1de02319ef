/* Messages with ancillary data: sendmsg(2), recvmsg(2), unix(7). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/* Room for everything that the kernel may attach at once: a buffer that is too
 * small loses descriptors, and credentials, which come first, push them out. */
#define CONTROL_SIZE                                                           \
    (CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int)) +              \
     CMSG_SPACE(sizeof(struct timeval)) +                                      \
     CMSG_SPACE(sizeof(int) * IPCX_MAX_FDS))

union control {
    struct cmsghdr align;
    char bytes[CONTROL_SIZE];
};

/* Appends one control message and returns the bytes now used. */
static size_t append(union control *control, size_t used, int type,
                     const void *data, size_t size)
{
    struct cmsghdr *header = (struct cmsghdr *)(control->bytes + used);

    memset(header, 0, CMSG_SPACE(size));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), data, size);
    return used + CMSG_SPACE(size);
}

/* The name of a receiver as sendmsg(2) takes it, if there is any. */
static void address_to(struct msghdr *message, struct sockaddr_un *address,
                       const void *name, uint32_t name_length)
{
    if (!name)
        return;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, name_length);
    message->msg_name = address;
    message->msg_namelen =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name_length);
}

/* Sends one message that is gathered from several places; `parts` are pairs of
 * an address and a length, as struct iovec has them. Else as ipcx_send(). */
int32_t ipcx_send_parts(int32_t fd, const void *parts, uint32_t n_parts,
                        const int32_t *fds, uint32_t n_fds,
                        const int32_t *credentials, const void *name,
                        uint32_t name_length, int32_t flags)
{
    union control control;
    struct sockaddr_un address;
    struct msghdr message = {.msg_iov = (struct iovec *)parts,
                             .msg_iovlen = n_parts};
    size_t used = 0;
    ssize_t sent;

    if (n_fds > IPCX_MAX_FDS || name_length > sizeof(address.sun_path))
        return -EINVAL;
    if (credentials) {
        struct ucred sender = {.pid = credentials[0],
                               .uid = (uid_t)credentials[1],
                               .gid = (gid_t)credentials[2]};
        used = append(&control, used, SCM_CREDENTIALS, &sender, sizeof(sender));
    }
    if (n_fds)
        used = append(&control, used, SCM_RIGHTS, fds, sizeof(int) * n_fds);
    if (used) {
        message.msg_control = control.bytes;
        message.msg_controllen = used;
    }
    address_to(&message, &address, name, name_length);
    do
        sent = sendmsg(fd, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : (int32_t)sent;
}

/* Sends one message. `fds` stay with the caller. `credentials` (pid, uid, gid)
 * and `name` may be NULL. Never raises SIGPIPE. */
int32_t ipcx_send(int32_t fd, const void *data, uint32_t length,
                  const int32_t *fds, uint32_t n_fds,
                  const int32_t *credentials, const void *name,
                  uint32_t name_length, int32_t flags)
{
    struct iovec part = {.iov_base = (void *)data, .iov_len = length};

    if (length > INT_MAX)
        return -EINVAL;
    return ipcx_send_parts(fd, &part, 1, fds, n_fds, credentials, name,
                           name_length, flags);
}

/* Sends bytes with nothing along: a sixth faster than ipcx_send(). */
int32_t ipcx_send_bytes(int32_t fd, const void *data, uint32_t length,
                        int32_t flags)
{
    ssize_t sent;

    if (length > INT_MAX)
        return -EINVAL;
    do
        sent = send(fd, data, length, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : (int32_t)sent;
}

/* Takes the descriptors of one SCM_RIGHTS and closes those beyond `max`. */
static void take_descriptors(const struct cmsghdr *header, int32_t *fds,
                             uint32_t max, int32_t *received)
{
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

    for (size_t i = 0; i < count; i++) {
        int fd;

        memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
        if ((uint32_t)received[IPCX_RECEIVED_FDS] < max) {
            fds[received[IPCX_RECEIVED_FDS]++] = fd;
        } else {
            close(fd);
            received[IPCX_RECEIVED_SURPLUS]++;
        }
    }
}

static void take_ancillary(struct msghdr *message, int32_t *fds,
                           uint32_t max_fds, int32_t *received)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET)
            continue;
        if (header->cmsg_type == SCM_RIGHTS) {
            take_descriptors(header, fds, max_fds, received);
        } else if (header->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;

            memcpy(&sender, CMSG_DATA(header), sizeof(sender));
            received[IPCX_RECEIVED_CREDENTIALS] = 1;
            received[IPCX_RECEIVED_PID] = sender.pid;
            received[IPCX_RECEIVED_UID] = (int32_t)sender.uid;
            received[IPCX_RECEIVED_GID] = (int32_t)sender.gid;
        } else if (header->cmsg_type == SCM_PIDFD) {
            int pidfd;

            /* A negative error number when the kernel could not open one. */
            memcpy(&pidfd, CMSG_DATA(header), sizeof(pidfd));
            received[IPCX_RECEIVED_PIDFD] = pidfd < 0 ? -1 : pidfd;
        } else if (header->cmsg_type == SCM_TIMESTAMP) {
            received[IPCX_RECEIVED_STAMPED] = 1;
        }
    }
}

/* Receives one message, into several places: `parts` as for ipcx_send_parts().
 * Of its descriptors the first `max_fds` go to `fds`, all close-on-exec, and are
 * the caller's; the rest are closed and counted. When the kernel had to drop
 * some (MSG_CTRUNC) the set is not what the sender meant: those that did arrive
 * are closed and counted too. `received` has IPCX_RECEIVED_SLOTS slots, `name`
 * IPCX_NAME_SIZE bytes or is NULL. */
int32_t ipcx_receive_parts(int32_t fd, const void *parts, uint32_t n_parts,
                           int32_t *fds, uint32_t max_fds, int32_t *received,
                           void *name, int32_t flags)
{
    union control control;
    struct sockaddr_storage address;
    struct msghdr message = {.msg_iov = (struct iovec *)parts,
                             .msg_iovlen = n_parts,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got;

    if (name) {
        message.msg_name = &address;
        message.msg_namelen = sizeof(address);
    }
    do
        got = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    memset(received, 0, sizeof(*received) * IPCX_RECEIVED_SLOTS);
    received[IPCX_RECEIVED_FLAGS] = message.msg_flags;
    received[IPCX_RECEIVED_PIDFD] = -1;
    take_ancillary(&message, fds, max_fds, received);
    if (message.msg_flags & MSG_CTRUNC) {
        while (received[IPCX_RECEIVED_FDS] > 0) {
            close(fds[--received[IPCX_RECEIVED_FDS]]);
            received[IPCX_RECEIVED_SURPLUS]++;
        }
    }
    if (name && message.msg_namelen > offsetof(struct sockaddr_un, sun_path)) {
        size_t bytes =
            message.msg_namelen - offsetof(struct sockaddr_un, sun_path);

        if (bytes > IPCX_NAME_SIZE)
            bytes = IPCX_NAME_SIZE;
        memcpy(name, (char *)&address + offsetof(struct sockaddr_un, sun_path),
               bytes);
        received[IPCX_RECEIVED_NAME_LENGTH] = (int32_t)bytes;
    }
    received[IPCX_RECEIVED_LENGTH] = (int32_t)got;
    return (int32_t)got;
}

/* Receives one message into one place; else as ipcx_receive_parts(). */
int32_t ipcx_receive(int32_t fd, void *data, uint32_t length, int32_t *fds,
                     uint32_t max_fds, int32_t *received, void *name,
                     int32_t flags)
{
    struct iovec part = {.iov_base = data, .iov_len = length};

    if (length > INT_MAX)
        return -EINVAL;
    return ipcx_receive_parts(fd, &part, 1, fds, max_fds, received, name, flags);
}

/* Receives the messages that are there, one behind the other: of each at most
 * `each` bytes and `each_fds` descriptors, as ipcx_receive() does, but of the
 * name they came from only whether there is one. Stops when less than that is left of `data` or
 * `fds`, which gives 0 if it is so from the beginning, or at the end of the
 * connection, which counts as a message of no bytes. It stops behind a message
 * of which the kernel dropped descriptors, too: those of the next ones may find
 * room once the caller has closed some. `received` has
 * IPCX_RECEIVED_SLOTS slots for each of the `max` messages. A failure behind
 * others counts as a message, too, of which only the length is set, to -errno:
 * told once by the kernel, it would be lost. Returns how many, or -errno of the
 * first. */
int32_t ipcx_receive_many(int32_t fd, void *data, uint32_t size, uint32_t each,
                          int32_t *fds, uint32_t n_fds, uint32_t each_fds,
                          int32_t *received, uint32_t max, int32_t flags)
{
    char name[IPCX_NAME_SIZE];
    uint32_t used = 0, taken = 0;
    int32_t count = 0;

    while ((uint32_t)count < max && size - used >= each &&
           n_fds - taken >= each_fds) {
        int32_t *slots = received + count * IPCX_RECEIVED_SLOTS;
        int32_t got = ipcx_receive(fd, (char *)data + used, each, fds + taken,
                                   each_fds, slots, name, flags);

        if (got < 0 && count == 0)
            return got;
        if (got == -EAGAIN)
            break;
        count++;
        if (got < 0)
            slots[IPCX_RECEIVED_LENGTH] = got;
        if (got < 0 || (got == 0 && !slots[IPCX_RECEIVED_STAMPED] &&
                        !slots[IPCX_RECEIVED_NAME_LENGTH]))
            break;
        if (slots[IPCX_RECEIVED_FLAGS] & MSG_CTRUNC)
            break;
        used += (uint32_t)got < each ? (uint32_t)got : each;
        taken += (uint32_t)slots[IPCX_RECEIVED_FDS];
    }
    return count;
}

/* A peer that closed its socket, or will not read any more. Sending nothing
 * tells, without sending; one that only shut down its sending side still reads. */
static int is_gone(int fd)
{
    return send(fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN;
}

/* Makes a connected pair of stream sockets and sends one end to each of two
 * peers, with the message or as much of it as each expects, which is at least a
 * byte. One call, because a broker does nothing else.
 * The first peer has waited and may be gone without our knowing; so the second
 * is looked at before anything is sent, and a failure for either leaves the
 * other without a dead socket in its hands. If the second end cannot be sent
 * once the first was, it is kept, open, in handed[IPCX_HANDED_KEPT]. */
int32_t ipcx_hand_out_pair(int32_t first, uint32_t first_length, int32_t second,
                           uint32_t second_length, const void *message,
                           int32_t *handed)
{
    int32_t ends[2];
    int32_t result;

    handed[IPCX_HANDED_ERRNO] = 0;
    handed[IPCX_HANDED_KEPT] = -1;
    if (is_gone(second)) {
        handed[IPCX_HANDED_ERRNO] = EPIPE;
        return IPCX_HAND_OUT_SECOND_GONE;
    }
    /* Blocking, as clients of the protocol expect of what they are given. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        handed[IPCX_HANDED_ERRNO] = errno;
        return IPCX_HAND_OUT_NO_PAIR;
    }
    result = ipcx_send(first, message, first_length, &ends[0], 1, NULL, NULL, 0,
                       0);
    if (result < 0) {
        handed[IPCX_HANDED_ERRNO] = -result;
        close(ends[0]);
        close(ends[1]);
        return IPCX_HAND_OUT_FIRST_FAILED;
    }
    result = ipcx_send(second, message, second_length, &ends[1], 1, NULL, NULL, 0,
                       0);
    close(ends[0]);
    if (result < 0) {
        handed[IPCX_HANDED_ERRNO] = -result;
        handed[IPCX_HANDED_KEPT] = ends[1];
        return IPCX_HAND_OUT_SECOND_FAILED;
    }
    close(ends[1]);
    return IPCX_HAND_OUT_DONE;
}
