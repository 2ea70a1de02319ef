/* What the waiter is to do, from its environment. */
#define _GNU_SOURCE
#include "waiter.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REMOVE "IPCX_REMOVE_"
#define HOLD "IPCX_HOLD_"

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

/* The next order of a kind, behind its name. */
static const char *next_order(const char *kind, char ***variable)
{
    for (; **variable; ++*variable)
        if (strncmp(**variable, kind, strlen(kind)) == 0)
            return strchr(*(*variable)++, '=') + 1;
    return NULL;
}

static size_t count_of(const char *kind)
{
    char **variable = environ;
    size_t count = 0;

    while (next_order(kind, &variable))
        count++;
    return count;
}

/* Both kinds of orders begin with the descriptor. */
static int *add_descriptors(const char *kind, int *end)
{
    char **variable = environ;
    const char *order;

    while ((order = next_order(kind, &variable)))
        *end++ = atoi(order);
    return end;
}

static int by_number(const void *one, const void *other)
{
    return *(const int *)one - *(const int *)other;
}

static void close_all_but(int *kept, size_t count)
{
    int next = 3;

    qsort(kept, count, sizeof(*kept), by_number);
    for (size_t i = 0; i < count; i++) {
        if (kept[i] > next)
            syscall(SYS_close_range, next, kept[i] - 1, 0);
        if (kept[i] >= next)
            next = kept[i] + 1;
    }
    syscall(SYS_close_range, next, ~0U, 0);
}

/* What the child was given must end when the child closes it. Standard streams
 * are only needed to relay; their numbers stay taken. */
void close_others(const struct orders *orders)
{
    size_t count = 2 + count_of(REMOVE) + count_of(HOLD);
    int *kept = calloc(count, sizeof(*kept));

    if (!kept)
        abort();
    kept[0] = orders->status_fd;
    kept[1] = orders->channel;
    add_descriptors(HOLD, add_descriptors(REMOVE, kept + 2));
    close_all_but(kept, count);
    free(kept);
    if (orders->channel < 0) {
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int fd = 0; nothing >= 0 && fd <= 2; fd++)
            if (fd != orders->status_fd)
                dup2(nothing, fd);
        if (nothing > 2)
            close(nothing);
    }
}

/* Each as DESCRIPTOR:PATH. What has taken its place is somebody else's; it cannot
 * have the same inode while the descriptor is open. */
static void remove_file(const char *order)
{
    const char *path = strchr(order, ':');
    struct stat ours, there;

    if (path && fstat(atoi(order), &ours) == 0 &&
        lstat(path + 1, &there) == 0 && ours.st_dev == there.st_dev &&
        ours.st_ino == there.st_ino)
        unlink(path + 1);
}

void remove_files(void)
{
    char **variable = environ;
    const char *removal;

    while ((removal = next_order(REMOVE, &variable)))
        remove_file(removal);
}
