/* Becomes root for good, if its setuid bit lets it, says so, and stays. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    if (setresuid(0, 0, 0) < 0) {
        perror("setresuid");
        return 1;
    }
    puts("root");
    fflush(stdout);
    pause();
    return 0;
}
