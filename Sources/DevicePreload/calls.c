// The C library's functions that open, read, write and close files, for /dev/NAME of a device that
// somebody serves; of all other files they are what they were.
//
// What poll, select and epoll say is the kernel's own business: the descriptor is a socket whose
// input and output the server makes ready as the driver would be. A program without the C library,
// statically linked or written in Go, is not reached.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "opening.h"

// The C library's own function, whose name and type are those of the one that it is used in.
#define ORIGINAL(name)                                                 \
  ({                                                                   \
    static __typeof__(&name) original;                                 \
    if (!original) original = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    original;                                                          \
  })

// Of open()'s third argument, which is there or not.
static mode_t mode_of(int flags, va_list arguments) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                  \
  int name(const char *path, int flags, ...) {                      \
    char address[108];                                              \
    if (find_device(path, address, sizeof address) == 0)            \
      return open_device(address, flags);                           \
    va_list arguments;                                              \
    va_start(arguments, flags);                                     \
    mode_t mode = mode_of(flags, arguments);                        \
    va_end(arguments);                                              \
    return ORIGINAL(name)(path, flags, mode);                       \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                \
  int name(int folder, const char *path, int flags, ...) {          \
    char address[108];                                              \
    if (find_device(path, address, sizeof address) == 0)            \
      return open_device(address, flags);                           \
    va_list arguments;                                              \
    va_start(arguments, flags);                                     \
    mode_t mode = mode_of(flags, arguments);                        \
    va_end(arguments);                                              \
    return ORIGINAL(name)(folder, path, flags, mode);               \
  }
OPENAT(openat)
OPENAT(openat64)

// What _FORTIFY_SOURCE makes of them.
int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat64(folder, path, flags); }

// FreeIPMI asks before it opens.
int access(const char *path, int mode) {
  char address[108];
  return ORIGINAL(access)(find_device(path, address, sizeof address) == 0 ? address : path, mode);
}

int close(int file) {
  close_opening(file);
  return ORIGINAL(close)(file);
}

ssize_t read(int file, void *bytes, size_t count) {
  struct opening *opening = find_opening(file);
  if (!opening) return ORIGINAL(read)(file, bytes, count);
  return read_device(opening, file, &(struct iovec){bytes, count}, 1, -1);
}

ssize_t __read_chk(int file, void *bytes, size_t count, size_t size) {
  if (count > size) __builtin_trap();
  return read(file, bytes, count);
}

ssize_t write(int file, const void *bytes, size_t count) {
  struct opening *opening = find_opening(file);
  if (!opening) return ORIGINAL(write)(file, bytes, count);
  return write_device(opening, file, &(struct iovec){(void *)bytes, count}, 1, -1);
}

ssize_t readv(int file, const struct iovec *parts, int count) {
  struct opening *opening = find_opening(file);
  return opening ? read_device(opening, file, parts, count, -1)
                 : ORIGINAL(readv)(file, parts, count);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  struct opening *opening = find_opening(file);
  return opening ? write_device(opening, file, parts, count, -1)
                 : ORIGINAL(writev)(file, parts, count);
}

static int fail_with(int error) {
  errno = error;
  return -1;
}

#define POSITIONED(name, bytes_type, with)                                          \
  ssize_t name(int file, bytes_type bytes, size_t count, off_t offset) {            \
    struct opening *opening = find_opening(file);                                   \
    if (!opening) return ORIGINAL(name)(file, bytes, count, offset);                \
    if (offset < 0) return fail_with(EINVAL);                                       \
    return with(opening, file, &(struct iovec){(void *)bytes, count}, 1, offset);   \
  }
POSITIONED(pread, void *, read_device)
POSITIONED(pread64, void *, read_device)
POSITIONED(pwrite, const void *, write_device)
POSITIONED(pwrite64, const void *, write_device)

int ioctl(int file, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  struct opening *opening = find_opening(file);
  // The kernel's own, of every file.
  int is_kernels = request == FIONBIO || request == FIOASYNC || request == FIOCLEX ||
                   request == FIONCLEX;
  if (!opening || is_kernels) return ORIGINAL(ioctl)(file, request, argument);
  return control_device(opening, file, request, argument);
}
