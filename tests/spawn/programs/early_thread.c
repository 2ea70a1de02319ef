/* A library that has a second thread before any program's main. */
#include <pthread.h>
#include <unistd.h>

static void *idle(void *nothing)
{
    pause();
    return nothing;
}

__attribute__((constructor)) static void start(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, idle, NULL);
}
