/* A working directory that has no path: it was removed, or is outside of the root directory. The runtime asks for
 * one and would not start; so it starts elsewhere, and the program goes back (deploy/portable/directory.ts). */
#define _GNU_SOURCE
#include "launcher.h"
#include "system_call.h"

#include <errno.h>
#include <fcntl.h>

static char variable[64];

/* Returns a variable that tells where to go back to, or null if there is nothing to be done about it. */
const char *leave_removed_directory(void) {
  char path[4096];
  long length = system_call(__NR_getcwd, (long)path, sizeof path, 0, 0, 0, 0);
  if (length != -ENOENT && (length < 0 || path[0] == '/')) return 0;
  long directory = system_call(__NR_openat, AT_FDCWD, (long)".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
  if (directory < 0) return 0;
  if (system_call(__NR_chdir, (long)"/", 0, 0, 0, 0, 0) < 0) {
    system_call(__NR_close, directory, 0, 0, 0, 0, 0);
    return 0;
  }
  /* What is closed of the standard streams is not for this to be found in. */
  long number = system_call(__NR_fcntl, directory, F_DUPFD_CLOEXEC, 3, 0, 0, 0);
  system_call(__NR_close, directory, 0, 0, 0, 0, 0);
  if (number < 0) return 0;
  append_number(append(variable, "DENO_IPCX_DIRECTORY="), (uint64_t)number);
  return variable;
}
