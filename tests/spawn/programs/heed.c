/*
 * Has its parent send it signals and says which arrive, in their order:
 *
 *   heed burst SIGNAL...   sends all to its parent at once
 *   heed each SIGNAL...    one after the other, as soon as the parent is the
 *                          waiter; those in front of a dash are not waited for
 *
 * A last signal, the highest, ends it: whatever was sent twice comes before it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST 64

/* The C library keeps some signals to itself. */
static const uint64_t all = ~UINT64_C(0);

static int next(void)
{
    int number;

    while ((number = (int)syscall(SYS_rt_sigtimedwait, &all, NULL, NULL, 8)) < 0)
        ;
    if (number != LAST) {
        printf("%d\n", number);
        fflush(stdout);
    }
    return number;
}

static void await_waiter(void)
{
    char path[64], name[32] = "";

    sprintf(path, "/proc/%d/comm", (int)getppid());
    while (strcmp(name, "ipcx\n")) {
        FILE *file = fopen(path, "re");

        if (!file || !fgets(name, sizeof(name), file))
            exit(1);
        fclose(file);
        usleep(1000);
    }
}

int main(int argc, char **argv)
{
    int is_burst = !strcmp(argv[1], "burst"), waited = argc - 2;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
    if (!is_burst)
        await_waiter();
    for (int i = 2; i < argc; i++) {
        int is_ignored = argv[i][0] == '-', number = abs(atoi(argv[i]));

        kill(getppid(), number);
        waited -= is_ignored;
        if (!is_burst && !is_ignored)
            next();
    }
    while (is_burst && waited-- > 0)
        next();
    kill(getppid(), LAST);
    while (next() != LAST)
        ;
    return 0;
}
