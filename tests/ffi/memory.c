/* Memory that two processes share, and what would not be safe to read. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

#define SIZE 10000

#define MIDDLE 4096

/* A memfd that somebody else made. */
static int foreign(off_t size, int seals, unsigned flags)
{
    int fd = memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

    if (fd >= 0 && (ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void check_size_of(int fd, int32_t expected)
{
    CHECK(fd >= 0);
    CHECK_IS(ipcx_memory_size(fd), expected);
    CHECK_IS(ipcx_close(fd), 0);
}

static char *mapped(int32_t fd, uint32_t size, uint64_t *address)
{
    CHECK_IS(ipcx_memory_map(fd, size, 0, address), 0);
    return (char *)(uintptr_t)*address;
}

static void its_size_is_fixed_for_everybody(void)
{
    int32_t fd = ipcx_memory_create("own", SIZE, 0);
    int seals;

    CHECK(fd >= 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK_IS(ipcx_memory_size(fd), SIZE);
    seals = fcntl(fd, F_GET_SEALS);
    CHECK_IS(seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
             F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    CHECK_IS(seals & F_SEAL_WRITE, 0);
    CHECK(ftruncate(fd, SIZE - 1) < 0 && errno == EPERM);
    CHECK(ftruncate(fd, SIZE + 1) < 0 && errno == EPERM);
    CHECK(ftruncate(fd, 0) < 0 && errno == EPERM);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0 && errno == EPERM);
    CHECK_IS(ipcx_memory_size(fd), SIZE);
    CHECK_IS(ipcx_close(fd), 0);
}

static void what_one_writes_another_reads(void)
{
    int32_t fd = ipcx_memory_create("own", SIZE, 0), copy = ipcx_duplicate(fd);
    uint64_t first, second;
    char *one = mapped(fd, SIZE, &first), *other = mapped(copy, SIZE, &second);

    CHECK(one != other);
    CHECK(one[0] == 0 && one[MIDDLE] == 0 && one[SIZE - 1] == 0);
    one[0] = 'a';
    other[SIZE - 1] = 'z';
    CHECK(other[0] == 'a' && one[SIZE - 1] == 'z');
    /* What is mapped stays, also without its descriptor. */
    CHECK_IS(ipcx_close(fd), 0);
    CHECK_IS(ipcx_close(copy), 0);
    CHECK_IS(ipcx_memory_unmap(&first, SIZE), 0);
    CHECK(other[0] == 'a');
    CHECK_IS(ipcx_memory_unmap(&second, SIZE), 0);
}

static void another_process_reads_what_it_was_sent(void)
{
    int32_t ends[2], fd = ipcx_memory_create("own", SIZE, 0);
    int32_t received[IPCX_RECEIVED_SLOTS];
    uint64_t address;
    char *memory = mapped(fd, SIZE, &address);
    int status;
    pid_t child;

    make_pair(SOCK_SEQPACKET, ends);
    child = fork();
    if (child == 0) {
        char data[1];
        int32_t sent;

        ipcx_memory_unmap(&address, SIZE);
        while (ipcx_receive(ends[1], data, 1, &sent, 1, received, NULL, 0) < 0)
            usleep(1000);
        memory = mapped(sent, (uint32_t)ipcx_memory_size(sent), &address);
        memory[MIDDLE]++;
        _exit(memory[0] == 'a' ? 0 : 1);
    }
    memory[0] = 'a';
    memory[MIDDLE] = 'm';
    CHECK_IS(ipcx_send(ends[0], "x", 1, &fd, 1, NULL, NULL, 0, 0), 1);
    CHECK_IS(waitpid(child, &status, 0), child);
    CHECK_IS(status, 0);
    CHECK(memory[MIDDLE] == 'n');
    CHECK_IS(ipcx_memory_unmap(&address, SIZE), 0);
    CHECK_IS(ipcx_close(fd), 0);
    close_pair(ends);
}

static void memory_that_can_shrink_is_refused(void)
{
    check_size_of(foreign(SIZE, 0, 0), -EPERM);
    check_size_of(foreign(SIZE, F_SEAL_GROW | F_SEAL_SEAL, 0), -EPERM);
    check_size_of(foreign(SIZE, F_SEAL_WRITE, 0), -EPERM);
    check_size_of(memfd_create("without seals", MFD_CLOEXEC), -EPERM);
    check_size_of(foreign(SIZE, F_SEAL_SHRINK, 0), SIZE);
    check_size_of(foreign(0, F_SEAL_SHRINK, 0), 0);
}

/* Huge pages may be used up, which is a SIGBUS for whoever touches one. */
static void huge_pages_are_refused(void)
{
    /* No page is taken before one is touched, so this works without any. */
    int fd = foreign(0, F_SEAL_SHRINK, MFD_HUGETLB);

    if (fd >= 0)
        check_size_of(fd, -EPERM);
    else
        printf("skipped: %s: needs huge pages\n", __func__);
}

static void files_are_refused(void)
{
    char path[109];
    int pipe_ends[2];
    int32_t ends[2];

    own_path(path, 100);
    check_size_of(open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600), -EPERM);
    check_size_of(open(path, O_RDONLY | O_CLOEXEC), -EPERM);
    remove_own_path(path);
    check_size_of(open("/", O_DIRECTORY | O_CLOEXEC), -EPERM);
    check_size_of(open("/dev/zero", O_RDWR | O_CLOEXEC), -EPERM);
    CHECK_IS(pipe(pipe_ends), 0);
    CHECK_IS(ipcx_memory_size(pipe_ends[0]), -EPERM);
    CHECK_IS(ipcx_memory_size(pipe_ends[1]), -EPERM);
    close_pair(pipe_ends);
    make_pair(SOCK_STREAM, ends);
    CHECK_IS(ipcx_memory_size(ends[0]), -EPERM);
    close_pair(ends);
    CHECK_IS(ipcx_memory_size(-1), -EBADF);
}

/* It may have a limit, at which there is a SIGBUS; and it cannot be sealed. */
static void files_of_a_tmpfs_are_refused(void)
{
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        printf("skipped: %s: needs /dev/shm\n", __func__);
        return;
    }
    CHECK_IS(ftruncate(fd, SIZE), 0);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0);
    check_size_of(fd, -EPERM);
}

static void memory_that_a_number_cannot_tell_the_size_of_is_refused(void)
{
    const off_t most = INT32_MAX;

    check_size_of(foreign(most, F_SEAL_SHRINK, 0), INT32_MAX);
    check_size_of(foreign(most + 1, F_SEAL_SHRINK, 0), -EFBIG);
    check_size_of(foreign(((off_t)1 << 32) + SIZE, F_SEAL_SHRINK, 0), -EFBIG);
    check_size_of(foreign((off_t)1 << 40, F_SEAL_SHRINK, 0), -EFBIG);
    CHECK_IS(ipcx_memory_create("own", (uint32_t)INT32_MAX + 1, 0), -EFBIG);
    CHECK_IS(ipcx_memory_create("own", UINT32_MAX, 0), -EFBIG);
    check_size_of(ipcx_memory_create("own", INT32_MAX, 0), INT32_MAX);
}

static void what_may_not_be_written_to_cannot_be_mapped(void)
{
    int fd = foreign(SIZE, F_SEAL_SHRINK | F_SEAL_WRITE, 0), reading;
    char path[32];
    uint64_t address;

    CHECK_IS(ipcx_memory_size(fd), SIZE);
    CHECK_IS(ipcx_memory_map(fd, SIZE, 0, &address), -EPERM);
    close(fd);
    fd = foreign(SIZE, F_SEAL_SHRINK, 0);
    sprintf(path, "/proc/self/fd/%d", fd);
    reading = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_IS(ipcx_memory_size(reading), SIZE);
    CHECK_IS(ipcx_memory_map(reading, SIZE, 0, &address), -EACCES);
    close(reading);
    close(fd);
}

static void what_may_not_be_written_to_is_mapped_privately(void)
{
    int fd = foreign(SIZE, F_SEAL_SHRINK, 0);
    uint64_t first, second;
    char *one, *other;

    CHECK_IS(pwrite(fd, "before", 6, 0), 6);
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE, NULL, 0), 0);
    CHECK_IS(ipcx_memory_map(fd, SIZE, 1, &first), 0);
    CHECK_IS(ipcx_memory_map(fd, SIZE, 1, &second), 0);
    one = (char *)(uintptr_t)first;
    other = (char *)(uintptr_t)second;
    CHECK(memcmp(one, "before", 6) == 0);
    one[0] = 'B';
    one[SIZE - 1] = 'z';
    CHECK(one[0] == 'B' && other[0] == 'b' && other[SIZE - 1] == 0);
    CHECK_IS(ipcx_memory_unmap(&first, SIZE), 0);
    CHECK_IS(ipcx_memory_unmap(&second, SIZE), 0);
    close(fd);
}

