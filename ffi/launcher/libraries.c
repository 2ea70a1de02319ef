/* The libraries of the runtime, offered to the dynamic loader.
 *
 * It takes libraries by path only, so each becomes a file without a name for as
 * long as it loads them; those it finds by their sonames, it need not look for. */
#include "launcher.h"
#include "system_call.h"

#include <errno.h>
#include <linux/memfd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

static int files[MOST_LIBRARIES];
static int file_count;
static char variable_text[VARIABLE_BYTES];

/* A file that may be mapped for execution, not executed: vm.memfd_noexec, since Linux 6.3, may insist on that. */
static int make_file(void) {
  static const char name[] = "ipcx-library";
  long file = system_call(__NR_memfd_create, (long)name, MFD_CLOEXEC | MFD_NOEXEC_SEAL, 0, 0, 0, 0);
  if (file == -EINVAL) file = system_call(__NR_memfd_create, (long)name, MFD_CLOEXEC, 0, 0, 0, 0);
  return (int)file;
}

static int copy(int to, int from, const struct part *part) {
  int64_t offset = (int64_t)part->offset;
  for (uint64_t left = part->length; left > 0;) {
    long copied = system_call(__NR_sendfile, to, from, (long)&offset, (long)left, 0, 0);
    if (copied == -EINTR) continue;
    if (copied <= 0) return copied == 0 ? -EIO : (int)copied;
    left -= (uint64_t)copied;
  }
  return 0;
}

static uint64_t longest(uint64_t first) {
  uint64_t length = 0;
  for (uint64_t at = first; at < payload.library_count; at++)
    if (payload.libraries[at].length > length) length = payload.libraries[at].length;
  return length;
}

static int make_files(int file, uint64_t first, char *to) {
  for (uint64_t at = first; at < payload.library_count && at < MOST_LIBRARIES; at++) {
    struct part part = payload.libraries[at];
    int library = make_file();
    if (library < 0) return library;
    files[file_count++] = library;
    int status = copy(library, file, &part);
    if (status < 0) return status;
    to = append(append_number(append(to, "/proc/self/fd/"), (uint64_t)library), ":");
  }
  return 0;
}

/* Makes the files, but for what the host has, and the variable that names all. Returns 0, or -errno. */
int offer_libraries(int file, int of_host, const char **variable) {
  char *to = append(variable_text, "LD_PRELOAD=");
  uint64_t first = of_host ? payload.glibc_count : 0;
  *variable = variable_text;
  if (of_host) to = append_host_libraries(to);
  int status = lift_file_size(longest(first));
  if (status == 0) status = make_files(file, first, to);
  restore_file_size();
  /* Below these are those of the caller, and this file, which is about to be closed. */
  if (status == 0 && file_count > 0) check_descriptors(files[file_count - 1] - file_count);
  return status;
}

/* Mapped, they need no descriptor, and the program is to find those of its caller only. */
void withdraw_libraries(void) {
  while (file_count > 0) system_call(__NR_close, files[--file_count], 0, 0, 0, 0, 0);
}
