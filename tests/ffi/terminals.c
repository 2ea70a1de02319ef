/* What a child is given to talk with: pipes and terminals. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void a_pipe_is_close_on_exec(void)
{
    int32_t ends[2] = {-7, -7};
    char said[8];

    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_is_close_on_exec(ends[0]), 1);
    CHECK_IS(ipcx_is_close_on_exec(ends[1]), 1);
    CHECK_IS(write(ends[1], "hello", 5), 5);
    CHECK_IS(read(ends[0], said, sizeof(said)), 5);
    close_pair(ends);
    for (int room = 1; room >= 0; room--) {
        int32_t none[2] = {-7, -7};

        leave_room_for(room);
        CHECK_IS(ipcx_pipe(none), -EMFILE);
        CHECK(none[0] == -7 && none[1] == -7);
    }
}

static void a_terminal_has_the_size_of_another(void)
{
    const struct winsize odd = {.ws_row = 13, .ws_col = 47};
    struct winsize size = {0};
    int32_t one[2], other[2];
    char said[8];

    CHECK_IS(ipcx_terminal(-1, one), 0);
    CHECK(isatty(one[0]) && isatty(one[1]));
    CHECK_IS(ipcx_is_close_on_exec(one[0]), 1);
    CHECK_IS(ipcx_is_close_on_exec(one[1]), 1);
    CHECK_IS(ioctl(one[0], TIOCSWINSZ, &odd), 0);
    CHECK_IS(ipcx_terminal(one[1], other), 0);
    CHECK_IS(ioctl(other[1], TIOCGWINSZ, &size), 0);
    CHECK(size.ws_row == odd.ws_row && size.ws_col == odd.ws_col);
    CHECK_IS(write(other[0], "hello\n", 6), 6);
    CHECK_IS(read(other[1], said, sizeof(said)), 6);
    close_pair(one);
    close_pair(other);
    /* Nothing is left of one that cannot be had. */
    for (int room = 1; room >= 0; room--) {
        leave_room_for(room);
        CHECK_IS(ipcx_terminal(-1, one), -EMFILE);
    }
}

static void a_terminal_that_is_opened_controls_nobody(void)
{
    char path[64];
    int32_t ends[2];

    CHECK(ipcx_new_session() > 0);
    CHECK_IS(ipcx_terminal(-1, ends), 0);
    CHECK_IS(ptsname_r(ends[0], path, sizeof(path)), 0);
    for (int32_t flags = IPCX_OPEN_READ;
         flags <= (IPCX_OPEN_READ | IPCX_OPEN_WRITE); flags += IPCX_OPEN_READ) {
        int32_t fd = ipcx_open_path(path, flags);

        CHECK(fd >= 0);
        CHECK_IS(ipcx_open_path("/dev/tty", flags), -ENXIO);
        ipcx_close(fd);
    }
    close_pair(ends);
}

void test_terminals(void)
{
    RUN_IN_CHILD(a_pipe_is_close_on_exec);
    RUN_IN_CHILD(a_terminal_has_the_size_of_another);
    RUN_IN_CHILD(a_terminal_that_is_opened_controls_nobody);
}
