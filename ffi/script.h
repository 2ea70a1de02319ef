/* When an interpreter that is traced begins to run its script. */
#ifndef IPCX_SCRIPT_H
#define IPCX_SCRIPT_H

#include "registers.h"

#include <stdint.h>
#include <sys/types.h>

/* For the other files of the shim only. */
#pragma GCC visibility push(hidden)

struct ipcx_script {
    int32_t fd;  /* ours, open on the script */
    long probed; /* the interpreter's, by which it looks what kind of file it is;
                  * -2 when that is closed again, -1 before */
};

/* Looks at a system call that the interpreter is about to do. Returns 1 if it is
 * the first read of the script to be run, 0 if not, and -ENOEXEC if it gets on
 * without one. */
int ipcx_look_at_call(struct ipcx_script *script, pid_t pid,
                  const ipcx_registers *registers);

/* Whether a process is about to read a script, open as `script` here. */
int ipcx_is_reading(int32_t script, pid_t pid, const ipcx_registers *registers);

#pragma GCC visibility pop

#endif
