/* Runs its script by the shell, as a thread of it reads it. */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char text[4096];

static void *read_script(void *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
        err(1, "%s", (char *)path);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (argc < 2 || pthread_create(&thread, NULL, read_script, argv[1]) != 0 ||
        pthread_join(thread, NULL) != 0)
        return 1;
    argv[0] = "sh";
    execv("/bin/sh", (char *[]){"sh", "-c", text, argv[1], argv[2], argv[3],
                                argv[4], NULL});
    return 1;
}
