// Answers everything that a BMC's device gives with completion code 00h, as fast as it can and as
// OpenBMC's kcsbridged does it: an edge, a read, a write.
//
//   device-daemon kcs|bt DEVICE
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count != 3) return 2;
  // BT has a length before the message, and a sequence number behind NetFn/LUN.
  int is_bt = !strcmp(arguments[1], "bt");
  int file = open(arguments[2], O_RDWR | O_NONBLOCK), edges = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  if (file < 0 || epoll_ctl(edges, EPOLL_CTL_ADD, file, &event) < 0) return 3;
  unsigned char bytes[64];
  for (;;) {
    if (epoll_wait(edges, &event, 1, -1) != 1) return 4;
    ssize_t size = read(file, bytes, sizeof bytes - 8);
    if (size < (is_bt ? 4 : 2)) continue;
    bytes[is_bt] |= 4;
    size = is_bt ? 4 : 2;
    bytes[size++] = 0;
    // What BT's host asks first: one request at a time, of 63 bytes, 10 s, no retries.
    if (is_bt && bytes[3] == 0x36) {
      memcpy(bytes + size, (unsigned char[]){1, 63, 63, 10, 0}, 5);
      size += 5;
    }
    bytes[0] = is_bt ? (unsigned char)(size - 1) : bytes[0];
    if (write(file, bytes, (size_t)size) != size) return 5;
  }
}
