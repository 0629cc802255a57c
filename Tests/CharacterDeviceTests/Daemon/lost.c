#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lost.h"

static void say(const char *call, long result) {
  if (result < 0) {
    printf("%s: %s\n", call, strerrorname_np(errno));
  } else {
    printf("%s: %#lx\n", call, result);
  }
}

int outlive_server(int file) {
  char bytes[64] = {0};
  int edges = epoll_create1(0);
  struct epoll_event edge = {.events = EPOLLIN | EPOLLET};
  if (epoll_ctl(edges, EPOLL_CTL_ADD, file, &edge) < 0) return 4;
  printf("waits\n");
  if (epoll_wait(edges, &edge, 1, -1) == 1) say("edge", edge.events);
  // Twice: what it says does not pass.
  for (int times = 0; times < 2; times++) {
    struct pollfd wait = {file, POLLIN, 0};
    poll(&wait, 1, -1);
    say("poll", wait.revents);
    say("read", read(file, bytes, sizeof bytes));
    say("write", write(file, bytes, 5));
    say("ioctl", ioctl(file, 0xB100, 0));
  }
  say("edges", epoll_wait(edges, &edge, 1, 0));
  return 0;
}
