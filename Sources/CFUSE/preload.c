#define _GNU_SOURCE
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "CFUSE.h"

int device_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int device_listen(int listener) { return listen(listener, 8); }

pid_t device_peer(int connection) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? -1 : peer.pid;
}

void device_answer(
    int connection, const struct device_answer *answer, const void *bytes, size_t count,
    int descriptor) {
  struct iovec parts[] = {{(void *)answer, sizeof *answer}, {(void *)bytes, count}};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
  } control = {{0}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = count ? 2 : 1};
  if (descriptor >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
  }
  (void)!sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// MARK: Readiness
//
// The program's end of a socket is readable while there is a byte for it, and writable while ours
// has none of its bytes: so much as its buffer holds, which it has not written itself.

int device_make_ready_pair(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return -1;
  // The least there is, which one message fills.
  int size = 1;
  setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return 0;
}

static void empty(int end) {
  char bytes[4096];
  while (recv(end, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
  }
}

void device_set_input(const int ends[2], int is_ready) {
  empty(ends[0]);
  // A byte that comes is an edge.
  if (is_ready) (void)!send(ends[1], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void fill(int end) {
  static const char bytes[2048];
  struct pollfd output = {end, POLLOUT, 0};
  while (poll(&output, 1, 0) == 1 && output.revents & POLLOUT)
    if (send(end, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
}

void device_set_output(const int ends[2], int is_ready) {
  // Room that comes is an edge.
  fill(ends[0]);
  if (is_ready) empty(ends[1]);
}
