/*
 * A process to be joined: changes its surroundings as it is told, says its pid
 * as the host sees it, and goes on until its standard input ends.
 */
#define _GNU_SOURCE
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void must(int result, const char *what)
{
    if (result < 0)
        err(1, "%s", what);
}

static void move_to(const char *root)
{
    must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), "mount");
    must(chdir(root), "chdir");
    must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount");
    must(chdir("/"), "chdir");
}

int main(int argc, char **argv)
{
    char pid[32] = "", byte;

    (void)argc;
    /* Nobody else reaps what ends up with the first process of a pid namespace. */
    signal(SIGCHLD, SIG_IGN);
    must((int)readlink("/proc/self", pid, sizeof(pid) - 1), "/proc/self");
    for (char **word = argv + 1; word[0] && word[1]; word += 2) {
        if (!strcmp(word[0], "hostname"))
            must(sethostname(word[1], strlen(word[1])), "sethostname");
        else if (!strcmp(word[0], "root"))
            move_to(word[1]);
        else if (!strcmp(word[0], "chroot"))
            must(chroot(word[1]) < 0 ? -1 : chdir("/"), "chroot");
        else if (!strcmp(word[0], "proc"))
            must(mount("proc", word[1], "proc", 0, NULL), "proc");
        else if (!strcmp(word[0], "seal"))
            must(mount(NULL, word[1], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
                       NULL),
                 "remount");
        else
            errx(2, "'%s' is unknown", word[0]);
    }
    dprintf(1, "%s\n", pid);
    while (read(0, &byte, 1) > 0)
        ;
    return 0;
}
