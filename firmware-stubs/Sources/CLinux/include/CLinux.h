// Linux's system calls for 32-bit ARM (EABI) and x86-64, without a C library; with LINUX_C_LIBRARY,
// those on files are the C library's.
//
// A negative result is -errno. Sources: Linux, arch/arm/tools/syscall.tbl,
// arch/x86/entry/syscalls/syscall_64.tbl and include/uapi.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__arm__)

enum linux_call_number {
  LINUX_READ = 3,
  LINUX_WRITE = 4,
  LINUX_OPEN = 5,
  LINUX_CLOSE = 6,
  LINUX_IOCTL = 54,
  LINUX_POLL = 168,
  LINUX_EXIT_GROUP = 248,
  LINUX_EPOLL_CTL = 251,
  LINUX_EPOLL_WAIT = 252,
  LINUX_CLOCK_GETTIME = 263,
  LINUX_EPOLL_CREATE1 = 357,
};

static inline int32_t linux_call4(
    enum linux_call_number number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d) {
  register uintptr_t r0 __asm__("r0") = a;
  register uintptr_t r1 __asm__("r1") = b;
  register uintptr_t r2 __asm__("r2") = c;
  register uintptr_t r3 __asm__("r3") = d;
  register uint32_t r7 __asm__("r7") = number;
  __asm__ volatile("svc #0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r7) : "memory");
  return (int32_t)r0;
}

#elif defined(__x86_64__)

enum linux_call_number {
  LINUX_READ = 0,
  LINUX_WRITE = 1,
  LINUX_OPEN = 2,
  LINUX_CLOSE = 3,
  LINUX_POLL = 7,
  LINUX_IOCTL = 16,
  LINUX_CLOCK_GETTIME = 228,
  LINUX_EXIT_GROUP = 231,
  LINUX_EPOLL_WAIT = 232,
  LINUX_EPOLL_CTL = 233,
  LINUX_EPOLL_CREATE1 = 291,
};

static inline int32_t linux_call4(
    enum linux_call_number number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d) {
  uintptr_t result = number;
  register uintptr_t r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return (int32_t)result;
}

#endif

static inline int32_t linux_call(
    enum linux_call_number number, uintptr_t a, uintptr_t b, uintptr_t c) {
  return linux_call4(number, a, b, c, 0);
}

// What the results below are, negated.
enum linux_error { LINUX_EINTR = 4, LINUX_EAGAIN = 11, LINUX_EBUSY = 16 };

enum linux_open_flags { LINUX_O_RDWR = 2, LINUX_O_NONBLOCK = 04000 };

#if defined(LINUX_C_LIBRARY)

// The same through the C library, as programs call them that may have libraries preloaded.

int open(const char *path, int flags, ...);
int close(int file);
long read(int file, void *bytes, unsigned long count);
long write(int file, const void *bytes, unsigned long count);
int ioctl(int file, unsigned long request, ...);
int *__errno_location(void);

static inline int32_t linux_result(long result) {
  return result < 0 ? -*__errno_location() : (int32_t)result;
}
static inline int32_t linux_open(const char *path, uint32_t flags) {
  return linux_result(open(path, (int)flags));
}
static inline int32_t linux_close(int32_t file) { return linux_result(close(file)); }
static inline int32_t linux_read(int32_t file, void *bytes, size_t count) {
  return linux_result(read(file, bytes, count));
}
static inline int32_t linux_write(int32_t file, const void *bytes, size_t count) {
  return linux_result(write(file, bytes, count));
}
static inline int32_t linux_control(int32_t file, uint32_t request, uintptr_t argument) {
  return linux_result(ioctl(file, request, argument));
}

#else

// A file descriptor.
static inline int32_t linux_open(const char *path, uint32_t flags) {
  return linux_call(LINUX_OPEN, (uintptr_t)path, flags, 0);
}

static inline int32_t linux_close(int32_t file) { return linux_call(LINUX_CLOSE, (uintptr_t)file, 0, 0); }

// The number of bytes read.
static inline int32_t linux_read(int32_t file, void *bytes, size_t count) {
  return linux_call(LINUX_READ, (uintptr_t)file, (uintptr_t)bytes, count);
}

// The number of bytes written.
static inline int32_t linux_write(int32_t file, const void *bytes, size_t count) {
  return linux_call(LINUX_WRITE, (uintptr_t)file, (uintptr_t)bytes, count);
}

// An ioctl; what the argument is depends on the request.
static inline int32_t linux_control(int32_t file, uint32_t request, uintptr_t argument) {
  return linux_call(LINUX_IOCTL, (uintptr_t)file, request, argument);
}

#endif

enum linux_poll_events { LINUX_POLLIN = 1, LINUX_POLLOUT = 4 };

// Waits until one of `events` has come or `milliseconds` have passed; for ever where they are
// negative. The events that have come, 0 for none.
static inline int32_t linux_poll(int32_t file, uint32_t events, int32_t milliseconds) {
  struct {
    int32_t file;
    uint16_t wanted, come;
  } poll = {file, (uint16_t)events, 0};
  int32_t result = linux_call(LINUX_POLL, (uintptr_t)&poll, 1, (uintptr_t)milliseconds);
  return result > 0 ? poll.come : result;
}

// As the kernel has it, on x86-64 without a gap.
struct linux_epoll_event {
  uint32_t events;
  uint64_t data;
}
#if defined(__x86_64__)
__attribute__((packed))
#endif
;

// A file descriptor that tells of every edge of `events` of `file`.
static inline int32_t linux_edges(int32_t file, uint32_t events) {
  struct linux_epoll_event wanted = {events | 1u << 31 /* EPOLLET */, 0};
  int32_t result = linux_call(LINUX_EPOLL_CREATE1, 0, 0, 0);
  if (result < 0) return result;
  int32_t error = linux_call4(
      LINUX_EPOLL_CTL, (uintptr_t)result, 1 /* EPOLL_CTL_ADD */, (uintptr_t)file, (uintptr_t)&wanted);
  return error < 0 ? error : result;
}

// Waits for an edge, as linux_poll() does.
static inline int32_t linux_edge(int32_t edges, int32_t milliseconds) {
  struct linux_epoll_event come = {0, 0};
  int32_t result = linux_call4(
      LINUX_EPOLL_WAIT, (uintptr_t)edges, (uintptr_t)&come, 1, (uintptr_t)milliseconds);
  return result > 0 ? (int32_t)come.events : result;
}

// Lets `milliseconds` pass.
static inline void linux_sleep(uint32_t milliseconds) {
  linux_call(LINUX_POLL, 0, 0, milliseconds);
}

// CLOCK_MONOTONIC in nanoseconds. ARM's 32 bits of seconds are those since the boot.
static inline uint64_t linux_now(void) {
  struct {
    unsigned long seconds, nanoseconds;
  } time = {0, 0};
  linux_call(LINUX_CLOCK_GETTIME, 1, (uintptr_t)&time, 0);
  return (uint64_t)time.seconds * 1000000000 + time.nanoseconds;
}

// CLOCK_REALTIME in seconds since 1970.
static inline uint32_t linux_seconds(void) {
  struct {
    unsigned long seconds, nanoseconds;
  } time = {0, 0};
  linux_call(LINUX_CLOCK_GETTIME, 0, (uintptr_t)&time, 0);
  return (uint32_t)time.seconds;
}

static inline _Noreturn void linux_exit(int32_t status) {
  for (;;) linux_call(LINUX_EXIT_GROUP, (uintptr_t)status, 0, 0);
}

// The program's argument at `index`, 0 being its own name; null behind the last one.
static inline const char *linux_argument(size_t index) {
  extern const char *const *linux_argv;  // start.S
  return linux_argv[index];
}
