/* Socket files: made with their mode, whatever the umask, and moved without
 * replacing anything (bind(2), umask(2), renameat2(2)). */
#define _GNU_SOURCE
#include "ipcx.h"
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

#define STACK_SIZE 16384

struct binding {
    int32_t fd;
    struct sockaddr_un address;
    socklen_t size;
    int32_t result;
};

/* Runs with a umask of its own. It shares the errno of its caller, who waits. */
static int IPCX_ON_LENT_STACK bind_unmasked(void *argument)
{
    struct binding *binding = argument;

    umask(0);
    binding->result = bind(binding->fd, (struct sockaddr *)&binding->address,
                           binding->size) < 0
                          ? -errno
                          : 0;
    return 0;
}

/* Binds to a path as it stands in sun_path, without its NUL; the file has
 * exactly this mode from its beginning, or less where a default ACL of the
 * directory says so. The umask is all threads', so it is not changed here but
 * in a task that shares everything else with this one, which waits for it. */
int32_t ipcx_bind_file(int32_t fd, const void *path, uint32_t length,
                       uint32_t mode)
{
    const int shared = CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                       CLONE_SYSVSEM | CLONE_VFORK;
    struct binding binding = {.fd = fd, .address.sun_family = AF_UNIX};
    _Alignas(16) char stack[STACK_SIZE];
    sigset_t all, before;
    int task, failure;

    if (length > sizeof(binding.address.sun_path))
        return -ENAMETOOLONG;
    memcpy(binding.address.sun_path, path, length);
    binding.size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fchmod(fd, mode) < 0)
        return -errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    task = clone(bind_unmasked, stack + STACK_SIZE, shared, &binding);
    failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return task < 0 ? -failure : binding.result;
}

/* Gives a file another name, which nothing may have: -EEXIST. */
int32_t ipcx_move(const char *from, const char *to)
{
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to,
                RENAME_NOREPLACE) == 0)
        return 0;
    /* Not every file system knows how: NFS and others have to link. */
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (link(from, to) < 0)
        return -errno;
    return unlink(from) < 0 ? -errno : 0;
}
