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

/* Becomes the program at `path`, with descriptor `source`, unless that is -1, at
 * number `target` and everything that is not close-on-exec as it was. Signals are
 * reset, unless they are held. Returns only on failure, with every descriptor as
 * before: `target` may be one of the runtime's own. */
int32_t ipcx_exec(const char *path, const char *arguments, uint32_t n_arguments,
                  const char *environment, uint32_t n_environment,
                  int32_t source, int32_t target, int32_t signals_held)
{
    char **argv = split(arguments, n_arguments);
    char **envp = split(environment, n_environment);
    int failure = ENOMEM;
    int saved = -1, saved_flags = 0;
    struct signals before;

    if (!argv || !envp)
        goto out;
    saved_flags = source < 0 ? -1 : fcntl(target, F_GETFD);
    if (saved_flags >= 0) {
        saved = fcntl(target, F_DUPFD_CLOEXEC, 0);
        if (saved < 0) {
            failure = errno;
            goto out;
        }
    }
    /* dup2 of a number onto itself leaves FD_CLOEXEC as it is. */
    if (source >= 0 && (source == target ? fcntl(target, F_SETFD, 0)
                                         : dup2(source, target)) < 0) {
        failure = errno;
        goto restore;
    }
    if (!signals_held)
        reset_signals(&before);
    execve(path, argv, envp);
    failure = errno;
    if (!signals_held)
        restore_signals(&before);
restore:
    if (saved >= 0) {
        dup3(saved, target, saved_flags & FD_CLOEXEC ? O_CLOEXEC : 0);
        close(saved);
    } else if (source >= 0 && source != target) {
        close(target);
    }
out:
    free(argv);
    free(envp);
    return -failure;
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
