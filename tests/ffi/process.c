/* Becoming another program, and failing to; the session; the clock. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FREE_NUMBER 40
#define PROGRAM "/proc/self/exe"

#define EXPECT(claim)                                                          \
    do {                                                                       \
        if (!(claim)) {                                                        \
            printf("%s:%d: executed: %s\n", __FILE__, __LINE__, #claim);       \
            return 1;                                                          \
        }                                                                      \
    } while (0)

static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

static bool is_blocked(int number)
{
    sigset_t mask;

    return pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 &&
           sigismember(&mask, number) == 1;
}

int executed(int count, char **arguments)
{
    EXPECT(count == 4);
    EXPECT(strcmp(arguments[0], "driver") == 0);
    EXPECT(strcmp(arguments[1], "executed") == 0);
    EXPECT(strcmp(arguments[2], "") == 0);

    int number = atoi(arguments[3]);
    struct stat status;

    EXPECT(fcntl(number, F_GETFD) == 0);
    EXPECT(fstat(number, &status) == 0);
    EXPECT(S_ISFIFO(status.st_mode));
    /* The standard streams and the one: nothing that was saved is left. */
    EXPECT(count_open() == (number < 3 ? 3 : 4));
    EXPECT(!is_blocked(SIGUSR1) && !is_blocked(SIGTERM));
    EXPECT(!is_ignored(SIGPIPE) && !is_ignored(SIGTERM));
    EXPECT(is_ignored(SIGINT) && is_ignored(SIGHUP));
    EXPECT(getenv("IPCX") && strcmp(getenv("IPCX"), "a b=c") == 0);
    EXPECT(!getenv("PATH"));
    return 0;
}

/* What a runtime may have done to signals. */
static void change_signals(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
}

/* A pipe's end, close-on-exec like all else beyond the standard streams. */
static int32_t only_descriptor(void)
{
    int ends[2];

    for (int fd = 3; fd < 2048; fd++)
        close(fd);
    CHECK_IS(pipe2(ends, O_CLOEXEC), 0);
    close(ends[1]);
    return ends[0];
}

static void execute(int32_t source, int32_t target)
{
    const int32_t fds[] = {source, target};
    char arguments[64];
    int length = sprintf(arguments, "driver%cexecuted%c%c%d", 0, 0, 0, target);

    change_signals();
    CHECK(length > 0);
    /* Here only if it failed. */
    CHECK_IS(ipcx_exec(PROGRAM, arguments, 4, "IPCX=a b=c", 1, fds, 1, 0), 0);
}

static void the_program_gets_the_descriptor_at_3(void)
{
    int32_t source = only_descriptor();
    int32_t above = fcntl(source, F_DUPFD_CLOEXEC, 20);

    close(source);
    execute(above, 3);
}

static void the_program_gets_the_descriptor_where_it_is(void)
{
    int32_t source = only_descriptor();

    execute(source, source);
}

static void the_program_gets_the_descriptor_over_an_open_one(void)
{
    int32_t source = only_descriptor(), open = dup(0);

    execute(source, open);
}

static void the_program_gets_the_descriptor_as_its_input(void)
{
    execute(only_descriptor(), 0);
}

static int32_t fail_to_execute(const char *path, int32_t source, int32_t target)
{
    const int32_t fds[] = {source, target};

    return ipcx_exec(path, "none", 1, NULL, 0, fds, 1, 0);
}

/* Fails with a descriptor in the way that has these flags. */
static void check_restored(const char *path, int32_t number, int flags)
{
    int32_t source = ipcx_duplicate(0), target = dup(1);

    CHECK_IS(fcntl(target, F_SETFD, flags), 0);
    CHECK_IS(fail_to_execute(path, source, target), -number);
    CHECK(is_same_file(target, 1));
    CHECK_IS(ipcx_is_close_on_exec(target), flags);
    /* Onto itself, and where nothing was. */
    CHECK_IS(fail_to_execute(path, target, target), -number);
    CHECK_IS(ipcx_is_close_on_exec(target), flags);
    CHECK_IS(fail_to_execute(path, source, FREE_NUMBER), -number);
    CHECK(!is_open(FREE_NUMBER));
    CHECK_IS(ipcx_is_close_on_exec(source), 1);
    ipcx_close(target);
    ipcx_close(source);
}

