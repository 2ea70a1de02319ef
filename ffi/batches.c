/* Many messages in one call: sendmmsg(2), recvmmsg(2). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* So many in one system call; more gain nothing. */
#define CHUNK 64

#define STAMP_SIZE CMSG_SPACE(sizeof(struct timeval))

union stamp {
    struct cmsghdr align;
    char bytes[STAMP_SIZE];
};

/* Sends messages of one row: `slots` has IPCX_BATCH_SLOTS for each, of which the
 * offset in `data` and the length count. `name` may be NULL. Returns how many the
 * kernel has taken, or -errno of the first. */
int32_t ipcx_send_batch(int32_t fd, const void *data, const int32_t *slots,
                        uint32_t count, const void *name, uint32_t name_length)
{
    struct mmsghdr messages[CHUNK];
    struct iovec parts[CHUNK];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uint32_t done = 0;

    if (name_length > sizeof(address.sun_path))
        return -EINVAL;
    if (name)
        memcpy(address.sun_path, name, name_length);
    while (done < count) {
        uint32_t now = count - done < CHUNK ? count - done : CHUNK;
        int sent;

        memset(messages, 0, sizeof(*messages) * now);
        for (uint32_t i = 0; i < now; i++) {
            const int32_t *slot = slots + (done + i) * IPCX_BATCH_SLOTS;

            parts[i].iov_base = (char *)data + slot[IPCX_BATCH_OFFSET];
            parts[i].iov_len = (size_t)slot[IPCX_BATCH_LENGTH];
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            if (name) {
                messages[i].msg_hdr.msg_name = &address;
                messages[i].msg_hdr.msg_namelen =
                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                name_length);
            }
        }
        do
            sent = sendmmsg(fd, messages, now, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (sent < 0 && errno == EINTR);
        if (sent < 0)
            return done ? (int32_t)done : -errno;
        done += (uint32_t)sent;
        if ((uint32_t)sent < now)
            break;
    }
    return (int32_t)done;
}

/* Receives the packets or datagrams that are there, without their descriptors:
 * each into `each` bytes of `data`, and tells in `slots` where, how long it was
 * as sent, and its flags. `end` tells what packets have and the end of the
 * connection has not. Room for a time stamp is room for descriptors if none comes,
 * so that it is given only where one always does. Returns how many, 0 at the end,
 * or -errno of the first. */
int32_t ipcx_receive_batch(int32_t fd, void *data, uint32_t each, int32_t *slots,
                           uint32_t max, int32_t end)
{
    struct mmsghdr messages[CHUNK];
    struct iovec parts[CHUNK];
    union stamp stamps[CHUNK];
    sa_family_t families[CHUNK];
    uint32_t done = 0;

    while (done < max) {
        uint32_t now = max - done < CHUNK ? max - done : CHUNK;
        int got;

        memset(messages, 0, sizeof(*messages) * now);
        for (uint32_t i = 0; i < now; i++) {
            parts[i].iov_base = (char *)data + (size_t)(done + i) * each;
            parts[i].iov_len = each;
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            if (end == IPCX_END_HAS_NO_NAME) {
                messages[i].msg_hdr.msg_name = &families[i];
                messages[i].msg_hdr.msg_namelen = sizeof(families[i]);
            }
            if (end == IPCX_END_HAS_NO_STAMP) {
                messages[i].msg_hdr.msg_control = stamps[i].bytes;
                messages[i].msg_hdr.msg_controllen = STAMP_SIZE;
            }
        }
        do
            got = recvmmsg(fd, messages, now, MSG_TRUNC | MSG_DONTWAIT, NULL);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return done ? (int32_t)done : -errno;
        for (int i = 0; i < got; i++) {
            int32_t *slot = slots + done * IPCX_BATCH_SLOTS;

            if (end != IPCX_END_NEVER && messages[i].msg_len == 0 &&
                messages[i].msg_hdr.msg_namelen == 0 &&
                messages[i].msg_hdr.msg_controllen == 0)
                return (int32_t)done;
            slot[IPCX_BATCH_OFFSET] = (int32_t)(done * each);
            slot[IPCX_BATCH_LENGTH] = (int32_t)messages[i].msg_len;
            slot[IPCX_BATCH_FLAGS] = messages[i].msg_hdr.msg_flags;
            done++;
        }
        if ((uint32_t)got < now)
            break;
    }
    return (int32_t)done;
}
