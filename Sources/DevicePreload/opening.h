// The open files of devices, and their calls.
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "device_call.h"

struct opening;

// The socket of the device `path`, in `address`: 0, or -1 where `path` is none of ours.
int find_device(const char *path, char *address, size_t size);
// `open` of a device: the descriptor, or -1 with errno.
int open_device(const char *address, int flags);
// The open file that `file` is, or null.
struct opening *find_opening(int file);
// `close`, before the descriptor itself is.
void close_opening(int file);

// `read` and `write` at `offset`, or at the file's position where it is -1.
ssize_t read_device(
    struct opening *opening, int file, const struct iovec *parts, int count, off_t offset);
ssize_t write_device(
    struct opening *opening, int file, const struct iovec *parts, int count, off_t offset);
int control_device(struct opening *opening, int file, unsigned long request, void *argument);
