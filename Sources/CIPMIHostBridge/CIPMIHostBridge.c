#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ihb_internal.h"

// MARK: Errors

static _Thread_local char message[256];

const char *ihb_last_error_message(void) { return message; }

ihb_error ihb_internal_fail(
    ihb_error error, const char *before, const char *text, const char *after) {
  snprintf(message, sizeof message, "%s%s%s", before, text, after);
  return error;
}

ihb_error ihb_internal_fail_number(
    ihb_error error, const char *before, uint64_t number, const char *after) {
  snprintf(message, sizeof message, "%s%" PRIu64 "%s", before, number, after);
  return error;
}

// MARK: Descriptors

/// Whether `fd` can be read or written now, by `events`; what it says otherwise.
static long ready(int fd, short events) {
  struct pollfd entry = {.fd = fd, .events = events};
  if (poll(&entry, 1, 0) < 0) return errno == EINTR ? 0 : -2;
  if (entry.revents & POLLNVAL) {
    errno = EBADF;
    return -2;
  }
  return entry.revents != 0;
}

/// What a system call's result means to the caller.
static long outcome(long result, const char *call) {
  if (result >= 0) return result;
  switch (errno) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
      return 0;
    case ECONNRESET:
    case EPIPE:
      return -1;
    default:
      ihb_internal_fail(IHB_ERROR_SYSTEM, call, ": ", strerror(errno));
      return -2;
  }
}

long ihb_internal_read(int fd, uint8_t *bytes, size_t capacity) {
  long state = ready(fd, POLLIN);
  if (state <= 0) return state == 0 ? 0 : outcome(-1, "poll");
  long count = read(fd, bytes, capacity);
  return count == 0 ? -1 : outcome(count, "read");
}

long ihb_internal_write(int fd, const uint8_t *bytes, size_t length) {
  long state = ready(fd, POLLOUT);
  if (state <= 0) return state == 0 ? 0 : outcome(-1, "poll");
  // A socket whose other end is gone must not end the emulator by a signal.
  long count = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && errno == ENOTSOCK) count = write(fd, bytes, length);
  return outcome(count, "write");
}

// MARK: Device trees

/// The root's "compatible" of a tree that is aligned as libfdt wants it.
static ihb_error find_compatible(
    const void *dtb, size_t size, char *strings, size_t capacity, size_t *length) {
  // Proves every offset, length and string before anything is followed.
  int status = fdt_check_full(dtb, size);
  if (status != 0)
    return ihb_internal_fail(
        IHB_ERROR_BAD_TREE, "no flattened device tree: ", fdt_strerror(status), "");
  int count = 0;
  const char *property = fdt_getprop(dtb, 0, "compatible", &count);
  // The last string must end.
  if (property == NULL || count <= 0 || (size_t)count > capacity || property[count - 1] != 0)
    count = 0;
  if (count > 0) memcpy(strings, property, (size_t)count);
  *length = (size_t)count;
  return IHB_OK;
}

ihb_error ihb_internal_compatible(
    const void *dtb, size_t size, char *strings, size_t capacity, size_t *length) {
  if (size < sizeof(struct fdt_header))
    return ihb_internal_fail_number(
        IHB_ERROR_BAD_TREE, "a flattened device tree has a header of 40 bytes, and here are ", size,
        "");
  if (size > 16 << 20)
    return ihb_internal_fail_number(
        IHB_ERROR_BAD_TREE, "no device tree has more than 16 MiB, and here are ", size, " bytes");
  void *aligned = malloc(size);
  if (aligned == NULL)
    return ihb_internal_fail(IHB_ERROR_SYSTEM, "malloc: ", strerror(errno), "");
  memcpy(aligned, dtb, size);
  ihb_error error = find_compatible(aligned, size, strings, capacity, length);
  free(aligned);
  return error;
}