static void a_failure_restores_the_descriptor_in_the_way(void)
{
    CHECK(!is_open(FREE_NUMBER));
    for (int flags = 0; flags <= FD_CLOEXEC; flags++) {
        check_restored("/nowhere/at/all", ENOENT, flags);
        check_restored("/dev/null", EACCES, flags);
        check_restored("/dev/null/x", ENOTDIR, flags);
    }
}

static void a_failure_restores_the_signals(void)
{
    change_signals();
    for (int i = 0; i < 2; i++) {
        CHECK_IS(fail_to_execute("/nowhere/at/all", 0, 0), -ENOENT);
        CHECK(is_blocked(SIGUSR1) && !is_blocked(SIGTERM));
        CHECK(is_ignored(SIGINT) && is_ignored(SIGHUP));
        CHECK(!is_ignored(SIGTERM));
        CHECK_IS(is_ignored(SIGPIPE), i == 0);
        signal(SIGPIPE, SIG_DFL);
    }
}

static void descriptors_that_cannot_be_moved_give_an_error(void)
{
    int32_t fd = ipcx_duplicate(0);
    struct rlimit limit;

    CHECK_IS(fail_to_execute(PROGRAM, FREE_NUMBER, fd), -EBADF);
    CHECK_IS(fail_to_execute(PROGRAM, fd, -1), -EBADF);
    CHECK_IS(fail_to_execute(PROGRAM, FREE_NUMBER, FREE_NUMBER), -EBADF);
    CHECK(is_same_file(fd, 0) && !is_open(FREE_NUMBER));
    /* The highest number there is can be in the way, too. */
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = FREE_NUMBER + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK_IS(dup2(1, FREE_NUMBER), FREE_NUMBER);
    CHECK_IS(fail_to_execute("/nowhere/at/all", fd, FREE_NUMBER), -ENOENT);
    CHECK(is_same_file(FREE_NUMBER, 1));
    ipcx_close(FREE_NUMBER);
    /* No room to save the one in the way. */
    leave_room_for(0);
    CHECK_IS(fail_to_execute(PROGRAM, 0, fd), -EMFILE);
    CHECK(is_same_file(fd, 0));
    ipcx_close(fd);
}

static void arguments_that_are_too_long_are_refused(void)
{
    const size_t size = 16 << 20;
    char *text = malloc(size);

    memset(text, 'x', size - 1);
    text[size - 1] = 0;
    CHECK_IS(ipcx_exec(PROGRAM, text, 1, NULL, 0, NULL, 0, 0), -E2BIG);
    CHECK_IS(ipcx_exec(PROGRAM, "none", 1, text, 1, NULL, 0, 0), -E2BIG);
    free(text);
}

#define SEVERAL 5

/* Pipes, each with its letter in it, at a number where it is not in the way. */
static void open_several(int32_t *numbers)
{
    int ends[2];

    for (int i = 0; i < SEVERAL; i++) {
        CHECK_IS(pipe2(ends, O_CLOEXEC), 0);
        CHECK_IS(write(ends[1], &"abcde"[i], 1), 1);
        numbers[i] = fcntl(ends[0], F_DUPFD_CLOEXEC, 100);
        close(ends[0]);
        close(ends[1]);
    }
}

static char letter_at(int fd)
{
    char letter = '-';

    CHECK_IS(read(fd, &letter, 1), 1);
    return letter;
}

/* Moves pipes to numbers at which others are, and becomes a shell that reads
 * them from 3 on. */
