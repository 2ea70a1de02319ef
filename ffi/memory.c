/* Memory that two processes share: memfd_create(2), mmap(2). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* With these nobody can make it smaller under somebody who reads it, which would
 * be a SIGBUS. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Makes memory of a fixed size, full of zeros, or fails with -EFBIG where
 * ipcx_memory_size() would. */
int32_t ipcx_memory_create(const char *name, uint32_t size)
{
    int failure, fd;

    if (size > INT32_MAX)
        return -EFBIG;
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, size) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
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

/* Maps memory for reading and writing, shared. */
int32_t ipcx_memory_map(int32_t fd, uint32_t size, uint64_t *address)
{
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (start == MAP_FAILED)
        return -errno;
    *address = (uint64_t)(uintptr_t)start;
    return 0;
}

int32_t ipcx_memory_unmap(const uint64_t *address, uint32_t size)
{
    return munmap((void *)(uintptr_t)*address, size) < 0 ? -errno : 0;
}
