/* Descriptors, and the names of what can go wrong with them. */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int32_t result_of(int value)
{
    return value < 0 ? -errno : value;
}

/* Closes once. After EINTR Linux has closed it all the same, and the number may
 * be somebody else's by now: never again. */
int32_t ipcx_close(int32_t fd)
{
    if (close(fd) < 0 && errno != EINTR)
        return -errno;
    return 0;
}

/* Closes many in a row. Returns how many. */
int32_t ipcx_close_all(const int32_t *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        close(fds[i]);
    return (int32_t)count;
}

/* Frees the number of an inherited descriptor. A standard stream becomes
 * /dev/null: if its number were free, the next descriptor would pass for it. */
int32_t ipcx_vacate(int32_t fd)
{
    int nothing, result;

    if (fd > STDERR_FILENO)
        return ipcx_close(fd);
    nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0)
        return -errno;
    result = result_of(dup2(nothing, fd));
    close(nothing);
    return result;
}

/* A close-on-exec duplicate, above the standard streams. */
int32_t ipcx_duplicate(int32_t fd)
{
    return result_of(fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

/* The same, at the first free number from `least` on. -EINVAL if RLIMIT_NOFILE
 * does not reach as far. */
int32_t ipcx_duplicate_from(int32_t fd, int32_t least)
{
    return result_of(fcntl(fd, F_DUPFD_CLOEXEC, least));
}

int32_t ipcx_is_close_on_exec(int32_t fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags < 0 ? -errno : !!(flags & FD_CLOEXEC);
}

int32_t ipcx_keep_on_exec(int32_t fd)
{
    return result_of(fcntl(fd, F_SETFD, 0));
}

int32_t ipcx_set_nonblocking(int32_t fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    if (flags & O_NONBLOCK)
        return 0;
    return result_of(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

/* For those who are handed a descriptor and expect to wait in their calls. */
int32_t ipcx_set_blocking(int32_t fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -errno
                     : result_of(fcntl(fd, F_SETFL, flags & ~O_NONBLOCK));
}

/* A descriptor that stands for a place in the file system and, unless asked for
 * more, nothing else. */
int32_t ipcx_open_path(const char *path, int32_t flags)
{
    int only = (flags & IPCX_OPEN_DIRECTORY ? O_DIRECTORY : 0) |
               (flags & IPCX_OPEN_NO_FOLLOW ? O_NOFOLLOW : 0) |
               (flags & IPCX_OPEN_CREATE ? O_CREAT : 0) |
               (flags & IPCX_OPEN_EMPTY ? O_TRUNC : 0) |
               (flags & IPCX_OPEN_APPEND ? O_APPEND : 0);
    int both = IPCX_OPEN_READ | IPCX_OPEN_WRITE;
    int access = (flags & both) == both   ? O_RDWR | O_NOCTTY
                 : flags & IPCX_OPEN_WRITE ? O_WRONLY | O_NOCTTY
                 : flags & IPCX_OPEN_READ  ? O_RDONLY | O_NOCTTY
                                           : O_PATH;

    return result_of(open(path, access | O_CLOEXEC | only, 0666));
}

/* Opens a directory and locks it against others who do the same, until the
 * descriptor is closed. -EWOULDBLOCK if they do not let go in time. */
int32_t ipcx_lock_directory(const char *path, uint32_t patience_ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int failure = errno;

        if (failure != EWOULDBLOCK || patience_ms-- == 0) {
            close(fd);
            return -failure;
        }
        nanosleep(&pause, NULL);
    }
    return fd;
}

/* Reads what is there: -EAGAIN if nothing is, and the descriptor does not wait. */
int32_t ipcx_try_read(int32_t fd, void *data, uint32_t size)
{
    ssize_t got;

    do
        got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : (int32_t)got;
}

/* Reads what is there, waiting for it even where the descriptor would not. */
int32_t ipcx_read(int32_t fd, void *data, uint32_t size)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int32_t got;

    while ((got = ipcx_try_read(fd, data, size)) == -EAGAIN)
        poll(&readable, 1, -1);
    return got;
}

/* Reads a part of a file; less only at its end. */
int32_t ipcx_read_at(int32_t fd, void *data, uint32_t size,
                     uint32_t offset_low, uint32_t offset_high)
{
    off_t offset = (off_t)((uint64_t)offset_high << 32 | offset_low);
    uint32_t filled = 0;

    while (filled < size) {
        ssize_t got =
            pread(fd, (char *)data + filled, size - filled, offset + filled);

        if (got == 0)
            break;
        if (got > 0)
            filled += (uint32_t)got;
        else if (errno != EINTR)
            return -errno;
    }
    return (int32_t)filled;
}

/* Writes what there is room for: -EAGAIN if there is none, and the descriptor
 * does not wait. `parts` are pairs of an address and a length, as struct iovec
 * has them. */
int32_t ipcx_write_parts(int32_t fd, const void *parts, uint32_t n_parts)
{
    ssize_t written;

    do
        written = writev(fd, parts, (int)n_parts);
    while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : (int32_t)written;
}

/* Writes all of it. */
int32_t ipcx_write(int32_t fd, const void *data, uint32_t length)
{
    const char *rest = data;

    while (length > 0) {
        ssize_t written = write(fd, rest, length);

        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            rest += written;
            length -= (uint32_t)written;
        }
    }
    return 0;
}

/* A file without a name that nobody can change any more, read from its beginning.
 * A program that is run from it could otherwise be written to through /proc/PID/exe. */
int32_t ipcx_sealed_file(const char *name, const void *data, uint32_t length,
                         int32_t is_program)
{
    unsigned int kind = is_program ? MFD_EXEC : MFD_NOEXEC_SEAL;
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | kind);
    int32_t failure;

    /* Before Linux 6.3 every such file is executable. */
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    failure = -ipcx_write(fd, data, length);
    if (failure == 0 &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0 &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    if (failure == 0)
        failure = errno;
    close(fd);
    return -failure;
}

/* Raises the soft RLIMIT_NOFILE to the hard one, if that is allowed, and
 * returns the one in force. */
int32_t ipcx_raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    if (limit.rlim_cur != limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};

        /* Refused where the hard limit lies above fs.nr_open. */
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur > INT32_MAX ? INT32_MAX : (int32_t)limit.rlim_cur;
}

static int32_t copy_text(const char *from, char *text, uint32_t size)
{
    if (!from)
        return 0;
    snprintf(text, size, "%s", from);
    return (int32_t)strnlen(text, size);
}

/* "ECONNREFUSED" for 111; 0 bytes for an unknown number. */
int32_t ipcx_error_name(int32_t number, char *text, uint32_t size)
{
    return copy_text(strerrorname_np(number), text, size);
}

/* "Connection refused" for 111. */
int32_t ipcx_error_text(int32_t number, char *text, uint32_t size)
{
    return copy_text(strerrordesc_np(number), text, size);
}
