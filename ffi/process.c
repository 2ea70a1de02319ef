/* This process as others see it: its program, its session, its clock. */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Splits `count` strings that stand one after the other, each with its NUL. */
static char **split(const char *strings, uint32_t count)
{
    char **list = malloc(sizeof(*list) * ((size_t)count + 1));

    if (!list)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        list[i] = (char *)strings;
        strings += strlen(strings) + 1;
    }
    list[count] = NULL;
    return list;
}

struct signals {
    sigset_t blocked;
    struct sigaction pipe;
};

/* What the runtime ignores or blocks for itself is no business of the program
 * after it; what it was started with, such as an ignored SIGINT, is. */
static void reset_signals(struct signals *before)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;

    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &before->blocked);
    sigaction(SIGPIPE, &standard, &before->pipe);
}

static void restore_signals(const struct signals *before)
{
    sigaction(SIGPIPE, &before->pipe, NULL);
    pthread_sigmask(SIG_SETMASK, &before->blocked, NULL);
}

/* A descriptor that the program finds at a number. */
struct placed {
    int source, target;
    int flags; /* of what was there, or -1 if nothing was */
    int saved; /* a copy of that, or -1 */
    int done;
};

static struct placed *read_placed(const int32_t *fds, uint32_t n_fds)
{
    struct placed *list = malloc(sizeof(*list) * ((size_t)n_fds + 1));

    if (!list)
        return NULL;
    for (uint32_t i = 0; i < n_fds; i++)
        list[i] = (struct placed){.source = fds[2 * i],
                                  .target = fds[2 * i + 1],
                                  .flags = -1,
                                  .saved = -1};
    return list;
}

/* Where a descriptor is once all that is in the way was saved. */
static int source_of(const struct placed *one, const struct placed *list,
                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (list[i].target == one->source && list[i].saved >= 0)
            return list[i].saved;
    return one->source;
}

static int put(struct placed *one, int source)
{
    if (dup2(source, one->target) < 0)
        return -errno;
    one->done = 1;
    return 0;
}

/* Numbers where nothing is are taken first: what is saved would land there. */
static int place(struct placed *list, uint32_t count)
{
    int result = 0;

    for (uint32_t i = 0; i < count && result == 0; i++) {
        list[i].flags = fcntl(list[i].target, F_GETFD);
        if (list[i].flags < 0)
            result = put(&list[i], list[i].source);
    }
    for (uint32_t i = 0; i < count && result == 0; i++) {
        if (list[i].flags < 0)
            continue;
        list[i].saved = fcntl(list[i].target, F_DUPFD_CLOEXEC, 0);
        if (list[i].saved < 0)
            result = -errno;
    }
    for (uint32_t i = 0; i < count && result == 0; i++)
        if (list[i].flags >= 0)
            result = put(&list[i], source_of(&list[i], list, count));
    return result;
}

static void put_back(const struct placed *list, uint32_t count)
{
    for (const struct placed *one = list; one < list + count; one++) {
        if (one->done && one->saved < 0)
            close(one->target);
        if (one->saved < 0)
            continue;
        if (one->done)
            dup3(one->saved, one->target,
                 one->flags & FD_CLOEXEC ? O_CLOEXEC : 0);
        close(one->saved);
    }
}

/* Becomes the program at `path`, with everything that is not close-on-exec as it
 * was, and `n_fds` descriptors where it wants them: each has two numbers, its own
 * and the one that the program finds it at, which is no other's. Signals are
 * reset, unless they are held. Returns only on failure, with every descriptor as
 * before: what is in the way may be the runtime's own. */
int32_t ipcx_exec(const char *path, const char *arguments, uint32_t n_arguments,
                  const char *environment, uint32_t n_environment,
                  const int32_t *fds, uint32_t n_fds, int32_t signals_held)
{
    char **argv = split(arguments, n_arguments);
    char **envp = split(environment, n_environment);
    struct placed *placed = read_placed(fds, n_fds);
    int result = -ENOMEM;
    struct signals before;

    if (!argv || !envp || !placed)
        goto out;
    result = place(placed, n_fds);
    if (result == 0) {
        if (!signals_held)
            reset_signals(&before);
        execve(path, argv, envp);
        result = -errno;
        if (!signals_held)
            restore_signals(&before);
    }
    put_back(placed, n_fds);
out:
    free(argv);
    free(envp);
    free(placed);
    return result;
}

/* The environment as bytes, NAME=VALUE, each with its NUL. Returns how many
 * bytes there are; they are written only if there is room for all. */
int32_t ipcx_environment(char *strings, uint32_t size)
{
    uint32_t length = 0;

    for (char **one = environ; *one; one++)
        length += (uint32_t)strlen(*one) + 1;
    if (length > size)
        return (int32_t)length;
    for (char **one = environ; *one; one++)
        strings = stpcpy(strings, *one) + 1;
    return (int32_t)length;
}

int32_t ipcx_new_session(void)
{
    pid_t session = setsid();

    return session < 0 ? -errno : session;
}

/* The clock that service managers compare with; Deno's starts at its own start. */
int32_t ipcx_monotonic_time(int64_t *nanoseconds)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return -errno;
    *nanoseconds = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    return 0;
}
