/*
 * What the standard output of a program costs in plain C: posix_spawn with a
 * pipe, read to its end, wait. One after another.
 *
 *     proxy_spawn SECONDS PROGRAM [ARG...]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 1000000u

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

static void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static void
run(char **command)
{
    posix_spawn_file_actions_t actions;
    char output[4096];
    size_t length = 0;
    ssize_t count;
    int ends[2], status;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        fail("pipe2");
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (posix_spawn(&pid, command[0], &actions, NULL, command, environ) != 0) {
        fail(command[0]);
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while ((count = read(ends[0], output, sizeof output)) > 0) {
        length += (size_t) count;
    }
    close(ends[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0 || length == 0) {
        fputs("the program failed\n", stderr);
        exit(1);
    }
}

static int
by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    uint64_t *latencies_ns = calloc(RUNS_MAX, sizeof *latencies_ns);
    uint64_t began_ns = now_ns(), ends_ns;
    unsigned runs = 0;

    if (argc < 3 || !latencies_ns) {
        fputs("usage: proxy_spawn SECONDS PROGRAM [ARG...]\n", stderr);
        return 2;
    }
    ends_ns = began_ns + (uint64_t) (atof(argv[1]) * 1e9);
    while (runs < RUNS_MAX && now_ns() < ends_ns) {
        uint64_t started_ns = now_ns();

        run(argv + 2);
        latencies_ns[runs++] = now_ns() - started_ns;
    }
    double seconds = (double) (now_ns() - began_ns) / 1e9;

    qsort(latencies_ns, runs, sizeof *latencies_ns, by_value);
    printf("{\"requests\":%u,\"perSecond\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"failures\":0}\n", runs, runs / seconds,
           (double) latencies_ns[runs / 2] / 1000, (double) latencies_ns[runs * 99 / 100] / 1000);
    return 0;
}
