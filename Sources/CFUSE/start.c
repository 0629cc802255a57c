#define _GNU_SOURCE
#include "start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The parent's end of the socket reads the connections, then the end, with the exec(); a failure in
// the place of either.

_Noreturn void fail(int socket, const char *step, const char *what) {
  struct device_failure failure = {.error = errno};
  snprintf(failure.step, sizeof failure.step, "%s%s", step, what);
  (void)!write(socket, &failure, sizeof failure);
  _exit(127);
}

static void send_connections(int socket, const int *connections, size_t count) {
  char byte = 0;
  struct iovec vector = {&byte, 1};
  union {
    char bytes[CMSG_SPACE(sizeof(int) * DEVICE_COUNT_MAX)];
    struct cmsghdr header;
  } control = {{0}};
  struct msghdr message = {
      .msg_iov = &vector,
      .msg_iovlen = 1,
      .msg_control = &control,
      .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
  control.header.cmsg_level = SOL_SOCKET;
  control.header.cmsg_type = SCM_RIGHTS;
  control.header.cmsg_len = CMSG_LEN(sizeof(int) * count);
  memcpy(CMSG_DATA(&control.header), connections, sizeof(int) * count);
  if (sendmsg(socket, &message, 0) != 1) fail(socket, "pass on the connections", "");
}

static _Noreturn void run(int socket, char *const *arguments) {
  signal(SIGPIPE, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(arguments[0], arguments);
  fail(socket, "run ", arguments[0]);
}

// As fork(), with a socket between both; the child ends with its parent.
static pid_t start(int sockets[2], struct device_failure *failure) {
  *failure = (struct device_failure){.step = "start a process"};
  // Whatever the program leaves running is ours then: see device_end_descendants().
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    failure->error = errno;
    return -1;
  }
  pid_t parent = getpid(), process = fork();
  if (process == 0) {
    close(sockets[0]);
    // Nobody would answer it any more. Whoever was its parent may be gone already.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    return 0;
  }
  failure->error = errno;
  close(sockets[1]);
  if (process < 0) close(sockets[0]);
  return process;
}

// The connections; 0, or -1 where a failure or nothing came instead.
static int receive_connections(
    int socket, int *connections, size_t count, struct device_failure *failure) {
  struct iovec vector = {failure, sizeof *failure};
  union {
    char bytes[CMSG_SPACE(sizeof(int) * DEVICE_COUNT_MAX)];
    struct cmsghdr header;
  } control;
  struct msghdr message = {
      .msg_iov = &vector,
      .msg_iovlen = 1,
      .msg_control = &control,
      .msg_controllen = sizeof control};
  ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (length != 1) return -1;
  memcpy(connections, CMSG_DATA(&control.header), sizeof(int) * count);
  return 0;
}

pid_t device_start(
    char *const *names, size_t count, char *const *arguments, int *connections, int *report,
    struct device_failure *failure) {
  int sockets[2];
  if (count == 0 || count > DEVICE_COUNT_MAX) {
    *failure = (struct device_failure){.step = "start a process", .error = EINVAL};
    return -1;
  }
  pid_t process = start(sockets, failure);
  if (process < 0) return -1;
  if (process == 0) {
    int made[DEVICE_COUNT_MAX];
    device_make_files(sockets[1], names, count, made);
    send_connections(sockets[1], made, count);
    device_reach_files(sockets[1], names, count, made);
    run(sockets[1], arguments);
  }
  if (receive_connections(sockets[0], connections, count, failure) == 0) {
    *report = sockets[0];
    return process;
  }
  waitpid(process, NULL, 0);
  close(sockets[0]);
  return -1;
}

pid_t device_start_preloaded(
    const char *libraries, const char *folder, char *const *arguments, int *report,
    struct device_failure *failure) {
  int sockets[2];
  pid_t process = start(sockets, failure);
  if (process == 0) {
    if (setenv("LD_PRELOAD", libraries, 1) < 0 || setenv(DEVICE_FOLDER_VARIABLE, folder, 1) < 0)
      fail(sockets[1], "set the environment", "");
    run(sockets[1], arguments);
  }
  if (process > 0) *report = sockets[0];
  return process;
}

int device_started(int report, struct device_failure *failure) {
  int has_failed = read(report, failure, sizeof *failure) == sizeof *failure;
  close(report);
  return has_failed ? -1 : 0;
}

int device_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }
