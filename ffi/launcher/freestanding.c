/* What a libc would bring. The compiler may call the last two by itself. */
#include "launcher.h"

size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}

int begins(const char *text, const char *with) {
  while (*with)
    if (*text++ != *with++) return 0;
  return 1;
}

char *append(char *to, const char *text) {
  while (*text) *to++ = *text++;
  *to = '\0';
  return to;
}

char *append_number(char *to, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count) *to++ = digits[--count];
  *to = '\0';
  return to;
}

void *memset(void *to, int byte, size_t length) {
  for (size_t at = 0; at < length; at++) ((char *)to)[at] = (char)byte;
  return to;
}

void *memcpy(void *to, const void *from, size_t length) {
  for (size_t at = 0; at < length; at++) ((char *)to)[at] = ((const char *)from)[at];
  return to;
}
