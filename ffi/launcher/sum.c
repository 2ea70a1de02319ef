/* Whether what the launcher relies on is as it was made: the table, the headers that it
 * maps by, and what the runtime begins with. All the rest is for 'ipcx doctor' to look
 * at: a sum of the whole file would take longer than everything else. */
#include "launcher.h"
#include "system_call.h"

#include <sys/mman.h>

/* FNV-1a, of words instead of bytes: any one word that is changed changes the sum. */
static uint64_t add(uint64_t sum, const volatile uint64_t *words, size_t bytes) {
  for (size_t at = 0; at < bytes / sizeof *words; at++) sum = (sum ^ words[at]) * 0x100000001b3;
  return sum;
}

/* Whole words of a part; what is behind it is zero, up to the next one or the end of the page. */
static int add_part(uint64_t *sum, int file, const struct part *part, size_t most) {
  size_t length = part->length < most ? (part->length + 7) / 8 * 8 : most;
  long mapped = system_call(__NR_mmap, 0, (long)length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, (long)part->offset);
  if (mapped < 0 && mapped > -4096) return 0;
  *sum = add(*sum, (const uint64_t *)mapped, length);
  system_call(__NR_munmap, mapped, (long)length, 0, 0, 0, 0);
  return 1;
}

int is_damaged(int file) {
  const size_t begin = offsetof(struct payload, content_sum);
  const volatile uint64_t *table = (const volatile uint64_t *)((const volatile char *)&payload + begin);
  /* Where a part is that is said to be elsewhere there may be nothing: the table comes first. */
  if (add(0, table, sizeof payload - begin) != payload.table_sum) return 1;
  struct part runtime = payload.runtime, loader = payload.loader, boot = payload.boot, script = payload.script;
  uint64_t sum = 0;
  return !add_part(&sum, file, &runtime, HEADER_BYTES) || !add_part(&sum, file, &loader, HEADER_BYTES) ||
         !add_part(&sum, file, &boot, SIZE_MAX) || !add_part(&sum, file, &script, SIZE_MAX) ||
         sum != payload.content_sum;
}
