#include "CFUSE.h"

// libfuse 3.14 has no name for FOPEN_STREAM, so the answer is made here.
static int reply(fuse_req_t request, unsigned flags) {
  struct fuse_open_out answer = {.open_flags = flags};
  return fuse_reply_buf(request, (const char *)&answer, sizeof answer);
}

int device_reply_open(fuse_req_t request) {
  return reply(
      request,
      FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE | FOPEN_STREAM | FOPEN_PARALLEL_DIRECT_WRITES |
          FOPEN_NOFLUSH);
}

int device_reply_open_seekable(fuse_req_t request) {
  return reply(request, FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES | FOPEN_NOFLUSH);
}
