/* A child that tries something out, and ends. */
#ifndef IPCX_PROBE_CHILD_H
#define IPCX_PROBE_CHILD_H

#include <stdint.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

/* How long a child has until it is killed, in milliseconds. */
#define IPCX_PROBE_PATIENCE_MS 5000

/* What the child tells, in memory that both have. */
struct ipcx_report {
    int32_t failure;
    int32_t numbers[2];
};

/* Runs a function in a child, and waits until that has ended; -ETIMEDOUT if it
 * does not in time. The child has a copy of the memory: changing its user would
 * conceal a process that shares it from its own kind. Nobody is told of its end
 * but us. */
int32_t ipcx_in_child(unsigned long flags,
                      void (*work)(const int32_t *arguments,
                                   struct ipcx_report *report),
                      const int32_t *arguments, struct ipcx_report *report);

#pragma GCC visibility pop

#endif
