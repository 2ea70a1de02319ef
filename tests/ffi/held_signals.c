/* Signals that wait for the next program. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static bool is_missing(const sigset_t *set, int number)
{
    return sigismember(set, number) == 0;
}

/* Takes a signal that waits. Gives its si_code, or 1 if there is none. */
static int take(int number)
{
    const struct timespec now = {0};
    siginfo_t info;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    return sigtimedwait(&set, &info, &now) < 0 ? 1 : info.si_code;
}

int executed_with_signals_held(void)
{
    sigset_t pending, blocked;
    struct sigaction action;
    int wrong = 0, code;

    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    wrong += is_missing(&pending, SIGTERM) || is_missing(&pending, SIGRTMAX);
    wrong += is_missing(&pending, SIGCHLD) || !is_missing(&pending, SIGUSR2);
    code = take(SIGALRM);
    wrong += code != SI_KERNEL;
    code = take(SIGUSR1);
    wrong += code != SI_USER;
    for (int number = 1; number <= SIGRTMAX; number++) {
        /* The C library's own are nobody else's. */
        if (number == SIGKILL || number == SIGSTOP ||
            (number > SIGSYS && number < SIGRTMIN))
            continue;
        sigaction(number, NULL, &action);
        wrong += is_missing(&blocked, number);
        wrong += (action.sa_handler == SIG_IGN) !=
                 (number == SIGHUP || number == SIGPIPE);
    }
    /* What waits comes now, and is SIGTERM's default. */
    if (wrong)
        printf("executed with signals held: %d are wrong\n", wrong);
    else
        pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    return 1;
}

/* Whether a signal waits for any thread of the process. */
static bool waits(int number)
{
    char line[128];
    unsigned long long set = 0;
    FILE *status = fopen("/proc/self/status", "re");

    while (status && fgets(line, sizeof(line), status))
        sscanf(line, "ShdPnd: %llx", &set);
    if (status)
        fclose(status);
    return set >> (number - 1) & 1;
}

static void *wait_unblocked(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

static void start_thread(void)
{
    pthread_t thread;

    CHECK_IS(pthread_create(&thread, NULL, wait_unblocked, NULL), 0);
    CHECK_IS(pthread_detach(thread), 0);
}

/* Ends by SIGTERM, held until the next program has seen that all is well. */
static void hold_and_become(void)
{
    static const char arguments[] = "driver\0held";
    const struct timespec millisecond = {.tv_nsec = 1000000};
    const struct itimerval soon = {.it_value.tv_usec = 1};
    const int sent[] = {SIGTERM, SIGCHLD, SIGRTMAX, SIGUSR1, SIGALRM};

    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    CHECK_IS(ipcx_hold_signals(), 0);
    for (unsigned i = 0; i < sizeof(sent) / sizeof(*sent); i++) {
        /* That of a timer is from the kernel, as are a terminal's. */
        if (sent[i] == SIGALRM)
            CHECK_IS(setitimer(ITIMER_REAL, &soon, NULL), 0);
        else
            CHECK_IS(kill(getpid(), sent[i]), 0);
        for (int ms = 0; !waits(sent[i]); ms++) {
            if (!CHECK(ms < PATIENCE_MS))
                return;
            nanosleep(&millisecond, NULL);
        }
    }
    CHECK_IS(ipcx_exec("/nowhere/at/all", arguments, 2, NULL, 0, NULL, 0, 1),
             -ENOENT);
    ipcx_exec("/proc/self/exe", arguments, 2, NULL, 0, NULL, 0, 1);
}

static void check_held(bool has_thread)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (has_thread)
            start_thread();
        hold_and_become();
        _exit(1);
    }
    CHECK_IS(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void signals_wait_for_the_next_program(void)
{
    check_held(false);
}

static void signals_that_another_thread_would_get_wait_as_well(void)
{
    check_held(true);
}

static void *begin_another(void *nothing)
{
    start_thread();
    return wait_unblocked(nothing);
}

static int count_of_unblocked_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    while ((entry = readdir(folder))) {
        char path[300], line[128];
        unsigned long long blocked = 0;
        FILE *status;

        sprintf(path, "/proc/self/task/%s/status", entry->d_name);
        status = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        while (status && fgets(line, sizeof(line), status))
            count += sscanf(line, "SigBlk: %llx", &blocked) == 1 &&
                     !(blocked >> (SIGTERM - 1) & 1);
        if (status)
            fclose(status);
    }
    closedir(folder);
    return count;
}

static void every_thread_blocks_them_however_many_begin_just_then(void)
{
    for (int i = 0; i < 40; i++) {
        pthread_t thread;

        CHECK_IS(pthread_create(&thread, NULL, begin_another, NULL), 0);
        CHECK_IS(pthread_detach(thread), 0);
    }
    CHECK_IS(ipcx_hold_signals(), 0);
    CHECK_IS(count_of_unblocked_threads(), 0);
}

static void faults_are_not_held(void)
{
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

    for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        signal(faults[i], SIG_DFL);
    CHECK_IS(ipcx_hold_signals(), 0);
    for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        struct sigaction action;

        CHECK_IS(sigaction(faults[i], NULL, &action), 0);
        CHECK(action.sa_handler == SIG_DFL);
    }
}

void test_held_signals(void)
{
    RUN(signals_wait_for_the_next_program);
    RUN(signals_that_another_thread_would_get_wait_as_well);
    RUN_IN_CHILD(every_thread_blocks_them_however_many_begin_just_then);
    RUN_IN_CHILD(faults_are_not_held);
}
