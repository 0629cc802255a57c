// Linux's system calls for 32-bit ARM (EABI), without a C library.
//
// The number is in r7, the arguments are in r0 to r2; a negative result is -errno. Sources: Linux,
// arch/arm/tools/syscall.tbl and include/uapi.
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline int32_t linux_call(uint32_t number, uintptr_t a, uintptr_t b, uintptr_t c) {
  register uintptr_t r0 __asm__("r0") = a;
  register uintptr_t r1 __asm__("r1") = b;
  register uintptr_t r2 __asm__("r2") = c;
  register uint32_t r7 __asm__("r7") = number;
  __asm__ volatile("svc #0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
  return (int32_t)r0;
}

// What the results below are, negated.
enum linux_error { LINUX_EINTR = 4, LINUX_EAGAIN = 11 };

enum linux_open_flags { LINUX_O_RDWR = 2, LINUX_O_NONBLOCK = 04000 };

// A file descriptor.
static inline int32_t linux_open(const char *path, uint32_t flags) {
  return linux_call(5, (uintptr_t)path, flags, 0);
}

static inline int32_t linux_close(int32_t file) { return linux_call(6, (uintptr_t)file, 0, 0); }

// The number of bytes read.
static inline int32_t linux_read(int32_t file, void *bytes, size_t count) {
  return linux_call(3, (uintptr_t)file, (uintptr_t)bytes, count);
}

// The number of bytes written.
static inline int32_t linux_write(int32_t file, const void *bytes, size_t count) {
  return linux_call(4, (uintptr_t)file, (uintptr_t)bytes, count);
}

// For requests without an argument.
static inline int32_t linux_ioctl(int32_t file, uint32_t request) {
  return linux_call(54, (uintptr_t)file, request, 0);
}

enum linux_poll_events { LINUX_POLLIN = 1, LINUX_POLLOUT = 4 };

// Waits until one of `events` has come or `milliseconds` have passed; for ever where they are
// negative. The events that have come, 0 for none.
static inline int32_t linux_poll(int32_t file, uint32_t events, int32_t milliseconds) {
  struct {
    int32_t file;
    uint16_t wanted, come;
  } poll = {file, (uint16_t)events, 0};
  int32_t result = linux_call(168, (uintptr_t)&poll, 1, (uintptr_t)milliseconds);
  return result > 0 ? poll.come : result;
}

// Lets `milliseconds` pass.
static inline void linux_sleep(uint32_t milliseconds) {
  linux_call(168, 0, 0, milliseconds);
}

// CLOCK_MONOTONIC in nanoseconds. Its 32 bits of seconds are those since the boot.
static inline uint64_t linux_now(void) {
  struct {
    uint32_t seconds, nanoseconds;
  } time = {0, 0};
  linux_call(263, 1, (uintptr_t)&time, 0);
  return (uint64_t)time.seconds * 1000000000 + time.nanoseconds;
}

// CLOCK_REALTIME in seconds since 1970.
static inline uint32_t linux_seconds(void) {
  struct {
    uint32_t seconds, nanoseconds;
  } time = {0, 0};
  linux_call(263, 0, (uintptr_t)&time, 0);
  return time.seconds;
}

static inline _Noreturn void linux_exit(int32_t status) {
  for (;;) linux_call(248, (uintptr_t)status, 0, 0);
}

// The program's argument at `index`, 0 being its own name; null behind the last one.
static inline const char *linux_argument(size_t index) {
  extern const char *const *linux_argv;  // start.S
  return linux_argv[index];
}