static void memory_is_sealed_where_it_is_mapped(void)
{
    int32_t fd = ipcx_memory_create("own", SIZE, 1);
    uint64_t address, other;
    char *memory = mapped(fd, SIZE, &address);

    CHECK_IS(ipcx_memory_seals(fd) & ~F_SEAL_EXEC, F_SEAL_SHRINK | F_SEAL_GROW);
    memory[0] = 'a';
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE | F_SEAL_SEAL, &address, SIZE), 0);
    CHECK_IS(ipcx_memory_seals(fd) & ~F_SEAL_EXEC,
             F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    CHECK(memory[0] == 'a' && memory[MIDDLE] == 0);
    memory[0] = 'b';
    memory[MIDDLE] = 'c';
    CHECK_IS(ipcx_memory_map(fd, SIZE, 1, &other), 0);
    CHECK(*(char *)(uintptr_t)other == 'a');
    CHECK(((char *)(uintptr_t)other)[MIDDLE] == 0);
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_FUTURE_WRITE, NULL, 0), -EPERM);
    CHECK_IS(ipcx_memory_unmap(&other, SIZE), 0);
    CHECK_IS(ipcx_memory_unmap(&address, SIZE), 0);
    CHECK_IS(ipcx_close(fd), 0);
}

static void while_another_writes_it_is_not_sealed_and_stays_shared(void)
{
    int32_t fd = ipcx_memory_create("own", SIZE, 1);
    uint64_t first, second;
    char *one = mapped(fd, SIZE, &first), *other = mapped(fd, SIZE, &second);

    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE, &first, SIZE), -EBUSY);
    CHECK_IS(ipcx_memory_seals(fd) & F_SEAL_WRITE, 0);
    one[0] = 'a';
    other[1] = 'b';
    CHECK(other[0] == 'a' && one[1] == 'b');
    CHECK_IS(ipcx_memory_unmap(&second, SIZE), 0);
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE, &first, SIZE), 0);
    CHECK(one[0] == 'a' && one[1] == 'b');
    CHECK_IS(ipcx_memory_unmap(&first, SIZE), 0);
    CHECK_IS(ipcx_close(fd), 0);
}

