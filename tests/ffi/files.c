/* Files: opened for what is in them, written whole, sealed. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

/* How a file is open, or -errno. */
static int access_of(const char *path, int32_t flags)
{
    int32_t fd = ipcx_open_path(path, flags);
    int access;

    if (fd < 0)
        return fd;
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    access = fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH);
    ipcx_close(fd);
    return access;
}

static void a_file_is_opened_for_what_is_asked(void)
{
    CHECK_IS(access_of("/dev/null", 0), O_PATH);
    CHECK_IS(access_of("/dev/null", IPCX_OPEN_READ), O_RDONLY);
    CHECK_IS(access_of("/dev/null", IPCX_OPEN_WRITE), O_WRONLY);
    CHECK_IS(access_of("/dev/null", IPCX_OPEN_READ | IPCX_OPEN_WRITE), O_RDWR);
    CHECK_IS(access_of("/tmp", IPCX_OPEN_READ | IPCX_OPEN_DIRECTORY), O_RDONLY);
    CHECK_IS(access_of("/tmp", IPCX_OPEN_WRITE), -EISDIR);
    CHECK_IS(access_of("/dev/null", IPCX_OPEN_READ | IPCX_OPEN_DIRECTORY),
             -ENOTDIR);
    /* Nothing is made. */
    CHECK_IS(access_of("/tmp/ipcx-driver-none", IPCX_OPEN_WRITE), -ENOENT);
}

static void a_file_is_made_emptied_or_appended_to_if_that_is_asked(void)
{
    const char path[] = "/tmp/ipcx-driver-XXXXXX";
    char made[sizeof(path)], text[8];
    const int32_t empty = IPCX_OPEN_WRITE | IPCX_OPEN_CREATE | IPCX_OPEN_EMPTY;
    const int32_t append = IPCX_OPEN_WRITE | IPCX_OPEN_CREATE | IPCX_OPEN_APPEND;
    const int32_t flags[] = {empty, append, empty, append, append};
    int32_t fd;

    memcpy(made, path, sizeof(path));
    ipcx_close(mkstemp(made));
    unlink(made);
    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        fd = ipcx_open_path(made, flags[i]);
        CHECK(fd >= 0);
        CHECK_IS(ipcx_write(fd, i < 3 ? "a" : "b", 1), 0);
        ipcx_close(fd);
    }
    fd = ipcx_open_path(made, IPCX_OPEN_READ);
    CHECK_IS(ipcx_read(fd, text, sizeof(text)), 3);
    CHECK(memcmp(text, "abb", 3) == 0);
    CHECK_IS(ipcx_read(fd, text, sizeof(text)), 0);
    ipcx_close(fd);
    unlink(made);
}

static void *write_later(void *pipe)
{
    usleep(20000);
    CHECK_IS(write(*(int32_t *)pipe, "late", 4), 4);
    return NULL;
}

static void a_read_waits_though_the_descriptor_does_not(void)
{
    int32_t ends[2];
    pthread_t writer;
    char text[8];

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_set_nonblocking(ends[0]), 0);
    CHECK_IS(pthread_create(&writer, NULL, write_later, &ends[1]), 0);
    CHECK_IS(ipcx_read(ends[0], text, sizeof(text)), 4);
    CHECK_IS(pthread_join(writer, NULL), 0);
    ipcx_close(ends[1]);
    CHECK_IS(ipcx_read(ends[0], text, sizeof(text)), 0);
    CHECK_IS(ipcx_read(ends[1], text, sizeof(text)), -EBADF);
    ipcx_close(ends[0]);
}

static void what_is_only_tried_is_not_waited_for(void)
{
    int32_t ends[2];
    char text[8];

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_set_nonblocking(ends[0]), 0);
    CHECK_IS(ipcx_try_read(ends[0], text, sizeof(text)), -EAGAIN);
    CHECK_IS(ipcx_write(ends[1], "0123456789", 10), 0);
    CHECK_IS(ipcx_try_read(ends[0], text, sizeof(text)), 8);
    CHECK_IS(ipcx_try_read(ends[0], text, sizeof(text)), 2);
    CHECK_IS(ipcx_try_read(ends[0], text, sizeof(text)), -EAGAIN);
    ipcx_close(ends[1]);
    CHECK_IS(ipcx_try_read(ends[0], text, sizeof(text)), 0);
    CHECK_IS(ipcx_try_read(ends[1], text, sizeof(text)), -EBADF);
    ipcx_close(ends[0]);
}

static void a_descriptor_is_made_blocking(void)
{
    int32_t ends[2];

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_set_nonblocking(ends[1]), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_IS(ipcx_set_blocking(ends[1]), 0);
        CHECK_IS(fcntl(ends[1], F_GETFL), O_WRONLY);
    }
    close_pair(ends);
    CHECK_IS(ipcx_set_blocking(-1), -EBADF);
}

#define LONG_LENGTH (1 << 20)

static void *read_slowly(void *pipe)
{
    static char data[1000];
    size_t length = 0;
    ssize_t got;

    while ((got = read(*(int32_t *)pipe, data, sizeof(data))) > 0)
        length += (size_t)got;
    return (void *)length;
}

