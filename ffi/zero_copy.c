/* From one descriptor to another without a copy in between: sendfile(2),
 * splice(2), tee(2), vmsplice(2).
 *
 * Nothing waits for a socket or a pipe that is nonblocking. None of these calls
 * can be told not to raise SIGPIPE: the process has to ignore it, as Deno does. */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

/* As much as the largest pipe takes that anybody may make. */
#define PUMP_BYTES (1 << 20)

static int64_t number_of(uint32_t low, uint32_t high)
{
    return (int64_t)((uint64_t)high << 32 | low);
}

/* Why a call would have had to wait, which its error leaves open. When both
 * sides are ready by now it is worth another attempt, but not at once: short of
 * memory, a socket that polls as writable may take nothing. */
static int32_t reason_to_wait(int32_t from, int32_t to)
{
    struct pollfd sides[2] = {{.fd = from, .events = POLLIN},
                              {.fd = to, .events = POLLOUT}};

    if (poll(sides, 2, 0) < 0)
        return IPCX_MOVE_DONE;
    if (sides[0].revents == 0)
        return IPCX_MOVE_EMPTY;
    return sides[1].revents == 0 ? IPCX_MOVE_FULL : IPCX_MOVE_DONE;
}

/* Sends a part of a file, whose own position stays where it is. What was sent
 * is counted also if it ends with an error. */
int32_t ipcx_send_file(int32_t to, int32_t file, uint32_t offset_low,
                       uint32_t offset_high, uint32_t count, int32_t *moved)
{
    off_t offset = number_of(offset_low, offset_high);
    uint32_t sent = 0;
    int32_t end = IPCX_MOVE_DONE;

    while (sent < count && end == IPCX_MOVE_DONE) {
        ssize_t more = sendfile(to, file, &offset, count - sent);

        if (more > 0)
            sent += (uint32_t)more;
        /* EOVERFLOW: past the largest file that the file system could have. */
        else if (more == 0 || errno == EOVERFLOW)
            end = IPCX_MOVE_ENDED;
        else if (errno == EAGAIN)
            end = IPCX_MOVE_FULL;
        else if (errno != EINTR)
            end = -errno;
    }
    moved[IPCX_MOVED_BYTES] = (int32_t)sent;
    return end;
}

/* splice(2), once. */
static ssize_t splice_some(int32_t from, off64_t *from_at, int32_t to,
                           off64_t *to_at, size_t count, unsigned flags)
{
    ssize_t moved;

    do
        moved = splice(from, from_at, to, to_at, count,
                       SPLICE_F_NONBLOCK | flags);
    while (moved < 0 && errno == EINTR);
    return moved;
}

/* Moves bytes into a pipe or out of one. The offset, if there is one, is that
 * of the side that is a file. What was moved is counted also if it ends with an
 * error. */
int32_t ipcx_splice(int32_t from, int32_t to, uint32_t count, int32_t flags,
                    uint32_t offset_low, uint32_t offset_high, int32_t *moved)
{
    off64_t offset = number_of(offset_low, offset_high);
    off64_t *from_at = flags & IPCX_SPLICE_FROM_AT ? &offset : NULL;
    off64_t *to_at = flags & IPCX_SPLICE_TO_AT ? &offset : NULL;
    unsigned more = flags & IPCX_SPLICE_MORE ? SPLICE_F_MORE : 0;
    uint32_t sum = 0;
    int32_t end = IPCX_MOVE_DONE;

    while (sum < count && end == IPCX_MOVE_DONE) {
        ssize_t some = splice_some(from, from_at, to, to_at, count - sum, more);

        if (some > 0) {
            sum += (uint32_t)some;
        } else if (some == 0) {
            end = IPCX_MOVE_ENDED;
        } else if (errno != EAGAIN) {
            end = -errno;
        } else {
            end = reason_to_wait(from, to);
            break;
        }
    }
    moved[IPCX_MOVED_BYTES] = (int32_t)sum;
    return end;
}

/* Duplicates what a pipe has, from its beginning, into another one: once, since
 * the next call would duplicate the same again. */
int32_t ipcx_tee(int32_t from, int32_t to, uint32_t count, int32_t *moved)
{
    ssize_t some;

    moved[IPCX_MOVED_BYTES] = 0;
    do
        some = tee(from, to, count, SPLICE_F_NONBLOCK);
    while (some < 0 && errno == EINTR);
    if (some < 0)
        return errno == EAGAIN ? reason_to_wait(from, to) : -errno;
    moved[IPCX_MOVED_BYTES] = (int32_t)some;
    return some == 0 && count > 0 ? IPCX_MOVE_ENDED : IPCX_MOVE_DONE;
}

/* Puts pages of memory into a pipe. They stay the caller's, and whoever reads
 * the pipe sees what is in them by then. -EAGAIN if the pipe is full. */
int32_t ipcx_vmsplice(int32_t to, const void *memory, uint32_t offset,
                      uint32_t length)
{
    struct iovec part = {.iov_base = (char *)memory + offset,
                         .iov_len = length};
    int flags = fcntl(to, F_GETFL);
    ssize_t some;

    if (flags < 0)
        return -errno;
    /* From the end that is read, vmsplice(2) would write into the memory. */
    if ((flags & O_ACCMODE) == O_RDONLY)
        return -EBADF;
    do
        some = vmsplice(to, &part, 1, SPLICE_F_NONBLOCK);
    while (some < 0 && errno == EINTR);
    return some < 0 ? -errno : (int32_t)some;
}

/* Moves bytes through a pipe, in which moved[IPCX_MOVED_HELD] of them are already
 * and as many are left in the end, until at least `count` have arrived or until it
 * would have to wait. The pipe is filled only once it is empty: so it is clear
 * which side has to be waited for, and nothing is lost when `from` fails. */
int32_t ipcx_pump(int32_t from, int32_t to, int32_t reader, int32_t writer,
                  uint32_t count, int32_t *moved)
{
    uint32_t arrived = 0;
    int32_t held = moved[IPCX_MOVED_HELD], end = IPCX_MOVE_DONE;

    moved[IPCX_MOVED_SIDE] = IPCX_SIDE_NONE;
    while (arrived < count && end == IPCX_MOVE_DONE) {
        ssize_t some;

        if (held == 0) {
            some = splice_some(from, NULL, writer, NULL, PUMP_BYTES, 0);
            if (some == 0) {
                end = IPCX_MOVE_ENDED;
            } else if (some < 0) {
                end = errno == EAGAIN ? IPCX_MOVE_EMPTY : -errno;
                moved[IPCX_MOVED_SIDE] = IPCX_SIDE_FROM;
            }
            if (some <= 0)
                break;
            held = (int32_t)some;
        }
        some = splice_some(reader, NULL, to, NULL, (size_t)held, 0);
        if (some > 0) {
            arrived += (uint32_t)some;
            held -= (int32_t)some;
        } else {
            end = some < 0 && errno == EAGAIN ? IPCX_MOVE_FULL
                  : some < 0                  ? -errno
                                              : -EIO;
            moved[IPCX_MOVED_SIDE] = IPCX_SIDE_TO;
        }
    }
    moved[IPCX_MOVED_BYTES] = (int32_t)arrived;
    moved[IPCX_MOVED_HELD] = held;
    return end;
}
