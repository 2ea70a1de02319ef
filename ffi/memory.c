/* Memory that two processes share: memfd_create(2), mmap(2). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* With these nobody can make it smaller under somebody who reads it, which would
 * be a SIGBUS. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* Makes memory of a fixed size, full of zeros, that nobody can run, or fails with
 * -EFBIG where ipcx_memory_size() would. Unless it is sealable, nobody can seal it
 * further: not against those who write, either. */
int32_t ipcx_memory_create(const char *name, uint32_t size, int32_t sealable)
{
    int seals = sealable ? SEALS : SEALS | F_SEAL_SEAL, failure, fd;

    if (size > INT32_MAX)
        return -EFBIG;
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    /* Before Linux 6.3 all memory is executable. */
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, size) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0)
        return fd;
    failure = errno;
    close(fd);
    return -failure;
}

/* The size of memory that came from somebody else, or -EPERM if it is anything
 * that could fail under its reader: other files, memory that can shrink, or huge
 * pages, of which there may be none left. */
int32_t ipcx_memory_size(int32_t fd)
{
    struct stat status;
    struct statfs system;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0)
        return errno == EINVAL ? -EPERM : -errno;
    if (fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0)
        return -errno;
    if ((seals & F_SEAL_SHRINK) == 0 || system.f_type != TMPFS_MAGIC)
        return -EPERM;
    return status.st_size > INT32_MAX ? -EFBIG : (int32_t)status.st_size;
}

/* Maps memory for reading and writing. What is written reaches the others, or,
 * if it is private, nobody: that also goes for memory that may not be written to,
 * where a write to a mapping for reading only would be a SIGSEGV. */
int32_t ipcx_memory_map(int32_t fd, uint32_t size, int32_t is_private,
                        uint64_t *address)
{
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       is_private ? MAP_PRIVATE : MAP_SHARED, fd, 0);

    if (start == MAP_FAILED)
        return -errno;
    *address = (uint64_t)(uintptr_t)start;
    return 0;
}

int32_t ipcx_memory_unmap(const uint64_t *address, uint32_t size)
{
    return munmap((void *)(uintptr_t)*address, size) < 0 ? -errno : 0;
}

/* The seals of a memfd, as of fcntl(2). */
int32_t ipcx_memory_seals(int32_t fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals < 0 ? -errno : seals;
}

static bool map_again(int32_t fd, const uint64_t *address, uint32_t size,
                      int sharing)
{
    return mmap((void *)(uintptr_t)*address, size, PROT_READ | PROT_WRITE,
                sharing | MAP_FIXED, fd, 0) != MAP_FAILED;
}

/* Whoever seals it against being run has to take that right away first: the
 * kernel would seal what can be run against everything. */
static int forbid_running(int32_t fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -1;
    return status.st_mode & 0111 ? fchmod(fd, status.st_mode & 0666) : 0;
}

/* Adds seals. The caller's mapping, if it is shared (else `address` is NULL), is in
 * the way of F_SEAL_WRITE and becomes a private one at the same place. If somebody
 * else's is in the way too it becomes what it was, and -EBUSY is returned, or
 * -ENOTRECOVERABLE where a seal that was there before does not allow that: it is
 * private then. */
int32_t ipcx_memory_seal(int32_t fd, int32_t seals, const uint64_t *address,
                         uint32_t size)
{
    bool remaps = address && (seals & F_SEAL_WRITE);
    int failure;

    if ((seals & F_SEAL_EXEC) && forbid_running(fd) < 0)
        return -errno;
    if (remaps && !map_again(fd, address, size, MAP_PRIVATE))
        return -errno;
    if (fcntl(fd, F_ADD_SEALS, seals) == 0)
        return 0;
    failure = errno;
    if (remaps && !map_again(fd, address, size, MAP_SHARED)) {
        failure = ENOTRECOVERABLE;
        /* Older kernels (6.1 for one) unmap what is there before they refuse. */
        map_again(fd, address, size, MAP_PRIVATE);
    }
    return -failure;
}
