/*
 * When an interpreter that is traced begins to run its script.
 *
 * From the first read on, all that it needs of the script is behind a
 * descriptor. Opening it says little: Python looks whether a script is an
 * archive, closes it, and opens it again. Such a look goes to the end of the
 * file first; whoever runs it reads from the start.
 */
#define _GNU_SOURCE
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_open_on(pid_t pid, long fd, int32_t own)
{
    char path[64];
    struct stat wanted, found;

    snprintf(path, sizeof(path), "/proc/%d/fd/%ld", (int)pid, fd);
    return fstat(own, &wanted) == 0 && stat(path, &found) == 0 &&
           found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino;
}

static int is_at_start(pid_t pid, long fd)
{
    char path[64], text[64];
    unsigned long position;
    FILE *info;
    int found = 0;

    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%ld", (int)pid, fd);
    info = fopen(path, "re");
    if (!info)
        return 0;
    if (fgets(text, sizeof(text), info))
        found = sscanf(text, "pos: %lu", &position) == 1 && position == 0;
    fclose(info);
    return found;
}

/* What a call reads: a descriptor, and from where. */
struct reading {
    long fd;     /* or -1 */
    long offset; /* or -1 for where the descriptor stands */
};

static struct reading reading_of(const ipcx_registers *registers)
{
    const long first = IPCX_ARGUMENT(registers, 0);

    switch (IPCX_SYSCALL_NUMBER(registers)) {
    case SYS_read:
    case SYS_readv:
    case SYS_copy_file_range:
    case SYS_splice:
        return (struct reading){first, -1};
    case SYS_sendfile:
        return (struct reading){IPCX_ARGUMENT(registers, 1), -1};
    case SYS_pread64:
    case SYS_preadv:
        return (struct reading){first, IPCX_ARGUMENT(registers, 3)};
    case SYS_mmap:
        if (IPCX_ARGUMENT(registers, 3) & MAP_ANONYMOUS)
            break;
        return (struct reading){IPCX_ARGUMENT(registers, 4),
                                IPCX_ARGUMENT(registers, 5)};
    default:
        break;
    }
    return (struct reading){-1, -1};
}

/* What may be done between a look at the script and its being run: nothing that
 * anybody else could notice. */
static int is_harmless(const ipcx_registers *registers)
{
    switch (IPCX_SYSCALL_NUMBER(registers)) {
    case SYS_openat:
        return (IPCX_ARGUMENT(registers, 2) & (O_ACCMODE | O_CREAT)) == 0;
#ifdef SYS_open
    case SYS_open:
        return (IPCX_ARGUMENT(registers, 1) & (O_ACCMODE | O_CREAT)) == 0;
    case SYS_stat:
    case SYS_lstat:
    case SYS_access:
    case SYS_readlink:
#endif
    case SYS_read:
    case SYS_readv:
    case SYS_pread64:
    case SYS_lseek:
    case SYS_close:
    case SYS_fstat:
    case SYS_newfstatat:
    case SYS_statx:
    case SYS_faccessat:
    case SYS_faccessat2:
    case SYS_readlinkat:
    case SYS_getdents64:
    case SYS_fcntl:
    case SYS_ioctl:
    case SYS_getcwd:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_brk:
    case SYS_futex:
    case SYS_getrandom:
    case SYS_clock_gettime:
    case SYS_gettid:
    case SYS_getpid:
    case SYS_rt_sigaction:
    case SYS_rt_sigprocmask:
        return 1;
    default:
        return 0;
    }
}

int ipcx_is_reading(int32_t script, pid_t pid, const ipcx_registers *registers)
{
    const struct reading reading = reading_of(registers);

    return reading.fd >= 0 && is_open_on(pid, reading.fd, script);
}

int ipcx_look_at_call(struct ipcx_script *script, pid_t pid,
                      const ipcx_registers *registers)
{
    const long number = IPCX_SYSCALL_NUMBER(registers);
    const struct reading reading = reading_of(registers);

    if (number == SYS_lseek && IPCX_ARGUMENT(registers, 2) == SEEK_END &&
        is_open_on(pid, IPCX_ARGUMENT(registers, 0), script->fd))
        script->probed = IPCX_ARGUMENT(registers, 0);
    else if (number == SYS_close &&
             IPCX_ARGUMENT(registers, 0) == script->probed)
        script->probed = -2;
    if (script->probed != -1 && !is_harmless(registers))
        return -ENOEXEC;
    if (reading.fd < 0 || reading.fd == script->probed ||
        !is_open_on(pid, reading.fd, script->fd))
        return 0;
    if (reading.offset < 0 ? is_at_start(pid, reading.fd) : reading.offset == 0)
        return 1;
    script->probed = reading.fd;
    return 0;
}
