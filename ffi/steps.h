/*
 * The steps of a plan, done by whoever does system calls: this process, or
 * another one that is made to (see trace.c).
 */
#ifndef IPCX_STEPS_H
#define IPCX_STEPS_H

#include <stddef.h>
#include <stdint.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

struct ipcx_caller {
    /* A raw system call: its result, or -errno. */
    long (*call)(struct ipcx_caller *caller, long number, const long *arguments);
    /* The address at which the call finds a copy of this, 0 on failure. What was
     * lent before is forgotten when `first` is set. */
    long (*lend)(struct ipcx_caller *caller, const void *from, size_t size,
                 int first);
    /* What a call has left at such an address. */
    int (*fetch)(struct ipcx_caller *caller, void *to, long from, size_t size);
};

extern const struct ipcx_caller ipcx_this_process;

/* What EXEC becomes. */
struct ipcx_image {
    char **paths, **argv, **envp;
};

/* Does one step, but not FORK. Returns >= 0 or -errno. */
int ipcx_do_step(struct ipcx_caller *caller, const int32_t *step,
                 const uint8_t *data, const struct ipcx_image *image);

/* Points into the plan's strings. Returns 0 or -errno; the caller frees
 * image->paths, which holds all three. */
int ipcx_read_image(const int32_t *plan, const uint8_t *data,
                    struct ipcx_image *image);

#define IPCX_STEP_WORDS 4

/* Such a function may end in exec while its frame lies on the stack of another
 * process, for whose later frames AddressSanitizer would take its marks. */
#define IPCX_ON_LENT_STACK __attribute__((no_sanitize("address")))

#pragma GCC visibility pop

#endif
