// Does with a device what a BMC's daemon does, call for call:
//
//   bmc-daemon kcsbridged|btbridged|ssifbridged|lost|share DEVICE [exit=N] [late=MS] [twice] [wrong]
//
// kcsbridged waits for edges (EPOLLET) and reads once for each; btbridged polls every second, for
// POLLOUT only while it has an answer; ssifbridged is as kcsbridged, with a length before each
// message. Every request is answered with completion code 00h and its own data. With exit=N it ends
// with status 7 after N answers; "wrong" are NetFn and command of its answers. In the daemons'
// place, "lost" says what the device does once its server is gone, and "share" what it does for threads,
// signals and children.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lost.h"
#include "sharing.h"

enum style { KCS, BT, SSIF };

static enum style style;
static long lifetime = -1;
static unsigned late;
static int answers_twice, answers_wrong;

// Takes a request: its bytes, 0 for none.
static size_t take(int file, uint8_t *request) {
  ssize_t count = read(file, request, style == SSIF ? 258 : style == BT ? 64 : 1024);
  if (count < 0 && errno != EAGAIN) printf("read: %s\n", strerrorname_np(errno));
  // Nobody answers any more, which does not pass.
  if (count < 0 && errno == ENOTCONN) exit(5);
  return count < 0 ? 0 : (size_t)count;
}

// Makes the answer: its bytes, 0 for what is no request.
static size_t make_answer(const uint8_t *request, size_t count, uint8_t *answer) {
  size_t start = style == KCS ? 0 : style == BT ? 1 : 4;
  // BT has a sequence number behind NetFn/LUN.
  size_t command = start + (style == BT ? 2 : 1), end = start;
  if (count < command + 1) return 0;
  if (style == BT && count != (size_t)request[0] + 1) return 0;
  answer[end++] = request[start] | 4;
  if (style == BT) answer[end++] = request[2];
  answer[end++] = request[command];
  answer[end++] = 0;
  static const uint8_t bt_capabilities[] = {1, 63, 63, 10, 0}, ssif_capabilities[] = {0, 0x90, 254, 254};
  if (style == BT && request[command] == 0x36) {
    memcpy(answer + end, bt_capabilities, sizeof bt_capabilities);
    end += sizeof bt_capabilities;
  } else if (style == SSIF && request[command] == 0x57) {
    memcpy(answer + end, ssif_capabilities, sizeof ssif_capabilities);
    end += sizeof ssif_capabilities;
  } else {
    size_t limit = style == KCS ? 1000 : style == BT ? 64 : 258;
    for (size_t index = command + 1; index < count && end < limit; index++)
      answer[end++] = request[index];
  }
  if (answers_wrong) answer[start] ^= 0x50;
  if (style == BT) answer[0] = (uint8_t)(end - 1);
  if (style == SSIF) {
    memset(answer, 0, 4);
    answer[0] = (uint8_t)(end - 4);
  }
  return end;
}

static void give(int file, const uint8_t *answer, size_t count) {
  if (late) usleep(late * 1000);
  for (int times = answers_twice ? 2 : 1; times > 0; times--) {
    if (write(file, answer, count) != (ssize_t)count)
      printf("write: %s\n", strerrorname_np(errno));
  }
  if (lifetime > 0 && --lifetime == 0) exit(7);
}

static int serve_by_edges(int file) {
  uint8_t request[1024], answer[1024];
  int events = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN | EPOLLET};
  if (epoll_ctl(events, EPOLL_CTL_ADD, file, &wanted) < 0) {
    printf("epoll_ctl: %s\n", strerrorname_np(errno));
    return 4;
  }
  for (;;) {
    struct epoll_event event;
    if (epoll_wait(events, &event, 1, -1) != 1) continue;
    if (event.events != EPOLLIN) {
      printf("epoll: %#x\n", event.events);
      return 5;
    }
    size_t count = make_answer(request, take(file, request), answer);
    if (count) give(file, answer, count);
  }
}

static int serve_by_poll(int file) {
  uint8_t request[1024], answer[1024];
  for (size_t count = 0;;) {
    struct pollfd wait = {file, count ? POLLIN | POLLOUT : POLLIN, 0};
    if (poll(&wait, 1, 1000) <= 0) continue;
    // The same; btbridged itself would go on asking.
    if (wait.revents & POLLERR) {
      printf("poll: %#x\n", wait.revents);
      return 5;
    }
    if (wait.revents & POLLIN) count = make_answer(request, take(file, request), answer);
    if (wait.revents & POLLOUT && count) {
      give(file, answer, count);
      count = 0;
    }
  }
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count < 3) return 2;
  if (!strcmp(arguments[1], "btbridged")) style = BT;
  if (!strcmp(arguments[1], "ssifbridged")) style = SSIF;
  for (int index = 3; index < count; index++) {
    if (sscanf(arguments[index], "exit=%ld", &lifetime) == 1) continue;
    if (sscanf(arguments[index], "late=%u", &late) == 1) continue;
    if (!strcmp(arguments[index], "twice")) {
      answers_twice = 1;
    } else if (!strcmp(arguments[index], "wrong")) {
      answers_wrong = 1;
    } else {
      return 2;
    }
  }
  if (!strcmp(arguments[1], "share")) return share(arguments[2]);
  int file = open(arguments[2], O_RDWR | O_NONBLOCK);
  if (file < 0) {
    printf("open: %s\n", strerrorname_np(errno));
    return 3;
  }
  printf("user %d has %s\n", (int)getuid(), arguments[2]);
  if (!strcmp(arguments[1], "lost")) return outlive_server(file);
  return style == BT ? serve_by_poll(file) : serve_by_edges(file);
}
