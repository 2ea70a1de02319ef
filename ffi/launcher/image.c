/* ELF files that are parts of a file: what the kernel does in load_elf_binary(). */
#include "launcher.h"
#include "system_call.h"

#include <errno.h>
#include <sys/mman.h>

struct headers {
  const Elf64_Ehdr *file;
  const Elf64_Phdr *segments;
};

static uintptr_t down(uintptr_t address, size_t page) { return address & ~(page - 1); }
static int is_error(long result) { return result < 0 && result > -4096; }
static uintptr_t up(uintptr_t address, size_t page) { return down(address + page - 1, page); }

static long map(uintptr_t at, size_t length, int protection, int flags, int file, uint64_t offset) {
  return system_call(__NR_mmap, (long)at, (long)length, protection, flags, file, (long)offset);
}

static int protection_of(const Elf64_Phdr *segment) {
  return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
         (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

static int read_headers(int file, const struct part *part, char *buffer, struct headers *headers) {
  long length = system_call(__NR_pread64, file, (long)buffer, HEADER_BYTES, (long)part->offset, 0, 0);
  if (length < 0) return (int)length;
  headers->file = (const Elf64_Ehdr *)buffer;
  if (length != HEADER_BYTES || !begins(buffer, ELFMAG) || headers->file->e_type != ET_DYN ||
      headers->file->e_phentsize != sizeof(Elf64_Phdr) || headers->file->e_phoff > HEADER_BYTES ||
      headers->file->e_phoff + headers->file->e_phnum * sizeof(Elf64_Phdr) > HEADER_BYTES)
    return -ENOEXEC;
  headers->segments = (const Elf64_Phdr *)(buffer + headers->file->e_phoff);
  return 0;
}

/* What is behind the file's bytes in a segment is zero: the rest of the last page, and more pages. */
static long clear_rest(const Elf64_Phdr *segment, uintptr_t base, size_t page) {
  if (segment->p_memsz == segment->p_filesz) return 0;
  uintptr_t data_end = base + segment->p_vaddr + segment->p_filesz;
  /* Without bytes in the file no page of it is there yet. */
  uintptr_t page_end = segment->p_filesz > 0 ? up(data_end, page) : down(data_end, page);
  uintptr_t end = up(base + segment->p_vaddr + segment->p_memsz, page);
  if (page_end > data_end && segment->p_flags & PF_W) memset((void *)data_end, 0, page_end - data_end);
  if (end <= page_end) return 0;
  return map(page_end, end - page_end, protection_of(segment), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static int map_segment(int file, const struct part *part, const Elf64_Phdr *segment, uintptr_t base, size_t page) {
  uintptr_t from = down(base + segment->p_vaddr, page);
  uintptr_t lead = base + segment->p_vaddr - from;
  if (segment->p_offset + segment->p_filesz > part->length || segment->p_offset < lead) return -ENOEXEC;
  if (segment->p_filesz > 0) {
    /* Nearly all of what is writable is relocated at once: page by page that would be a fault each. */
    int flags = MAP_PRIVATE | MAP_FIXED | (segment->p_flags & PF_W ? MAP_POPULATE : 0);
    long mapped = map(from, segment->p_filesz + lead, protection_of(segment), flags, file,
                      part->offset + segment->p_offset - lead);
    if (is_error(mapped)) return (int)mapped;
  }
  long cleared = clear_rest(segment, base, page);
  return is_error(cleared) ? (int)cleared : 0;
}

/* Keeps addresses free for a whole image, aligned as it asks; what is too much stays unused. */
static long reserve(const struct headers *headers, size_t page) {
  uintptr_t lowest = UINTPTR_MAX, highest = 0;
  size_t alignment = page;
  for (int at = 0; at < headers->file->e_phnum; at++) {
    const Elf64_Phdr *segment = &headers->segments[at];
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_vaddr < lowest) lowest = down(segment->p_vaddr, page);
    if (segment->p_vaddr + segment->p_memsz > highest) highest = up(segment->p_vaddr + segment->p_memsz, page);
    if (segment->p_align > alignment) alignment = segment->p_align;
  }
  if (highest == 0) return -ENOEXEC;
  long space = map(0, highest - lowest + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return is_error(space) ? space : (long)(up((uintptr_t)space, alignment) - lowest);
}

static void read_interpreter(int file, const struct part *part, const Elf64_Phdr *segment, struct image *image) {
  size_t length = segment->p_filesz;
  if (length >= sizeof image->interpreter) return;
  long result = system_call(__NR_pread64, file, (long)image->interpreter, (long)length,
                            (long)(part->offset + segment->p_offset), 0, 0);
  if (result != (long)length) image->interpreter[0] = '\0';
}

/* Maps a position-independent ELF file. Returns 0, or -errno. */
int map_image(int file, const struct part *part, size_t page, struct image *image) {
  char buffer[HEADER_BYTES] __attribute__((aligned(16)));
  struct headers headers = {0};
  int status = read_headers(file, part, buffer, &headers);
  if (status < 0) return status;
  long base = reserve(&headers, page);
  if (is_error(base)) return (int)base;
  image->base = (uintptr_t)base;
  image->entry = image->base + headers.file->e_entry;
  image->header_size = headers.file->e_phentsize;
  image->header_count = headers.file->e_phnum;
  image->headers = image->base + headers.file->e_phoff;
  memset(image->interpreter, 0, sizeof image->interpreter);
  for (int at = 0; at < headers.file->e_phnum; at++) {
    const Elf64_Phdr *segment = &headers.segments[at];
    if (segment->p_type == PT_PHDR) image->headers = image->base + segment->p_vaddr;
    if (segment->p_type == PT_INTERP) read_interpreter(file, part, segment, image);
    if (segment->p_type != PT_LOAD) continue;
    status = map_segment(file, part, segment, image->base, page);
    if (status < 0) return status;
  }
  return 0;
}
