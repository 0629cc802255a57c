/// What Swift cannot say, or should not: the thread's error text, a descriptor, libfdt.
#ifndef IHB_INTERNAL_H
#define IHB_INTERNAL_H

#include "ipmi_host_bridge.h"

/// Keeps `before`, `text` and `after` as the thread's error message, and returns `error`.
ihb_error ihb_internal_fail(
    ihb_error error, const char *before, const char *text, const char *after);

/// As ihb_internal_fail(), with a number in the middle.
ihb_error ihb_internal_fail_number(
    ihb_error error, const char *before, uint64_t number, const char *after);

/// Reads up to `capacity` bytes without waiting: their number, 0 where there are none now, -1 where
/// there will be none any more, -2 where the system refuses, which is then the error message.
long ihb_internal_read(int fd, uint8_t *bytes, size_t capacity);

/// Writes as ihb_internal_read() reads.
long ihb_internal_write(int fd, const uint8_t *bytes, size_t length);

/// Stores the "compatible" of the root of a device tree, strings that each end with 0; an error where
/// there is no such tree. `length` 0 where the root has none, or a longer one than is stored.
ihb_error ihb_internal_compatible(
    const void *dtb, size_t size, char *strings, size_t capacity, size_t *length);

#endif
