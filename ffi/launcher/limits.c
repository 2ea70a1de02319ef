/* Limits of resources that the runtime would be ended by, with a signal and no word of them: getrlimit(2). */
#include "launcher.h"
#include "system_call.h"

#include <errno.h>
#include <sys/resource.h>

/* What V8 reserves for its heaps, 32 GiB in one piece, and what else there is. */
#define LEAST_ADDRESSES (UINT64_C(34) << 30)

/* Of what it may write to, V8 reserves 512 MiB for the code that it compiles; all else takes less than the rest. */
#define LEAST_DATA (UINT64_C(640) << 20)

/* The main thread overflows less than that before the program begins. */
#define LEAST_STACK (UINT64_C(512) << 10)

/* What the runtime has for itself before the program begins: epoll, sockets for its signals, its standard streams. */
enum { LEAST_DESCRIPTORS = 13 };

struct limit {
  uint64_t soft, hard;
};

static struct limit file_size;
static int is_lifted;

static struct limit limit_of(int resource) {
  struct limit limit = {UINT64_MAX, UINT64_MAX};
  system_call(__NR_prlimit64, 0, resource, 0, (long)&limit, 0, 0);
  return limit;
}

void check_limits(void) {
  if (limit_of(RLIMIT_AS).soft < LEAST_ADDRESSES)
    fail("its runtime reserves 34 GB of addresses, without using that much memory, and may not", 0,
         "ulimit -v unlimited; cgroups limit memory");
  if (limit_of(RLIMIT_DATA).soft < LEAST_DATA)
    fail("its runtime reserves 640 MB of writable memory, without using that much, and may not", 0,
         "ulimit -d unlimited; cgroups limit memory");
  if (limit_of(RLIMIT_STACK).soft < LEAST_STACK) fail("its runtime needs a stack of 512 KB", 0, "ulimit -s 8192");
}

/* Whether there are enough from the first on that is free. */
void check_descriptors(int free) {
  if (limit_of(RLIMIT_NOFILE).soft < (uint64_t)free + LEAST_DESCRIPTORS)
    fail("its runtime needs more open files than it may have", 0, "see ulimit -n");
}

/* Files in memory have the same limit as others. Returns 0, or -EFBIG. */
int lift_file_size(uint64_t length) {
  file_size = limit_of(RLIMIT_FSIZE);
  if (file_size.soft >= length) return 0;
  if (file_size.hard < length) return -EFBIG;
  struct limit lifted = {file_size.hard, file_size.hard};
  is_lifted = system_call(__NR_prlimit64, 0, RLIMIT_FSIZE, (long)&lifted, 0, 0, 0) == 0;
  return is_lifted ? 0 : -EFBIG;
}

void restore_file_size(void) {
  if (is_lifted) system_call(__NR_prlimit64, 0, RLIMIT_FSIZE, (long)&file_size, 0, 0, 0);
}
