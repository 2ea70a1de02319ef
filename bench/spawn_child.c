/*
 * The program that is started. Without an argument it ends at once. With one it
 * first writes a line: the monotonic clock at main in nanoseconds, and its
 * parent's pid; with "wait" it then stays until its standard input ends.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct timespec now;
    char rest;

    if (argc < 2) {
        return 0;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%lld %d\n",
           (long long) now.tv_sec * 1000000000 + (long long) now.tv_nsec,
           (int) getppid());
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0 && read(0, &rest, 1) > 0) {
    }
    return 0;
}
