#define _GNU_SOURCE
#include <sys/uio.h>

#include "CFUSE.h"

// libfuse 3.14 has no name for FOPEN_STREAM, so the answer is made here.
static int reply(fuse_req_t request, uint64_t file, unsigned flags) {
  struct fuse_open_out answer = {.fh = file, .open_flags = flags};
  return fuse_reply_buf(request, (const char *)&answer, sizeof answer);
}

int device_reply_open(fuse_req_t request, uint64_t file) {
  return reply(
      request, file,
      FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE | FOPEN_STREAM | FOPEN_PARALLEL_DIRECT_WRITES |
          FOPEN_NOFLUSH);
}

int device_reply_open_seekable(fuse_req_t request, uint64_t file) {
  return reply(request, file, FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES | FOPEN_NOFLUSH);
}

int device_read_memory(pid_t process, uintptr_t address, void *bytes, size_t count) {
  struct iovec here = {bytes, count}, there = {(void *)address, count};
  return process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)count ? 0 : -1;
}

int device_write_memory(pid_t process, uintptr_t address, const void *bytes, size_t count) {
  struct iovec here = {(void *)bytes, count}, there = {(void *)address, count};
  return process_vm_writev(process, &here, 1, &there, 1, 0) == (ssize_t)count ? 0 : -1;
}
