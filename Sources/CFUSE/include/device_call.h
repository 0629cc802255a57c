// How a preloaded program's calls on a device reach who serves it: one message of a SOCK_SEQPACKET
// socket each way. The socket of /dev/NAME is the file NAME in the folder that the environment names.
#pragma once

#include <stdint.h>

// Where a program finds the sockets.
#define DEVICE_FOLDER_VARIABLE "IPMI_HOST_BRIDGE_DEVICES"

enum device_call_kind {
  // `open`: of a new connection, which is then kept until the last `close`. The answer is the open
  // file's number, and with it comes the descriptor that the program has: what `poll` says of it is
  // what the driver says.
  DEVICE_OPEN = 1,
  // A new connection, for the calls of the open file whose number is `argument`, one at a time.
  DEVICE_JOIN = 2,
  DEVICE_READ = 3,
  // The bytes are behind the message.
  DEVICE_WRITE = 4,
  // `ioctl` of the number `count`.
  DEVICE_CONTROL = 5,
  // A signal has come while the call before waits. It has no answer of its own.
  DEVICE_INTERRUPT = 6,
};

// The most bytes that one `write` passes on.
enum { DEVICE_WRITE_MAX = 65536 };
// More bytes than any driver's `read` gives.
enum { DEVICE_READ_MAX = 4096 };

struct device_call {
  uint32_t kind;
  // The file has O_NONBLOCK.
  uint32_t is_nonblocking;
  // Of `pread` and `pwrite`; -1 of `read` and `write`, where the file has a position.
  int64_t offset;
  uint64_t count;
  uint64_t argument;
};

struct device_answer {
  // What the call returns, or -errno. The bytes of a `read` are behind the message.
  int64_t result;
  // Of `open`: whether the file has positions.
  uint64_t has_positions;
};
