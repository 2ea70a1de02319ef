/* What a namespace's file says of it (ioctl_ns(2)). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

/* Its CLONE_NEW flag; -ENOTTY for a file that stands for no namespace. */
int32_t ipcx_namespace_type(int32_t fd)
{
    struct statfs system;
    int type;

    if (fstatfs(fd, &system) < 0)
        return -errno;
    /* On another file system the number may mean another request. */
    if (system.f_type != NSFS_MAGIC)
        return -ENOTTY;
    type = ioctl(fd, NS_GET_NSTYPE);
    return type < 0 ? -errno : type;
}

/* A descriptor of the user namespace that owns it; for a user namespace, of its
 * parent. -EPERM where that is none of the caller's or its descendants. */
int32_t ipcx_namespace_owner(int32_t fd)
{
    int owner = ioctl(fd, NS_GET_USERNS);

    return owner < 0 ? -errno : owner;
}
