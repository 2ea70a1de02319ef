/*
 * A plan carried out in this very process, which has one thread, as joining a
 * user or a time namespace demands.
 */
#define _GNU_SOURCE
#include "../ipcx.h"
#include "../steps.h"
#include "waiter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The words, then the data, after the number of words. */
static const int32_t *map_plan(int fd)
{
    struct stat info;
    void *all;

    if (fstat(fd, &info) < 0)
        return NULL;
    /* Private and writable: a variable is filled in. */
    all = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
               fd, 0);
    return all == MAP_FAILED ? NULL : all;
}

/* IPCX_STEP_n says what step n was about. */
static int complain(int32_t step, int failure)
{
    char name[32];
    const char *about, *code = strerrorname_np(failure);

    snprintf(name, sizeof(name), "IPCX_STEP_%d", (int)step);
    about = getenv(name);
    fprintf(stderr, "%s: %s: %s (%s)\n", program_invocation_name,
            about ? about : name, strerrordesc_np(failure), code ? code : "?");
    return 1;
}

static int carry_out(void)
{
    struct ipcx_caller caller = ipcx_this_process;
    struct ipcx_image image;
    const int32_t *mapped = map_plan(atoi(getenv("IPCX_PLAN")));
    const int32_t *plan;
    const uint8_t *data;
    int status = 1;

    if (!mapped)
        return complain(-1, errno);
    plan = mapped + 1;
    data = (const uint8_t *)(plan + mapped[0]);
    if (ipcx_read_image(plan, data, &image) < 0)
        return complain(-1, ENOMEM);
    for (int32_t i = 0; i < plan[IPCX_PLAN_STEPS]; i++) {
        const int32_t *step = plan + IPCX_PLAN_SLOTS + i * IPCX_STEP_WORDS;
        int result = ipcx_do_step(&caller, step, data, &image);

        if (result >= 0)
            continue;
        complain(i, -result);
        if (step[0] == IPCX_STEP_EXEC)
            status = result == -ENOENT ? 127 : 126;
        break;
    }
    free(image.paths);
    return status;
}

/* Returns only if it fails: nobody is there then whom the files could serve. */
int become(void)
{
    int status = carry_out();

    remove_files();
    return status;
}
