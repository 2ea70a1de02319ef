/* Bytes between files, pipes and sockets. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096

/* What fills a pipe that nobody has made larger. */
#define PIPE_BYTES 65536

static int32_t moved[IPCX_MOVED_SLOTS];

/* The byte that test data has at a place: no two places near each other agree in
 * such a way that a shift would not be seen. */
static char byte_at(int64_t at)
{
    return (char)(at * 7 + at / 251);
}

static int file_of(uint32_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    char *data = malloc(size);

    for (uint32_t i = 0; i < size; i++)
        data[i] = byte_at(i);
    CHECK_IS(write(fd, data, size), size);
    free(data);
    return fd;
}

/* Nonblocking ends: [0] is read, [1] written. */
static void make_pipe(int32_t ends[2])
{
    CHECK_IS(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

/* Reads what is there and compares it with the data from `at` on. */
static void check_next(int32_t fd, int64_t at, int32_t size)
{
    char *data = malloc((size_t)size + 1);
    int32_t got = 0, more, wrong = 0;

    while (got < size &&
           (more = ipcx_try_read(fd, data + got, (uint32_t)(size - got))) > 0)
        got += more;
    CHECK_IS(got, size);
    for (int32_t i = 0; i < got; i++)
        wrong += data[i] != byte_at(at + i);
    CHECK_IS(wrong, 0);
    free(data);
}

static int32_t send_from(int32_t to, int32_t file, uint64_t offset, uint32_t count)
{
    return ipcx_send_file(to, file, (uint32_t)offset, (uint32_t)(offset >> 32),
                          count, moved);
}

static void check_moved(int32_t end, int32_t expected, int32_t bytes)
{
    CHECK_IS(end, expected);
    CHECK_IS(moved[IPCX_MOVED_BYTES], bytes);
}

static void parts_of_a_file_are_sent_in_any_order(void)
{
    int32_t ends[2];
    int file = file_of(10000);

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(lseek(file, 77, SEEK_SET), 77);
    check_moved(send_from(ends[0], file, 5000, 5000), IPCX_MOVE_DONE, 5000);
    check_moved(send_from(ends[0], file, 1, 100), IPCX_MOVE_DONE, 100);
    check_moved(send_from(ends[0], file, 0, 0), IPCX_MOVE_DONE, 0);
    check_moved(send_from(ends[0], file, 9990, 100), IPCX_MOVE_ENDED, 10);
    check_moved(send_from(ends[0], file, 10000, 1), IPCX_MOVE_ENDED, 0);
    check_moved(send_from(ends[0], file, 1ll << 52, 1), IPCX_MOVE_ENDED, 0);
    check_next(ends[1], 5000, 5000);
    check_next(ends[1], 1, 100);
    check_next(ends[1], 9990, 10);
    CHECK_IS(lseek(file, 0, SEEK_CUR), 77);
    close(file);
    close_pair(ends);
}

static void a_file_is_sent_until_there_is_no_room(void)
{
    int32_t ends[2], all = 0;
    int file = file_of(1 << 20);

    make_pair(SOCK_STREAM, ends);
    for (int rounds = 0; all < 1 << 20 && rounds < 1000; rounds++) {
        int32_t end =
            send_from(ends[0], file, (uint64_t)all, (1 << 20) - (uint32_t)all);

        CHECK_IS(end, all + moved[0] < 1 << 20 ? IPCX_MOVE_FULL : IPCX_MOVE_DONE);
        check_next(ends[1], all, moved[0]);
        all += moved[0];
    }
    CHECK_IS(all, 1 << 20);
    close(file);
    close_pair(ends);
}

static void offsets_have_64_bits(void)
{
    const uint64_t far = (5ull << 32) + 123;
    int file = memfd_create("sparse", MFD_CLOEXEC);
    int32_t ends[2];
    char data[3];

    make_pair(SOCK_STREAM, ends);
    CHECK_IS(pwrite(file, "far", 3, (off_t)far), 3);
    check_moved(send_from(ends[0], file, far, 10), IPCX_MOVE_ENDED, 3);
    CHECK_IS(ipcx_try_read(ends[1], data, 3), 3);
    CHECK(memcmp(data, "far", 3) == 0);
    CHECK_IS(ipcx_read_at(file, data, 3, (uint32_t)far, (uint32_t)(far >> 32)), 3);
    CHECK(memcmp(data, "far", 3) == 0);
    CHECK_IS(ipcx_read_at(file, data, 3, (uint32_t)far + 2, (uint32_t)(far >> 32)), 1);
    CHECK_IS(ipcx_read_at(file, data, 3, 0, 6), 0);
    CHECK_IS(ipcx_read_at(-1, data, 3, 0, 0), -EBADF);
    CHECK_IS(ipcx_read_at(ends[0], data, 3, 0, 0), -ESPIPE);
    close(file);
    close_pair(ends);
}

static void what_cannot_be_sent_is_an_error(void)
{
    int32_t ends[2], pipe_ends[2];
    int file = file_of(100);

    make_pair(SOCK_STREAM, ends);
    make_pipe(pipe_ends);
    check_moved(send_from(ends[0], ends[1], 0, 1), -ESPIPE, 0);
    check_moved(send_from(ends[0], pipe_ends[0], 0, 1), -ESPIPE, 0);
    check_moved(send_from(pipe_ends[0], file, 0, 1), -EBADF, 0);
    check_moved(send_from(-1, file, 0, 1), -EBADF, 0);
    check_moved(send_from(ends[0], -1, 0, 1), -EBADF, 0);
    CHECK_IS(ipcx_close(ends[1]), 0);
    check_moved(send_from(ends[0], file, 0, 1), -EPIPE, 0);
    CHECK_IS(ipcx_close(ends[0]), 0);
    close(file);
    close_pair(pipe_ends);
}

static int32_t splice_to(int32_t from, int32_t to, uint32_t count)
{
    return ipcx_splice(from, to, count, 0, 0, 0, moved);
}

static void bytes_go_from_a_file_through_a_pipe_to_a_socket_and_back(void)
{
    int32_t ends[2], pipe_ends[2];
    int file = file_of(20000), copy = memfd_create("copy", MFD_CLOEXEC);

    make_pair(SOCK_STREAM, ends);
    make_pipe(pipe_ends);
    check_moved(ipcx_splice(file, pipe_ends[1], 5000, IPCX_SPLICE_FROM_AT, 10000,
                            0, moved), IPCX_MOVE_DONE, 5000);
    check_moved(ipcx_splice(pipe_ends[0], ends[0], 5000, IPCX_SPLICE_MORE, 0, 0,
                            moved), IPCX_MOVE_DONE, 5000);
    check_moved(splice_to(ends[1], pipe_ends[1], 5000), IPCX_MOVE_DONE, 5000);
    check_moved(ipcx_splice(pipe_ends[0], copy, 5000, IPCX_SPLICE_TO_AT, 0, 1,
                            moved), IPCX_MOVE_DONE, 5000);
    CHECK_IS(lseek(copy, 0, SEEK_END), (1ll << 32) + 5000);
    CHECK_IS(lseek(copy, 1ll << 32, SEEK_SET), 1ll << 32);
    check_next(copy, 10000, 5000);
    check_moved(ipcx_splice(file, pipe_ends[1], 100, IPCX_SPLICE_FROM_AT, 20000,
                            0, moved), IPCX_MOVE_ENDED, 0);
    close(file);
    close(copy);
    close_pair(ends);
    close_pair(pipe_ends);
}

static void it_is_told_which_side_has_to_be_waited_for(void)
{
    int32_t ends[2], pipe_ends[2], other[2];
    int file = file_of(1 << 20);

    make_pair(SOCK_STREAM, ends);
    make_pipe(pipe_ends);
    make_pipe(other);
    check_moved(splice_to(ends[0], pipe_ends[1], 1), IPCX_MOVE_EMPTY, 0);
    check_moved(splice_to(pipe_ends[0], ends[0], 1), IPCX_MOVE_EMPTY, 0);
    check_moved(splice_to(pipe_ends[0], other[1], 1), IPCX_MOVE_EMPTY, 0);
    check_moved(ipcx_tee(pipe_ends[0], other[1], 1, moved), IPCX_MOVE_EMPTY, 0);
    CHECK_IS(lseek(file, 0, SEEK_SET), 0);
    check_moved(splice_to(file, pipe_ends[1], 1 << 20), IPCX_MOVE_FULL, PIPE_BYTES);
    CHECK_IS(write(ends[1], "x", 1), 1);
    check_moved(splice_to(ends[0], pipe_ends[1], 1), IPCX_MOVE_FULL, 0);
    check_moved(splice_to(pipe_ends[0], other[1], 1 << 20), IPCX_MOVE_EMPTY,
                PIPE_BYTES);
    check_moved(splice_to(file, pipe_ends[1], 1 << 20), IPCX_MOVE_FULL, PIPE_BYTES);
    check_moved(splice_to(pipe_ends[0], other[1], 1), IPCX_MOVE_FULL, 0);
    check_moved(ipcx_tee(pipe_ends[0], other[1], 1, moved), IPCX_MOVE_FULL, 0);
    while (splice_to(pipe_ends[0], ends[0], 1 << 20) != IPCX_MOVE_FULL)
        check_moved(splice_to(file, pipe_ends[1], 1 << 20), IPCX_MOVE_FULL, moved[0]);
    check_moved(splice_to(pipe_ends[0], ends[0], 1), IPCX_MOVE_FULL, 0);
    close(file);
    close_pair(ends);
    close_pair(pipe_ends);
    close_pair(other);
}

static void the_end_of_a_source_is_told(void)
{
    int32_t ends[2], pipe_ends[2], other[2];

    make_pair(SOCK_STREAM, ends);
    make_pipe(pipe_ends);
    make_pipe(other);
    CHECK_IS(write(ends[1], "ab", 2), 2);
    CHECK_IS(ipcx_close(ends[1]), 0);
    check_moved(splice_to(ends[0], pipe_ends[1], 10), IPCX_MOVE_ENDED, 2);
    CHECK_IS(ipcx_close(pipe_ends[1]), 0);
    check_moved(ipcx_tee(pipe_ends[0], other[1], 10, moved), IPCX_MOVE_DONE, 2);
    check_moved(splice_to(pipe_ends[0], other[1], 10), IPCX_MOVE_ENDED, 2);
    check_moved(ipcx_tee(pipe_ends[0], other[1], 10, moved), IPCX_MOVE_ENDED, 0);
    CHECK_IS(ipcx_close(ends[0]), 0);
    CHECK_IS(ipcx_close(pipe_ends[0]), 0);
    close_pair(other);
}

static void what_cannot_be_spliced_is_an_error(void)
{
    int32_t ends[2], pipe_ends[2], other[2];
    char path[109];
    int appending;

    make_pair(SOCK_STREAM, ends);
    make_pipe(pipe_ends);
    make_pipe(other);
    own_path(path, 100);
    appending = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    CHECK_IS(write(pipe_ends[1], "x", 1), 1);
    check_moved(splice_to(ends[0], ends[1], 1), -EINVAL, 0);
    check_moved(splice_to(pipe_ends[0], appending, 1), -EINVAL, 0);
    check_moved(splice_to(pipe_ends[0], pipe_ends[1], 1), -EINVAL, 0);
    check_moved(splice_to(pipe_ends[1], other[1], 1), -EBADF, 0);
    check_moved(ipcx_splice(pipe_ends[0], other[1], 1, IPCX_SPLICE_TO_AT, 0, 0,
                            moved), -ESPIPE, 0);
    check_moved(ipcx_tee(pipe_ends[0], ends[0], 1, moved), -EINVAL, 0);
    check_moved(ipcx_tee(ends[0], pipe_ends[1], 1, moved), -EINVAL, 0);
    check_moved(ipcx_tee(-1, pipe_ends[1], 1, moved), -EBADF, 0);
    CHECK_IS(ipcx_close(other[0]), 0);
    check_moved(splice_to(pipe_ends[0], other[1], 1), -EPIPE, 0);
    check_moved(ipcx_tee(pipe_ends[0], other[1], 1, moved), -EPIPE, 0);
    CHECK_IS(ipcx_close(other[1]), 0);
    close(appending);
    remove_own_path(path);
    close_pair(ends);
    close_pair(pipe_ends);
}

static void tee_leaves_what_it_duplicates(void)
{
    int32_t from[2], to[2];
    char data[10];

    make_pipe(from);
    make_pipe(to);
    CHECK_IS(write(from[1], "abc", 3), 3);
    check_moved(ipcx_tee(from[0], to[1], 2, moved), IPCX_MOVE_DONE, 2);
    check_moved(ipcx_tee(from[0], to[1], 10, moved), IPCX_MOVE_DONE, 3);
    CHECK_IS(ipcx_try_read(to[0], data, 10), 5);
    CHECK(memcmp(data, "ababc", 5) == 0);
    CHECK_IS(ipcx_try_read(from[0], data, 10), 3);
    check_moved(ipcx_tee(from[0], to[1], 0, moved), IPCX_MOVE_DONE, 0);
    close_pair(from);
    close_pair(to);
}

static void memory_in_a_pipe_is_shared_with_its_reader(void)
{
    char *memory = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int32_t ends[2];
    char data[4], all[PIPE_BYTES];

    make_pipe(ends);
    memcpy(memory + 10, "aaaa", 4);
    CHECK_IS(ipcx_vmsplice(ends[1], memory, 10, 4), 4);
    memcpy(memory + 10, "bbbb", 4);
    CHECK_IS(ipcx_try_read(ends[0], data, 4), 4);
    CHECK(memcmp(data, "bbbb", 4) == 0);
    CHECK_IS(ipcx_vmsplice(ends[1], memory, 0, 32 * PAGE), PIPE_BYTES);
    CHECK_IS(ipcx_vmsplice(ends[1], memory, 0, 1), -EAGAIN);
    /* What is mapped no more is in the pipe all the same. */
    CHECK_IS(munmap(memory, 32 * PAGE), 0);
    CHECK_IS(ipcx_try_read(ends[0], all, sizeof(all)), PIPE_BYTES);
    CHECK(memcmp(all + 10, "bbbb", 4) == 0);
    close_pair(ends);
}

static void memory_goes_only_into_the_end_that_is_written(void)
{
    char memory[] = "untouched";
    int32_t ends[2], pair[2];

    make_pipe(ends);
    make_pair(SOCK_STREAM, pair);
    CHECK_IS(write(ends[1], "written!!", 9), 9);
    CHECK_IS(ipcx_vmsplice(ends[0], memory, 0, 9), -EBADF);
    CHECK(strcmp(memory, "untouched") == 0);
    CHECK_IS(ipcx_vmsplice(pair[0], memory, 0, 9), -EBADF);
    CHECK_IS(ipcx_vmsplice(-1, memory, 0, 9), -EBADF);
    CHECK_IS(ipcx_close(ends[0]), 0);
    CHECK_IS(ipcx_vmsplice(ends[1], memory, 0, 9), -EPIPE);
    CHECK_IS(ipcx_close(ends[1]), 0);
    close_pair(pair);
}

static int32_t pump(const int32_t from[2], const int32_t to[2],
                    const int32_t through[2], uint32_t count)
{
    return ipcx_pump(from[1], to[0], through[0], through[1], count, moved);
}

static void a_pump_moves_all_and_then_tells_the_end(void)
{
    int32_t from[2], to[2], through[2], end = IPCX_MOVE_DONE;
    int file = file_of(1 << 20);
    uint32_t sent = 0;
    int64_t arrived = 0;
    bool was_empty = false;

    make_pair(SOCK_STREAM, from);
    make_pair(SOCK_STREAM, to);
    make_pipe(through);
    moved[IPCX_MOVED_HELD] = 0;
    while (end != IPCX_MOVE_ENDED) {
        if (end == IPCX_MOVE_EMPTY && sent < 1 << 20) {
            send_from(from[0], file, sent, (1 << 20) - sent);
            sent += (uint32_t)moved[IPCX_MOVED_BYTES];
        } else if (end == IPCX_MOVE_EMPTY) {
            CHECK_IS(ipcx_shutdown(from[0], SHUT_WR), 0);
        }
        end = pump(from, to, through, 200000);
        was_empty |= end == IPCX_MOVE_EMPTY;
        CHECK(end >= 0 && moved[IPCX_MOVED_HELD] >= 0);
        CHECK(end != IPCX_MOVE_EMPTY || moved[IPCX_MOVED_HELD] == 0);
        if (end < 0)
            break;
        if (end == IPCX_MOVE_DONE) {
            CHECK(moved[IPCX_MOVED_BYTES] >= 200000);
            CHECK_IS(moved[IPCX_MOVED_SIDE], IPCX_SIDE_NONE);
        }
        check_next(to[1], arrived, moved[IPCX_MOVED_BYTES]);
        arrived += moved[IPCX_MOVED_BYTES];
    }
    CHECK_IS(arrived, 1 << 20);
    CHECK(was_empty);
    close(file);
    close_pair(from);
    close_pair(to);
    close_pair(through);
}

static void a_pump_waits_for_its_target_with_what_it_holds(void)
{
    int32_t from[2], to[2], through[2], end, rounds = 0;

    make_pair(SOCK_STREAM, from);
    make_pair(SOCK_STREAM, to);
    make_pipe(through);
    moved[IPCX_MOVED_HELD] = 0;
    do {
        char data[PAGE] = {0};

        while (ipcx_send(from[0], data, PAGE, NULL, 0, NULL, NULL, 0, 0) > 0)
            continue;
        end = pump(from, to, through, 1 << 20);
    } while (end == IPCX_MOVE_EMPTY && ++rounds < 1000);
    CHECK_IS(end, IPCX_MOVE_FULL);
    CHECK(moved[IPCX_MOVED_HELD] > 0);
    CHECK_IS(moved[IPCX_MOVED_SIDE], IPCX_SIDE_TO);
    CHECK_IS(ipcx_close(to[1]), 0);
    CHECK_IS(pump(from, to, through, 1), -EPIPE);
    CHECK_IS(moved[IPCX_MOVED_SIDE], IPCX_SIDE_TO);
    CHECK_IS(ipcx_close(to[0]), 0);
    close_pair(from);
    close_pair(through);
}

static void a_pump_tells_which_side_has_failed(void)
{
    int32_t from[2], to[2], through[2];

    make_pair(SOCK_STREAM, from);
    make_pair(SOCK_STREAM, to);
    make_pipe(through);
    moved[IPCX_MOVED_HELD] = 0;
    /* A peer that leaves something unread resets the connection. */
    CHECK_IS(send_with(from[1], "unread", 0), 6);
    CHECK_IS(send_with(from[0], "last words", 0), 10);
    CHECK_IS(ipcx_close(from[0]), 0);
    CHECK_IS(pump(from, to, through, 100), -ECONNRESET);
    CHECK_IS(moved[IPCX_MOVED_SIDE], IPCX_SIDE_FROM);
    CHECK_IS(ipcx_close(from[1]), 0);
    CHECK_IS(ipcx_pump(-1, to[0], through[0], through[1], 1, moved), -EBADF);
    CHECK_IS(moved[IPCX_MOVED_SIDE], IPCX_SIDE_FROM);
    close_pair(to);
    close_pair(through);
}

static void parts_are_written_as_far_as_there_is_room(void)
{
    char first[] = "ab", second[] = "", third[] = "cde", data[10];
    struct iovec parts[] = {{first, 2}, {second, 0}, {third, 3}};
    char *large = calloc(1, 2 * PIPE_BYTES);
    struct iovec much = {large, 2 * PIPE_BYTES};
    int32_t ends[2];

    make_pipe(ends);
    CHECK_IS(ipcx_write_parts(ends[1], parts, 3), 5);
    CHECK_IS(ipcx_try_read(ends[0], data, 10), 5);
    CHECK(memcmp(data, "abcde", 5) == 0);
    CHECK_IS(ipcx_write_parts(ends[1], &much, 1), PIPE_BYTES);
    CHECK_IS(ipcx_write_parts(ends[1], &much, 1), -EAGAIN);
    CHECK_IS(ipcx_write_parts(ends[0], parts, 3), -EBADF);
    CHECK_IS(ipcx_close(ends[0]), 0);
    CHECK_IS(ipcx_write_parts(ends[1], parts, 3), -EPIPE);
    CHECK_IS(ipcx_close(ends[1]), 0);
    free(large);
}

void test_zero_copy(void)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);

    RUN(parts_of_a_file_are_sent_in_any_order);
    RUN(a_file_is_sent_until_there_is_no_room);
    RUN(offsets_have_64_bits);
    RUN(what_cannot_be_sent_is_an_error);
    RUN(bytes_go_from_a_file_through_a_pipe_to_a_socket_and_back);
    RUN(it_is_told_which_side_has_to_be_waited_for);
    RUN(the_end_of_a_source_is_told);
    RUN(what_cannot_be_spliced_is_an_error);
    RUN(tee_leaves_what_it_duplicates);
    RUN(memory_in_a_pipe_is_shared_with_its_reader);
    RUN(memory_goes_only_into_the_end_that_is_written);
    RUN(a_pump_moves_all_and_then_tells_the_end);
    RUN(a_pump_waits_for_its_target_with_what_it_holds);
    RUN(a_pump_tells_which_side_has_failed);
    RUN(parts_are_written_as_far_as_there_is_room);
    signal(SIGPIPE, before);
}