static void all_of_it_is_written(void)
{
    char *data = calloc(1, LONG_LENGTH);
    int32_t ends[2];
    pthread_t reader;
    void *length;

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(pthread_create(&reader, NULL, read_slowly, &ends[0]), 0);
    CHECK_IS(ipcx_write(ends[1], data, LONG_LENGTH), 0);
    CHECK_IS(ipcx_write(ends[1], data, 0), 0);
    ipcx_close(ends[1]);
    CHECK_IS(pthread_join(reader, &length), 0);
    CHECK_IS((int64_t)(size_t)length, LONG_LENGTH);
    CHECK_IS(ipcx_write(ends[0], data, 1), -EBADF);
    ipcx_close(ends[0]);
    free(data);
}

static void a_write_that_fails_is_told(void)
{
    char data[8] = "";
    int32_t ends[2];

    signal(SIGPIPE, SIG_IGN);
    CHECK_IS(ipcx_pipe(ends), 0);
    ipcx_close(ends[0]);
    CHECK_IS(ipcx_write(ends[1], data, sizeof(data)), -EPIPE);
    ipcx_close(ends[1]);
    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_set_nonblocking(ends[1]), 0);
    while (ipcx_write(ends[1], data, sizeof(data)) == 0)
        continue;
    CHECK_IS(ipcx_write(ends[1], data, sizeof(data)), -EAGAIN);
    close_pair(ends);
}

static void check_unchangeable(int32_t fd)
{
    CHECK(fd >= 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK_IS(pwrite(fd, "x", 1, 0), -1);
    CHECK_IS(ftruncate(fd, 0), -1);
    CHECK_IS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

static void check_sealed_data(mode_t executable)
{
    int32_t fd = ipcx_sealed_file("name", "data", 4, 0);
    struct stat found;
    char data[8];

    check_unchangeable(fd);
    CHECK_IS(fstat(fd, &found), 0);
    CHECK_IS(found.st_mode & 0111, executable);
    CHECK_IS(ipcx_read(fd, data, sizeof(data)), 4);
    CHECK(memcmp(data, "data", 4) == 0);
    ipcx_close(fd);
    fd = ipcx_sealed_file("name", "", 0, 0);
    CHECK_IS(ipcx_read(fd, data, sizeof(data)), 0);
    ipcx_close(fd);
}

static void sealed_data_cannot_be_run(void)
{
    int fd = memfd_create("name", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

    if (fd < 0)
        printf("skipped: %s: needs Linux 6.3\n", __func__);
    else
        check_sealed_data(0);
    close(fd);
}

static void check_sealed(void)
{
    const char script[] = "#!/bin/sh\necho sealed\n";
    int32_t fd = ipcx_sealed_file("name", script, sizeof(script) - 1, 1);
    char path[64], byte;
    struct plan plan;
    int32_t again;

    check_unchangeable(fd);
    CHECK_IS(pread(fd, &byte, 1, 0), 1);
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    again = ipcx_open_path(path, IPCX_OPEN_WRITE);
    CHECK_IS(ipcx_write(again, "x", 1), -EPERM);
    ipcx_close(again);
    plan = plan_to_run(path, NULL, NULL);
    CHECK_SAYS(&plan, "sealed\n");
    ipcx_close(fd);
}

static void a_sealed_file_can_be_run_but_not_changed(void)
{
    check_sealed();
    leave_room_for(0);
    CHECK_IS(ipcx_sealed_file("name", "", 0, 0), -EMFILE);
}

/* As before Linux 6.3. */
static bool refuse_to_say_executable(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_memfd_create, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
                 MFD_EXEC | MFD_NOEXEC_SEAL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(code) / sizeof(*code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void an_older_kernel_need_not_be_told_whether_it_is_run(void)
{
    if (!refuse_to_say_executable())
        return;
    check_sealed();
    check_sealed_data(0111);
}

static void what_does_not_fit_is_no_sealed_file(void)
{
    const struct rlimit limit = {.rlim_cur = 4, .rlim_max = 4};

    signal(SIGXFSZ, SIG_IGN);
    CHECK_IS(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK_IS(ipcx_sealed_file("name", "too long", 8, 0), -EFBIG);
    /* The rest of the tests' output is not to be lost to the limit. */
    fflush(stdout);
}

void test_files(void)
{
    RUN(a_file_is_opened_for_what_is_asked);
    RUN(a_file_is_made_emptied_or_appended_to_if_that_is_asked);
    RUN(a_read_waits_though_the_descriptor_does_not);
    RUN(what_is_only_tried_is_not_waited_for);
    RUN(a_descriptor_is_made_blocking);
    RUN(all_of_it_is_written);
    RUN_IN_CHILD(a_write_that_fails_is_told);
    RUN(sealed_data_cannot_be_run);
    RUN_IN_CHILD(a_sealed_file_can_be_run_but_not_changed);
    RUN_IN_CHILD(an_older_kernel_need_not_be_told_whether_it_is_run);
    RUN_IN_CHILD(what_does_not_fit_is_no_sealed_file);
}
