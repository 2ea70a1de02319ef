/* The test driver of the shim: runs all tests, says what failed, counts. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Descriptors are looked for below this number. */
#define MAX_DESCRIPTORS 2048

/* How long a thread may take to close what is its own, in milliseconds. */
#define GRACE_MS 5000

/* A test that hangs must end all the same. */
#define TIME_LIMIT_S 300

/* Shared with the children, so that their checks count. */
static struct counts {
    unsigned checks, failed, tests, skipped;
} *counts;

static void fail(void)
{
    __atomic_add_fetch(&counts->failed, 1, __ATOMIC_RELAXED);
}

bool check(bool holds, const char *file, int line, const char *claim)
{
    counts->checks++;
    if (!holds) {
        fail();
        printf("%s:%d: %s\n", file, line, claim);
        fflush(stdout);
    }
    return holds;
}

int64_t check_is(int64_t value, int64_t expected, const char *file, int line,
                 const char *text, const char *expected_text)
{
    counts->checks++;
    if (value != expected) {
        fail();
        printf("%s:%d: %s is %lld, not %s (%lld)\n", file, line, text,
               (long long)value, expected_text, (long long)expected);
        fflush(stdout);
    }
    return value;
}

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

bool is_same_file(int one, int other)
{
    struct stat first, second;

    return fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Asked number by number: at the limit of RLIMIT_NOFILE /proc has no room. */
int count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < MAX_DESCRIPTORS; fd++)
        count += is_open(fd);
    return count;
}

static int first_difference(const bool *before)
{
    for (int fd = 0; fd < MAX_DESCRIPTORS; fd++)
        if (is_open(fd) != before[fd])
            return fd;
    return -1;
}

/* IPCX_SKIPPED has a line for each test that cannot pass where this runs, such as
 * under an emulator: its name, a space, the reason. */
static bool is_to_be_skipped(const char *name)
{
    const char *line = getenv("IPCX_SKIPPED");
    const size_t length = strlen(name);

    for (; line && *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            counts->skipped++;
            printf("skipped: %s: %.*s\n", name,
                   (int)strcspn(line + length + 1, "\n"), line + length + 1);
            return true;
        }
    return false;
}

static void check_skipped(void)
{
    const char *line = getenv("IPCX_SKIPPED");
    unsigned expected = 0;

    for (; line && *line; line = strchr(line, '\n') + 1)
        expected++;
    if (counts->skipped != expected) {
        fail();
        printf("of %u tests to be skipped there are %u\n", expected,
               counts->skipped);
    }
}

static void run_here(const char *name, void (*test)(void))
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    bool before[MAX_DESCRIPTORS];
    int different;

    counts->tests++;
    for (int fd = 0; fd < MAX_DESCRIPTORS; fd++)
        before[fd] = is_open(fd);
    test();
    different = first_difference(before);
    for (int waited = 0; different >= 0 && waited < GRACE_MS; waited++) {
        nanosleep(&millisecond, NULL);
        different = first_difference(before);
    }
    if (different >= 0) {
        fail();
        printf("%s: descriptor %d was left %s\n", name, different,
               before[different] ? "closed" : "open");
    }
}

void run(const char *name, void (*test)(void))
{
    if (!is_to_be_skipped(name))
        run_here(name, test);
}

void run_in_child(const char *name, void (*test)(void))
{
    unsigned failed = counts->failed;
    int status;
    pid_t child;

    if (is_to_be_skipped(name))
        return;
    /* What is not written yet would be written twice. */
    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(TIME_LIMIT_S);
        run_here(name, test);
        fflush(stdout);
        /* Not exit(3): what the parent has allocated is no leak of ours. */
        _exit(0);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (status != 0 && counts->failed == failed) {
        fail();
        printf("%s: the child ended with status 0x%x\n", name, status);
    }
}

void run_as_root(const char *name, void (*test)(void))
{
    if (getuid() == 0)
        run_in_child(name, test);
    else if (!is_to_be_skipped(name))
        printf("skipped: %s: needs root\n", name);
}

void make_pair(int type, int32_t ends[2])
{
    if (CHECK_IS(ipcx_socketpair(type, ends), 0) != 0)
        exit(2);
}

void close_pair(const int32_t ends[2])
{
    CHECK_IS(ipcx_close(ends[0]), 0);
    CHECK_IS(ipcx_close(ends[1]), 0);
}

int32_t turn_on(int32_t fd, int32_t option)
{
    const int32_t on = 1;

    return ipcx_set_option(fd, SOL_SOCKET, option, &on, sizeof(on));
}

int32_t send_with(int32_t fd, const char *text, uint32_t n_fds)
{
    int32_t sent[IPCX_MAX_FDS];

    /* Not the socket itself: it would stay open in its own queue. */
    for (uint32_t i = 0; i < n_fds; i++)
        sent[i] = STDIN_FILENO;
    return ipcx_send(fd, text, (uint32_t)strlen(text), sent, n_fds, NULL, NULL,
                     0, 0);
}

void leave_room_for(int count)
{
    struct rlimit limit;
    int fds[8], next = dup(0);

    for (int i = 0; i < count; i++) {
        fds[i] = next;
        next = dup(0);
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)next;
    CHECK_IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    close(next);
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

bool become_nobody(void)
{
    return getuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
}

uint32_t own_name(char name[108])
{
    static unsigned serial;

    name[0] = 0;
    return 1 + (uint32_t)sprintf(name + 1, "ipcx-driver-%d-%u", (int)getpid(),
                                 serial++);
}

void own_path(char path[109], uint32_t length)
{
    char directory[] = "/tmp/ipcx-driver-XXXXXX";
    uint32_t used;

    if (!mkdtemp(directory))
        exit(2);
    used = (uint32_t)sprintf(path, "%s/", directory);
    memset(path + used, 'n', length - used);
    path[length] = 0;
}

void remove_own_path(const char *path)
{
    char directory[109];

    unlink(path);
    strcpy(directory, path);
    *strrchr(directory, '/') = 0;
    CHECK_IS(rmdir(directory), 0);
}

int main(int count, char **arguments)
{
    if (count > 1)
        return strcmp(arguments[1], "held") == 0
                   ? executed_with_signals_held()
                   : executed(count, arguments);
    counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED)
        return 2;
    alarm(TIME_LIMIT_S);
    test_messages();
    test_many_messages();
    test_batches();
    test_parts();
    test_ancillary();
    test_many_ancillary();
    test_hand_out();
    test_internet();
    test_sockets();
    test_names();
    test_socket_files();
    test_descriptors();
    test_directories();
    test_files();
    test_memory();
    test_zero_copy();
    test_readiness();
    test_waker();
    test_process();
    test_environment();
    test_held_signals();
    test_steps();
    test_privileges();
    test_spawn();
    test_filtered();
    test_joined();
    test_trace();
    test_scripts();
    test_child();
    test_terminals();
    test_namespaces();
    test_netlink();
    test_runner();
    test_probe();
    test_probe_host();
    check_skipped();
    printf("%u checks in %u tests, %u failed\n", counts->checks, counts->tests,
           counts->failed);
    return counts->failed ? 1 : 0;
}
