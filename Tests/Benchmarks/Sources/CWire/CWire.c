// A client of VM protocol servers, and the floor of one: a server that sends back what it gets.
// In C, so that what is measured is the server.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "CWire.h"

enum { TERMINATOR = 0xA0, REQUEST_SIZE = 5, LARGEST_WINDOW = 1024 };

// Get Device ID, id 0.
static const unsigned char request[REQUEST_SIZE] = {0x00, 0x18, 0x01, 0xE7, TERMINATOR};

// Nanoseconds.
static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void send_at_once(int descriptor) {
  int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int cwire_echo_listen(int *port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
      listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0)
    return -1;
  *port = ntohs(address.sin_port);
  return listener;
}

void cwire_echo_serve(int listener) {
  static unsigned char bytes[65536];
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) return;
    send_at_once(peer);
    ssize_t count;
    while ((count = read(peer, bytes, sizeof bytes)) > 0)
      if (write(peer, bytes, (size_t)count) != count) break;
    close(peer);
  }
}

// Sends requests, then reads until as many answers have come; negative where the server left.
static int exchange(int descriptor, int count) {
  static unsigned char bytes[65536];
  static unsigned char requests[LARGEST_WINDOW * REQUEST_SIZE];
  for (int index = 0; index < count; index++)
    memcpy(requests + index * REQUEST_SIZE, request, REQUEST_SIZE);
  if (write(descriptor, requests, (size_t)count * REQUEST_SIZE) != count * REQUEST_SIZE) return -1;
  while (count > 0) {
    ssize_t received = read(descriptor, bytes, sizeof bytes);
    if (received <= 0) return -1;
    for (ssize_t index = 0; index < received; index++) count -= bytes[index] == TERMINATOR;
  }
  return 0;
}

int cwire_connect(int port) {
  struct sockaddr_in address = loopback(port);
  // ipmi_sim refuses a client while it has not seen the last one leave.
  for (int attempt = 0; attempt < 200; attempt++) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    send_at_once(descriptor);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
        exchange(descriptor, 1) == 0)
      return descriptor;
    close(descriptor);
    usleep(10000);
  }
  return -1;
}

int cwire_round_trips(int descriptor, uint64_t *nanoseconds, int count) {
  for (int index = 0; index < count; index++) {
    uint64_t start = now();
    if (exchange(descriptor, 1) != 0) return -1;
    nanoseconds[index] = now() - start;
  }
  return 0;
}

uint64_t cwire_pipelined(int descriptor, int window, int count) {
  static unsigned char bytes[65536];
  static unsigned char requests[LARGEST_WINDOW * REQUEST_SIZE];
  if (window > LARGEST_WINDOW || window > count) return 0;
  for (int index = 0; index < window; index++)
    memcpy(requests + index * REQUEST_SIZE, request, REQUEST_SIZE);
  uint64_t start = now();
  int sent = 0, answered = 0, due = window;
  while (answered < count) {
    // As many as were answered, in one write.
    if (due > count - sent) due = count - sent;
    if (due > 0) {
      ssize_t size = due * REQUEST_SIZE;
      if (write(descriptor, requests, (size_t)size) != size) return 0;
      sent += due;
    }
    ssize_t received = read(descriptor, bytes, sizeof bytes);
    if (received <= 0) return 0;
    due = 0;
    for (ssize_t index = 0; index < received; index++) due += bytes[index] == TERMINATOR;
    answered += due;
  }
  return now() - start;
}

int cwire_unix_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
      exchange(descriptor, 1) != 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

// Sends back what comes through one pipe through another, until that fails.
static _Noreturn void send_back(int from, int to) {
  unsigned char bytes[REQUEST_SIZE];
  ssize_t count;
  while ((count = read(from, bytes, sizeof bytes)) > 0)
    if (write(to, bytes, (size_t)count) != count) break;
  _exit(0);
}

int cwire_pipe_round_trips(uint64_t *nanoseconds, int count) {
  int there[2], back[2];
  if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) return -1;
  pid_t peer = fork();
  if (peer == 0) {
    close(there[1]);
    close(back[0]);
    send_back(there[0], back[1]);
  }
  close(there[0]);
  close(back[1]);
  int made = 0;
  for (; peer > 0 && made < count; made++) {
    unsigned char bytes[REQUEST_SIZE];
    uint64_t start = now();
    if (write(there[1], request, REQUEST_SIZE) != REQUEST_SIZE) break;
    if (read(back[0], bytes, REQUEST_SIZE) != REQUEST_SIZE) break;
    nanoseconds[made] = now() - start;
  }
  close(there[1]);
  close(back[0]);
  if (peer > 0) waitpid(peer, NULL, 0);
  return made == count ? 0 : -1;
}

void cwire_allow_many_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}
