/* The launcher of the portable ipcx: one file that holds a runtime, the libraries
 * that it needs, and the program.
 *
 * It has no libc, creates no process and writes no file. It maps the runtime and
 * its dynamic loader from its own file, as the kernel does in execve(2), and jumps
 * there. So /proc/self/exe, the command line, the working directory, the signals
 * and the descriptors are those that the caller gave. */
#ifndef IPCX_LAUNCHER_H
#define IPCX_LAUNCHER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* Without it the compiler would go through a table of addresses, which nobody relocates here. */
#pragma GCC visibility push(hidden)

enum { MOST_LIBRARIES = 16, GLIBC_NAMES = 96 };

/* A part of this file. All begin at a multiple of the largest page there is. */
struct part {
  uint64_t offset, length;
};

/* Where everything is; deploy/portable/layout.ts writes what is behind the magic. */
struct payload {
  char magic[16];
  /* Of all that is behind it here; of what the launcher looks at elsewhere: sum.c. */
  uint64_t table_sum, content_sum;
  uint64_t file_length;
  struct part runtime, loader, boot, script;
  /* The minor version of the glibc that is carried: 36 for 2.36. */
  uint64_t glibc_version;
  /* The first ones are glibc's. */
  uint64_t glibc_count, library_count;
  struct part libraries[MOST_LIBRARIES];
  /* What the host calls those of glibc, with colons between. */
  char glibc_names[GLIBC_NAMES];
};

extern const volatile struct payload payload;

/* What the kernel has put on the stack: execve(2), getauxval(3). */
struct arrival {
  long argc;
  char **argv, **envp;
  long envc;
  Elf64_auxv_t *auxv;
  long auxc;
};

/* An ELF file in memory. */
struct image {
  uintptr_t entry, base, headers;
  size_t header_size, header_count;
  /* The path of the dynamic loader that it asks for, or an empty text. */
  char interpreter[64];
};

/* launcher.c */
_Noreturn void begin(uintptr_t *stack);
uintptr_t arrived(void);

/* sum.c */
int is_damaged(int file);

/* limits.c */
void check_limits(void);
void check_descriptors(int free);
int lift_file_size(uint64_t length);
void restore_file_size(void);

/* directory.c */
const char *leave_removed_directory(void);

/* image.c */
enum { HEADER_BYTES = 4096 };
int map_image(int file, const struct part *part, size_t page, struct image *image);

/* host.c */
int map_host_loader(const char *path, size_t page, struct image *image);
char *append_host_libraries(char *to);

/* libraries.c */
enum { VARIABLE_BYTES = 1536 };
int offer_libraries(int file, int of_host, const char **variable);
void withdraw_libraries(void);

/* environment.c */
void hide_environment(char **slots, const struct arrival *arrival, const char *preload);
void show_environment(char **slots, const struct arrival *arrival, const char *directory);
enum { ADDED_VARIABLES = 4 };

/* failure.c */
_Noreturn void fail(const char *what, int error, const char *remedy);

/* freestanding.c */
size_t length_of(const char *text);
int begins(const char *text, const char *with);
char *append(char *to, const char *text);
char *append_number(char *to, uint64_t number);
void *memset(void *to, int byte, size_t length);
void *memcpy(void *to, const void *from, size_t length);

#pragma GCC visibility pop

#endif
