/* Children and threads of an interpreter that is traced. */
#ifndef IPCX_OFFSPRING_H
#define IPCX_OFFSPRING_H

#include <stdint.h>
#include <sys/types.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

#define IPCX_MOST_OFFSPRING 256

struct ipcx_offspring {
    int32_t script; /* ours, open on what none of them may read */
    int32_t count;
    pid_t pids[IPCX_MOST_OFFSPRING];
};

/* Takes in whom a process that has stopped at the event has made. Returns 0 or
 * -errno. */
int ipcx_adopt_offspring(struct ipcx_offspring *offspring, pid_t parent);

/* Lets all that have stopped go on. Returns whether there were any, and -ENOEXEC
 * if one is about to read the script. */
int ipcx_watch_offspring(struct ipcx_offspring *offspring);

/* Lets go of all that are left, to live on untraced. */
void ipcx_free_offspring(struct ipcx_offspring *offspring);

/* Kills all that are left. */
void ipcx_kill_offspring(struct ipcx_offspring *offspring);

#pragma GCC visibility pop

#endif
