/* A process that is traced (ptrace(2)): its stops, its memory, its system calls. */
#ifndef IPCX_TRACEE_H
#define IPCX_TRACEE_H

#include "offspring.h"
#include "registers.h"
#include "steps.h"

#include <sys/types.h>
#include <time.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

struct tracee {
    struct ipcx_caller caller;
    pid_t pid;
    ipcx_registers registers; /* to go on with */
    unsigned long code;       /* where a system call instruction is */
    long scratch;             /* the lowest address lent so far */
    struct timespec deadline;
    struct ipcx_offspring offspring;
};

/* Begins with a child that has asked to be traced, and waits for its stops no
 * longer than this. */
void tracee_begin(struct tracee *tracee, pid_t pid, int32_t script,
                  time_t patience_s);

/* Waits for the next stop. Returns its status, or -errno; -ESRCH at an end. */
int tracee_next_stop(struct tracee *tracee);

/* Lets it go on by a request of ptrace(2), with a signal or 0. */
int tracee_resume(const struct tracee *tracee, int how, int signal);

/* Goes on until a stop that is no signal of somebody else's, which is passed on. */
int tracee_go_on(struct tracee *tracee, int how);

int tracee_peek(const struct tracee *tracee, unsigned long from, long *word);
int tracee_poke_code(const struct tracee *tracee, unsigned long at, long code,
                     long mask, long *before);

#pragma GCC visibility pop

#endif
