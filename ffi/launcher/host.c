/* The glibc of the host, where it is as new as the one that is carried.
 *
 * It is in memory already, others use it too; and it is what the host keeps up to date.
 * All of it has to be beside its loader: what is found elsewhere may be another one. */
#include "launcher.h"
#include "system_call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What every dynamic loader of glibc says of itself, for its --version. */
static const char mark[] = " release version 2.";

/* Where the libraries are, up to the last slash. */
static char folder[128];
static size_t folder_length;

/* The minor version of a loader, or 0 for one that is none of glibc's. */
static uint64_t version_of(const char *bytes, size_t length) {
  for (size_t at = 0; at + sizeof mark + 8 < length; at++) {
    if (bytes[at] != ' ' || !begins(bytes + at, mark)) continue;
    uint64_t version = 0;
    for (const char *digit = bytes + at + sizeof mark - 1; *digit >= '0' && *digit <= '9'; digit++)
      version = version * 10 + (uint64_t)(*digit - '0');
    return version;
  }
  return 0;
}

static int is_new_enough(int file, size_t length) {
  long mapped = system_call(__NR_mmap, 0, (long)length, PROT_READ, MAP_PRIVATE, file, 0);
  if (mapped < 0 && mapped > -4096) return 0;
  uint64_t version = version_of((const char *)mapped, length);
  system_call(__NR_munmap, mapped, (long)length, 0, 0, 0, 0);
  return version >= payload.glibc_version;
}

/* Notes where a loader really is. LD_PRELOAD has names with colons or spaces between. */
static int find_folder(int file) {
  char link[32];
  append_number(append(link, "/proc/self/fd/"), (uint64_t)file);
  long length = system_call(__NR_readlinkat, AT_FDCWD, (long)link, (long)folder, sizeof folder, 0, 0);
  if (length <= 0 || length == sizeof folder || folder[0] != '/') return 0;
  while (folder[length - 1] != '/') length--;
  folder_length = (size_t)length;
  for (size_t at = 0; at < folder_length; at++)
    if (folder[at] == ':' || folder[at] == ' ') return 0;
  return 1;
}

/* Writes the path of a library whose name ends with a colon, or at the end. Returns where the path ends. */
static char *append_path(char *to, const volatile char **name) {
  memcpy(to, folder, folder_length);
  to += folder_length;
  while (**name && **name != ':') *to++ = *(*name)++;
  *to = '\0';
  return to;
}

static int has_all_libraries(void) {
  char path[sizeof folder + GLIBC_NAMES];
  for (const volatile char *name = payload.glibc_names; *name; name += *name == ':') {
    append_path(path, &name);
    if (system_call(__NR_faccessat, AT_FDCWD, (long)path, R_OK, 0, 0, 0) < 0) return 0;
  }
  return 1;
}

/* Adds the paths of the host's libraries to the variable that names what is to be loaded. */
char *append_host_libraries(char *to) {
  for (const volatile char *name = payload.glibc_names; *name; name += *name == ':')
    to = append(append_path(to, &name), ":");
  return to;
}

/* Maps the host's loader. Returns whether it has one that will do. */
int map_host_loader(const char *path, size_t page, struct image *image) {
  if (path[0] == '\0') return 0;
  /* It is for somebody else to say that it is a file, and not one that waits for its writer. */
  long file = system_call(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0, 0);
  if (file < 0) return 0;
  struct stat status;
  int is_usable = 0;
  if (system_call(__NR_fstat, file, (long)&status, 0, 0, 0, 0) == 0 && S_ISREG(status.st_mode) &&
      find_folder((int)file) && has_all_libraries() && is_new_enough((int)file, (size_t)status.st_size)) {
    struct part whole = {0, (uint64_t)status.st_size};
    is_usable = map_image((int)file, &whole, page, image) == 0;
  }
  system_call(__NR_close, file, 0, 0, 0, 0, 0);
  return is_usable;
}
