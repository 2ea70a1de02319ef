/* What the waiter is to do, from its environment. */
#define _GNU_SOURCE
#include "waiter.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REMOVE "IPCX_REMOVE_"

static int64_t number(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoll(text, NULL, 10) : otherwise;
}

void read_orders(struct orders *orders)
{
    orders->child = (pid_t)number("IPCX_CHILD", 0);
    orders->leads_group = number("IPCX_LEADS_GROUP", 0) != 0;
    orders->status_fd = (int)number("IPCX_STATUS_FD", -1);
    orders->timeout_ms = number("IPCX_TIMEOUT", -1);
    orders->grace_ms = number("IPCX_GRACE", 0);
    orders->channel = (int)number("IPCX_CHANNEL", -1);
    orders->is_terminal = number("IPCX_TERMINAL", 0) != 0;
}

static void close_between(int first, int last)
{
    if (first <= last)
        syscall(SYS_close_range, first, last, 0);
}

/* What the child was given must end when the child closes it. Standard streams
 * are only needed to relay; their numbers stay taken. */
void close_others(const struct orders *orders)
{
    int lower = orders->status_fd, upper = orders->channel;

    if (lower > upper) {
        lower = orders->channel;
        upper = orders->status_fd;
    }
    close_between(3, lower < 0 ? (upper < 0 ? -1 : upper - 1) : lower - 1);
    if (lower >= 0)
        close_between(lower + 1 < 3 ? 3 : lower + 1, upper - 1);
    syscall(SYS_close_range, upper < 2 ? 3 : upper + 1, ~0U, 0);
    if (orders->channel < 0) {
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = 0; nothing >= 0 && fd <= 2; fd++)
            if (fd != orders->status_fd)
                dup2(nothing, fd);
        if (nothing > 2)
            close(nothing);
    }
}

/* Each as DEVICE:INODE:PATH: what has been replaced is somebody else's. */
static void remove_file(const char *order)
{
    unsigned long device, inode;
    int length = 0;
    struct stat info;

    if (sscanf(order, "%lu:%lu:%n", &device, &inode, &length) != 2 || !length)
        return;
    if (lstat(order + length, &info) == 0 && info.st_dev == device &&
        info.st_ino == inode)
        unlink(order + length);
}

void remove_files(void)
{
    for (char **one = environ; *one; one++) {
        if (strncmp(*one, REMOVE, strlen(REMOVE)) == 0)
            remove_file(strchr(*one, '=') + 1);
    }
}
