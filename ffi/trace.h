/* Doing steps in a program that is loaded, before it runs. */
#ifndef IPCX_TRACE_H
#define IPCX_TRACE_H

#include <stdint.h>
#include <sys/types.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

/* What the program that execs under our trace still has to do. */
struct ipcx_deferred {
    const int32_t *steps;
    int32_t count;
    const uint8_t *data;
    int32_t script; /* its interpreter is to have opened this, or -1 */
    int paused;     /* let go stopped */
    int32_t failed; /* the index of the step that failed, or enum ipcx_failed */
};

/* Takes a child that has asked to be traced from its exec to the point where
 * everything it needs of our mount namespace is open, does the steps there, and
 * lets go. Returns 0, or -errno with the child killed, but not reaped. */
int ipcx_trace(pid_t pid, struct ipcx_deferred *deferred);

#pragma GCC visibility pop

#endif
