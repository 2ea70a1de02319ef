/* From the kernel's jump to the runtime's beginning. */
#include "launcher.h"
#include "entry.h"
#include "system_call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

const volatile struct payload payload __attribute__((section(".payload"))) = {.magic = "ipcx payload 01"};

static struct arrival arrival;
static struct image runtime;
static char **environment;
static const char *directory;

/* How the runtime is called, before the caller's own arguments. */
static char name[] = "ipcx", run[] = "run", quiet[] = "--quiet", all[] = "--allow-all", no_config[] = "--no-config",
            no_lock[] = "--no-lock", no_npm[] = "--no-npm", no_remote[] = "--no-remote", no_cache[] = "--no-code-cache";
enum { RUNTIME_ARGUMENTS = 10 };

static void look_at(uintptr_t *stack) {
  arrival.argc = (long)stack[0];
  arrival.argv = (char **)(stack + 1);
  arrival.envp = arrival.argv + arrival.argc + 1;
  while (arrival.envp[arrival.envc]) arrival.envc++;
  arrival.auxv = (Elf64_auxv_t *)(arrival.envp + arrival.envc + 1);
  while (arrival.auxv[arrival.auxc++].a_type != AT_NULL) continue;
}

static uint64_t auxiliary(uint64_t type, uint64_t otherwise) {
  for (const Elf64_auxv_t *entry = arrival.auxv; entry->a_type != AT_NULL; entry++)
    if (entry->a_type == type) return entry->a_un.a_val;
  return otherwise;
}

/* Opens this file, and looks whether it is whole. */
static int open_self(void) {
  static const char self[] = "/proc/self/exe";
  long file = system_call(__NR_openat, AT_FDCWD, (long)self, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (file == -ENOENT) fail("cannot open /proc/self/exe", ENOENT, "ipcx needs /proc: mount -t proc proc /proc");
  if (file == -EACCES) fail("cannot read its own file", EACCES, "ipcx must be readable for those who run it: chmod a+r");
  if (file < 0) fail("cannot open /proc/self/exe", (int)-file, 0);
  if (payload.file_length == 0) fail("this launcher carries no program", 0, "make one with 'deno task compile'");
  struct stat status;
  long result = system_call(__NR_fstat, file, (long)&status, 0, 0, 0, 0);
  if (result < 0) fail("cannot look at its own file", (int)-result, 0);
  if ((uint64_t)status.st_size < payload.file_length) fail("this file has been cut off", 0, "get it again");
  if (is_damaged((int)file)) fail("this file is damaged", 0, "get it again");
  return (int)file;
}

/* The runtime opens /dev/null for what is closed of the standard streams, and aborts if it cannot. */
static void check_null(void) {
  long file = system_call(__NR_openat, AT_FDCWD, (long)"/dev/null", O_RDWR | O_CLOEXEC, 0, 0, 0);
  if (file < 0)
    fail("standard input, output or error is closed, and there is no /dev/null to take its place", (int)-file, 0);
  system_call(__NR_close, file, 0, 0, 0, 0, 0);
}

static char *map_boot(int file) {
  struct part boot = payload.boot;
  long mapped = system_call(__NR_mmap, 0, (long)boot.length, 1 /* PROT_READ */, 2 /* MAP_PRIVATE */, file,
                            (long)boot.offset);
  if (mapped < 0 && mapped > -4096) fail("cannot map the program", (int)-mapped, 0);
  return (char *)mapped;
}

static void load(int file, const struct part *part, size_t page, struct image *image) {
  int status = map_image(file, part, page, image);
  if (status == -ENOEXEC) fail("this file is damaged", 0, "get it again");
  if (status < 0) fail("cannot map the runtime", -status, 0);
}

/* Arguments: the runtime's, then all of the caller's but the name. */
static uintptr_t *push_arguments(uintptr_t *to, char *boot) {
  char *const before[RUNTIME_ARGUMENTS] = {name,   run,       quiet,    all, no_config,
                                           no_lock, no_npm, no_remote, no_cache, boot};
  long own = arrival.argc > 0 ? arrival.argc - 1 : 0;
  *to++ = (uintptr_t)(RUNTIME_ARGUMENTS + own);
  for (int at = 0; at < RUNTIME_ARGUMENTS; at++) *to++ = (uintptr_t)before[at];
  for (long at = 0; at < own; at++) *to++ = (uintptr_t)arrival.argv[at + 1];
  *to++ = 0;
  return to;
}

/* As if the kernel had been asked to execute the runtime; but where the loader jumps to is arrive(). */
static void push_auxiliary(uintptr_t *to, uintptr_t loader) {
  Elf64_auxv_t *entry = (Elf64_auxv_t *)to;
  for (long at = 0; at < arrival.auxc; at++, entry++) {
    *entry = arrival.auxv[at];
    switch (entry->a_type) {
      case AT_PHDR: entry->a_un.a_val = runtime.headers; break;
      case AT_PHENT: entry->a_un.a_val = runtime.header_size; break;
      case AT_PHNUM: entry->a_un.a_val = runtime.header_count; break;
      case AT_BASE: entry->a_un.a_val = loader; break;
      case AT_ENTRY: entry->a_un.a_val = (uintptr_t)arrive; break;
    }
  }
}

void begin(uintptr_t *stack) {
  look_at(stack);
  if (auxiliary(AT_SECURE, 0))
    fail("will not run with rights that its caller has not (set-user-ID, set-group-ID, file capabilities)", 0,
         "a caller that has them can pass them on (ambient capabilities, sudo)");
  size_t page = auxiliary(AT_PAGESZ, 4096);
  int file = open_self();
  if (file <= 2) check_null();
  check_limits();
  struct part part = payload.runtime;
  load(file, &part, page, &runtime);
  struct image loader;
  int of_host = map_host_loader(runtime.interpreter, page, &loader);
  part = payload.loader;
  if (!of_host) load(file, &part, page, &loader);
  char *boot = map_boot(file);
  const char *preload;
  int status = offer_libraries(file, of_host, &preload);
  if (status < 0) fail("cannot put its libraries into memory (memfd_create)", -status, 0);
  system_call(__NR_close, file, 0, 0, 0, 0, 0);
  directory = leave_removed_directory();

  size_t words = (size_t)(1 + RUNTIME_ARGUMENTS + arrival.argc + 1 + arrival.envc + ADDED_VARIABLES + 1) +
                 (size_t)arrival.auxc * 2;
  uintptr_t *new_stack = __builtin_alloca_with_align(words * sizeof *new_stack, 16 * 8);
  environment = (char **)push_arguments(new_stack, boot);
  hide_environment(environment, &arrival, preload);
  push_auxiliary((uintptr_t *)(environment + arrival.envc + ADDED_VARIABLES + 1), loader.base);
  jump(loader.entry, new_stack);
}

/* All libraries are in memory and the runtime's own code comes next; says where that begins. */
uintptr_t arrived(void) {
  withdraw_libraries();
  show_environment(environment, &arrival, directory);
  return runtime.entry;
}