static void what_was_mapped_before_future_writes_are_sealed_is_still_written_to(void)
{
    int32_t fd = ipcx_memory_create("own", SIZE, 1);
    uint64_t first, second, third;
    char *one = mapped(fd, SIZE, &first), *other = mapped(fd, SIZE, &second);

    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_FUTURE_WRITE, &first, SIZE), 0);
    one[0] = 'a';
    CHECK(other[0] == 'a');
    CHECK_IS(ipcx_memory_map(fd, SIZE, 0, &third), -EPERM);
    /* The mapping that was given up cannot be made again. */
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE, &first, SIZE), -ENOTRECOVERABLE);
    one[0] = 'b';
    CHECK(one[0] == 'b' && other[0] == 'a');
    CHECK_IS(ipcx_memory_unmap(&first, SIZE), 0);
    CHECK_IS(ipcx_memory_unmap(&second, SIZE), 0);
    CHECK_IS(ipcx_close(fd), 0);
}

/* The kernel would seal what can be run against everything. */
static void what_could_be_run_is_sealed_against_that_alone(void)
{
    int fd = foreign(SIZE, F_SEAL_SHRINK, 0);
    int32_t sealed = ipcx_memory_seal(fd, F_SEAL_EXEC, NULL, 0);

    if (sealed == -EINVAL)
        printf("skipped: %s: needs Linux 6.3\n", __func__);
    else {
        CHECK_IS(sealed, 0);
        CHECK_IS(ipcx_memory_seals(fd), F_SEAL_SHRINK | F_SEAL_EXEC);
        CHECK(fchmod(fd, 0700) < 0 && errno == EPERM);
    }
    close(fd);
}

static void what_is_wrong_gives_an_error(void)
{
    int32_t fd = ipcx_memory_create("own", SIZE, 0);
    uint64_t address = 0;

    CHECK_IS(ipcx_memory_map(-1, SIZE, 0, &address), -EBADF);
    CHECK_IS(ipcx_memory_map(fd, 0, 0, &address), -EINVAL);
    CHECK_IS(address, 0);
    CHECK_IS(ipcx_close(fd), 0);
    address = 1;
    CHECK_IS(ipcx_memory_unmap(&address, SIZE), -EINVAL);
    CHECK_IS(ipcx_memory_size(fd), -EBADF);
    CHECK_IS(ipcx_memory_seals(fd), -EBADF);
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE, NULL, 0), -EBADF);
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_EXEC, NULL, 0), -EBADF);
    CHECK_IS(ipcx_memory_seal(fd, F_SEAL_WRITE, &address, SIZE), -EBADF);
}

static void without_a_descriptor_to_be_had_there_is_no_memory(void)
{
    leave_room_for(0);
    CHECK_IS(ipcx_memory_create("own", SIZE, 0), -EMFILE);
}

void test_memory(void)
{
    RUN(its_size_is_fixed_for_everybody);
    RUN(what_one_writes_another_reads);
    RUN(another_process_reads_what_it_was_sent);
    RUN(memory_that_can_shrink_is_refused);
    RUN(huge_pages_are_refused);
    RUN(files_are_refused);
    RUN(files_of_a_tmpfs_are_refused);
    RUN(memory_that_a_number_cannot_tell_the_size_of_is_refused);
    RUN(what_may_not_be_written_to_cannot_be_mapped);
    RUN(what_may_not_be_written_to_is_mapped_privately);
    RUN(memory_is_sealed_where_it_is_mapped);
    RUN(while_another_writes_it_is_not_sealed_and_stays_shared);
    RUN(what_was_mapped_before_future_writes_are_sealed_is_still_written_to);
    RUN(what_could_be_run_is_sealed_against_that_alone);
    RUN(what_is_wrong_gives_an_error);
    RUN_IN_CHILD(without_a_descriptor_to_be_had_there_is_no_memory);
}
