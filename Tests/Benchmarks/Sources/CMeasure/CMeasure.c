#include "CMeasure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif

uint64_t cmeasure_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int cmeasure_rounds(void) {
  const char *value = getenv("BENCH_ROUNDS");
  int rounds = value ? atoi(value) : 0;
  return rounds > 0 ? rounds : 31;
}

void cmeasure_count(void) {
#ifdef CALLGRIND_ZERO_STATS
  CALLGRIND_ZERO_STATS;
#endif
}

void cmeasure_counted(const uint8_t *name) {
  (void)name;
#ifdef CALLGRIND_DUMP_STATS_AT
  CALLGRIND_DUMP_STATS_AT(name);
#endif
}

const char *cmeasure_link_path(void) { return getenv("BENCH_LINK"); }

void cmeasure_print(const uint8_t *name, const uint8_t *suffix, uint64_t value) {
  printf("%s%s\t%" PRIu64 "\n", (const char *)name, (const char *)suffix, value);
  fflush(stdout);
}

static uint64_t empty_read(void *opaque, uint64_t offset, unsigned width) {
  (void)opaque, (void)offset, (void)width;
  return 0;
}

static void empty_write(void *opaque, uint64_t offset, uint64_t value, unsigned width) {
  (void)opaque, (void)offset, (void)value, (void)width;
}

const CMeasureDevice cmeasure_empty_device = {empty_read, empty_write, NULL};

// Never in line: the pointers must stay unknown to the optimizer.
__attribute__((noinline)) uint64_t cmeasure_access(
    const CMeasureDevice *device, const CMeasureAccess *accesses, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (accesses[i].is_write)
      device->write(device->opaque, accesses[i].offset, accesses[i].value, 1);
    else
      sum += device->read(device->opaque, accesses[i].offset, 1);
  }
  return sum;
}

__attribute__((noinline)) uint8_t cmeasure_copy(
    uint8_t *destination, const uint8_t *source, size_t count) {
  uint8_t sum = 0;
#pragma clang loop vectorize(disable) unroll(disable)
  for (size_t i = 0; i < count; i++) {
    destination[i] = source[i];
    sum += source[i];
    __asm__ volatile("" : "+r"(sum));  // keeps it from becoming memcpy
  }
  return sum;
}
