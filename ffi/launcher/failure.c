/* Saying what is wrong. */
#include "launcher.h"
#include "system_call.h"

#include <errno.h>

static const char *meaning(int error) {
  switch (error) {
    case ENOENT: return "no such file or directory";
    case EACCES: return "permission denied";
    case EPERM: return "operation not permitted";
    case EMFILE: return "too many open files: see ulimit -n";
    case ENFILE: return "too many open files in the system";
    case ENOMEM: return "not enough memory: see ulimit -v";
    case EFBIG: return "file too large: see ulimit -f";
    case ENOSPC: return "no space left";
    case ENOSYS: return "this kernel, or its filter of system calls, does not have it";
    case EIO: return "input/output error";
    default: return 0;
  }
}

static char *append_within(char *to, const char *end, const char *text) {
  while (*text && to < end) *to++ = *text++;
  return to;
}

/* Ends the process with status 1. Without an error there is nothing to add to what is said. */
void fail(const char *what, int error, const char *remedy) {
  char line[512], number[24], *to = line;
  const char *end = line + sizeof line - 1;
  to = append_within(to, end, "ipcx: ");
  to = append_within(to, end, what);
  if (error) {
    to = append_within(to, end, ": ");
    if (meaning(error)) {
      to = append_within(to, end, meaning(error));
    } else {
      append_number(number, (uint64_t)error);
      to = append_within(append_within(to, end, "error "), end, number);
    }
  }
  if (remedy) to = append_within(append_within(to, end, "; "), end, remedy);
  *to++ = '\n';
  system_call(__NR_write, 2, (long)line, to - line, 0, 0, 0);
  for (;;) system_call(__NR_exit_group, 1, 0, 0, 0, 0, 0);
}
