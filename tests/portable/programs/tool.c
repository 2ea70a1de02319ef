/* What tests do in a root directory that has no other program: `tool WHAT ARG…`. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static int say(char **words)
{
    for (; *words; words++)
        printf("%s%s", *words, words[1] ? " " : "\n");
    return 0;
}

static int copy(void)
{
    char bytes[4096];
    ssize_t length;

    while ((length = read(0, bytes, sizeof bytes)) > 0)
        if (write(1, bytes, length) != length)
            return 1;
    return length < 0;
}

/* Each variable with a NUL at its end, which no text can have within. */
static int environment(void)
{
    for (char **one = environ; *one; one++)
        fwrite(*one, strlen(*one) + 1, 1, stdout);
    return 0;
}

static int arguments(char **words)
{
    for (; *words; words++)
        fwrite(*words, strlen(*words) + 1, 1, stdout);
    return 0;
}

static int descriptors(void)
{
    char path[64], target[PATH_MAX];
    ssize_t length;

    for (int fd = 0; fd < 1024; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (fcntl(fd, F_GETFD) < 0 || (length = readlink(path, target, sizeof target - 1)) < 0)
            continue;
        target[length] = '\0';
        printf("%d %ld %s\n", fd, (long)lseek(fd, 0, SEEK_CUR), target);
    }
    return 0;
}

static int follow(const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target);

    return length < 0 || write(1, target, length) != length;
}

/* What status(5) of proc, limits and the rest say of how this was started. */
static int state(void)
{
    static const char *const files[] = { "status", "limits", "stat", "oom_score_adj" };
    char path[64], line[4096];

    for (size_t at = 0; at < sizeof files / sizeof *files; at++) {
        snprintf(path, sizeof path, "/proc/self/%s", files[at]);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof line, file))
            printf("%s: %s", files[at], line);
        if (file)
            fclose(file);
    }
    return 0;
}

/* Says that it is there, and stays until its input ends. */
static int stay(void)
{
    return write(2, "ready\n", 6) != 6 || copy();
}

/* Makes a directory with mounts below it the root, as the mount namespace's own:
 * pivot_root(2). */
static int live_in(const char *root)
{
    if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return 1;
    return stay();
}

/* Serves one connection of a listener that was passed on. */
static int serve(int listener, const char *text)
{
    int connection = accept(listener, NULL, NULL);

    return connection < 0 || write(connection, text, strlen(text)) < 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (strcmp(what, "say") == 0)
        return say(argv + 2);
    if (strcmp(what, "copy") == 0)
        return copy();
    if (strcmp(what, "stay") == 0)
        return stay();
    if (strcmp(what, "environment") == 0)
        return environment();
    if (strcmp(what, "arguments") == 0)
        return arguments(argv + 2);
    if (strcmp(what, "descriptors") == 0)
        return descriptors();
    if (strcmp(what, "state") == 0)
        return state();
    if (strcmp(what, "follow") == 0 && argc == 3)
        return follow(argv[2]);
    if (strcmp(what, "live") == 0 && argc == 3)
        return live_in(argv[2]);
    if (strcmp(what, "serve") == 0 && argc == 4)
        return serve(atoi(argv[2]), argv[3]);
    fprintf(stderr, "tool: what is '%s'?\n", what);
    return 2;
}
