// The memory functions that compilers call, under C's names and the ARM run-time ABI's.
//
// Byte loops: no message is longer than 300 bytes. There is no allocator here on purpose, so that
// a heap use anywhere in the firmware is a link error.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t count) {
  uint8_t *to = destination;
  const uint8_t *from = source;
  for (size_t index = 0; index < count; index += 1) to[index] = from[index];
  return destination;
}

void *memmove(void *destination, const void *source, size_t count) {
  uint8_t *to = destination;
  const uint8_t *from = source;
  if ((uintptr_t)to <= (uintptr_t)from) return memcpy(to, from, count);
  while (count > 0) {
    count -= 1;
    to[count] = from[count];
  }
  return destination;
}

void *memset(void *destination, int value, size_t count) {
  uint8_t *to = destination;
  for (size_t index = 0; index < count; index += 1) to[index] = (uint8_t)value;
  return destination;
}

int memcmp(const void *left, const void *right, size_t count) {
  const uint8_t *a = left, *b = right;
  for (size_t index = 0; index < count; index += 1) {
    if (a[index] != b[index]) return a[index] < b[index] ? -1 : 1;
  }
  return 0;
}

#if defined(__arm__)

// The ABI's memset takes the count before the value.
void __aeabi_memset(void *destination, size_t count, int value) {
  memset(destination, value, count);
}

void __aeabi_memclr(void *destination, size_t count) { memset(destination, 0, count); }

void __aeabi_memcpy(void *restrict destination, const void *restrict source, size_t count) {
  memcpy(destination, source, count);
}

void __aeabi_memmove(void *destination, const void *source, size_t count) {
  memmove(destination, source, count);
}

// The variants that promise 4- or 8-byte alignment.
#define ALIAS(name) __attribute__((alias(name)))
void __aeabi_memset4(void *, size_t, int) ALIAS("__aeabi_memset");
void __aeabi_memset8(void *, size_t, int) ALIAS("__aeabi_memset");
void __aeabi_memclr4(void *, size_t) ALIAS("__aeabi_memclr");
void __aeabi_memclr8(void *, size_t) ALIAS("__aeabi_memclr");
void __aeabi_memcpy4(void *restrict, const void *restrict, size_t) ALIAS("__aeabi_memcpy");
void __aeabi_memcpy8(void *restrict, const void *restrict, size_t) ALIAS("__aeabi_memcpy");
void __aeabi_memmove4(void *, const void *, size_t) ALIAS("__aeabi_memmove");
void __aeabi_memmove8(void *, const void *, size_t) ALIAS("__aeabi_memmove");

#endif