static void check_several(const int32_t *places)
{
    const char arguments[] =
        "sh\0-c\0"
        "r=; for n in 3 4 5 6 7; do r=$r$(head -c 1 <&$n); done; "
        "[ $r = abcde ] && [ ! -e /proc/self/fd/8 ]";
    int32_t numbers[SEVERAL], fds[2 * SEVERAL];
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        /* Whatever the driver was started with. */
        for (int fd = 3; fd < 100; fd++)
            close(fd);
        open_several(numbers);
        for (int i = 0; i < SEVERAL; i++) {
            CHECK_IS(dup3(numbers[i], places[i], O_CLOEXEC), places[i]);
            fds[2 * i] = places[i];
            fds[2 * i + 1] = 3 + i;
        }
        CHECK_IS(ipcx_exec("/bin/sh", arguments, 3, "PATH=/usr/bin:/bin", 1,
                           fds, SEVERAL, 0),
                 0);
        _exit(99);
    }
    CHECK_IS(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_IS(WEXITSTATUS(status), 0);
}

static void several_descriptors_arrive_whatever_is_in_their_way(void)
{
    const int32_t places[][SEVERAL] = {
        {3, 4, 5, 6, 7},      /* where they are to be */
        {7, 6, 5, 4, 3},      /* turned round */
        {4, 5, 6, 7, 3},      /* one further */
        {7, 3, 4, 5, 6},
        {20, 21, 22, 23, 24}, /* out of the way */
        {8, 5, 21, 3, 9},     /* some of each */
    };

    for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++)
        check_several(places[i]);
}

static void a_failure_restores_several(void)
{
    int32_t numbers[SEVERAL], fds[2 * SEVERAL];
    int before;

    open_several(numbers);
    before = count_open();
    /* Each to the next one's number, the last to where nothing is. */
    for (int i = 0; i < SEVERAL; i++) {
        fds[2 * i] = numbers[i];
        fds[2 * i + 1] = i + 1 < SEVERAL ? numbers[i + 1] : FREE_NUMBER;
    }
    CHECK_IS(ipcx_exec("/nowhere/at/all", "none", 1, NULL, 0, fds, SEVERAL, 0),
             -ENOENT);
    /* The same where one in the middle is not open. */
    fds[4] = FREE_NUMBER + 1;
    CHECK_IS(ipcx_exec(PROGRAM, "none", 1, NULL, 0, fds, SEVERAL, 0), -EBADF);
    fds[4] = numbers[2];
    /* And, but for the last, without room to save them. */
    leave_room_for(2);
    CHECK_IS(ipcx_exec(PROGRAM, "none", 1, NULL, 0, fds, SEVERAL - 1, 0),
             -EMFILE);
    CHECK(!is_open(FREE_NUMBER));
    CHECK_IS(count_open(), before);
    for (int i = 0; i < SEVERAL; i++) {
        CHECK_IS(ipcx_is_close_on_exec(numbers[i]), 1);
        CHECK_IS(letter_at(numbers[i]), "abcde"[i]);
        close(numbers[i]);
    }
}

static void a_session_is_begun_once(void)
{
    CHECK_IS(ipcx_new_session(), getpid());
    CHECK_IS(getsid(0), getpid());
    CHECK_IS(ipcx_new_session(), -EPERM);
}

static void the_clock_is_the_monotonic_one(void)
{
    struct timespec now;
    int64_t before = -1, after;

    CHECK_IS(ipcx_monotonic_time(&before), 0);
    clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK_IS(ipcx_monotonic_time(&after), 0);

    int64_t between = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;

    CHECK(before >= 0 && before <= between && between <= after);
}

void test_process(void)
{
    RUN_IN_CHILD(the_program_gets_the_descriptor_at_3);
    RUN_IN_CHILD(the_program_gets_the_descriptor_where_it_is);
    RUN_IN_CHILD(the_program_gets_the_descriptor_over_an_open_one);
    RUN_IN_CHILD(the_program_gets_the_descriptor_as_its_input);
    RUN_IN_CHILD(a_failure_restores_the_descriptor_in_the_way);
    RUN_IN_CHILD(a_failure_restores_the_signals);
    RUN(several_descriptors_arrive_whatever_is_in_their_way);
    RUN_IN_CHILD(a_failure_restores_several);
    RUN_IN_CHILD(descriptors_that_cannot_be_moved_give_an_error);
    RUN(arguments_that_are_too_long_are_refused);
    RUN_IN_CHILD(a_session_is_begun_once);
    RUN(the_clock_is_the_monotonic_one);
}
