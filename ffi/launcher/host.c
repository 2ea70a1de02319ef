/* The glibc of the host, where it is as new as the one that is carried.
 *
 * It is in memory already, others use it too; and it is what the host keeps up to date. */
#include "launcher.h"
#include "system_call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What every dynamic loader of glibc says of itself, for its --version. */
static const char mark[] = " release version 2.";

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

/* Maps the host's loader. Returns 1, 0 if it has none that will do, or -errno. */
int map_host_loader(const char *path, size_t page, struct image *image) {
  if (path[0] == '\0') return 0;
  long file = system_call(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (file < 0) return 0;
  struct stat status;
  int result = 0;
  if (system_call(__NR_fstat, file, (long)&status, 0, 0, 0, 0) == 0 && is_new_enough((int)file, (size_t)status.st_size)) {
    struct part whole = {0, (uint64_t)status.st_size};
    result = map_image((int)file, &whole, page, image);
    if (result == 0) result = 1;
  }
  system_call(__NR_close, file, 0, 0, 0, 0, 0);
  return result;
}
