/* What tests do in a root directory that has no other program: `tool WHAT ARG…`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static int become(char **command)
{
    execv(command[0], command);
    perror(command[0]);
    return 127;
}

/* Without a name, and without arguments. */
static int become_nameless(const char *path)
{
    char *none[] = { NULL };

    execve(path, none, environ);
    return 127;
}

/* From memory that has no path. */
static int become_copy(char **command)
{
    int from = open(command[0], O_RDONLY | O_CLOEXEC), to = memfd_create("a copy", MFD_CLOEXEC);
    struct stat status;
    ssize_t copied = 1;

    if (from < 0 || to < 0 || fstat(from, &status) < 0)
        return 1;
    for (off_t left = status.st_size; left > 0 && copied > 0; left -= copied)
        copied = sendfile(to, from, NULL, left);
    fexecve(to, command, environ);
    perror("fexecve");
    return 127;
}

static int become_masked(char **command)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGWINCH, SIG_IGN);
    return become(command);
}

/* Where a filter refuses memfd_create(2): seccomp(2). */
static int become_filtered(char **command)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof code / sizeof *code, code };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
        return 1;
    return become(command);
}

/* In a directory that is gone by then. */
static int become_homeless(char **command)
{
    char path[] = "/tmp/ipcx-homeless-XXXXXX";

    if (!mkdtemp(path) || chdir(path) < 0 || rmdir(path) < 0)
        return 1;
    return become(command);
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
    if (strcmp(what, "follow") == 0 && argc == 3)
        return follow(argv[2]);
    if (strcmp(what, "nameless") == 0 && argc == 3)
        return become_nameless(argv[2]);
    if (strcmp(what, "from-memory") == 0 && argc > 2)
        return become_copy(argv + 2);
    if (strcmp(what, "masked") == 0 && argc > 2)
        return become_masked(argv + 2);
    if (strcmp(what, "filtered") == 0 && argc > 2)
        return become_filtered(argv + 2);
    if (strcmp(what, "homeless") == 0 && argc > 2)
        return become_homeless(argv + 2);
    if (strcmp(what, "without-input") == 0 && argc > 2)
        return close(0) < 0 || become(argv + 2);
    if (strcmp(what, "live") == 0 && argc == 3)
        return live_in(argv[2]);
    if (strcmp(what, "serve") == 0 && argc == 4)
        return serve(atoi(argv[2]), argv[3]);
    fprintf(stderr, "tool: what is '%s'?\n", what);
    return 2;
}
