#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CFUSE.h"

// The parent's end of the socket reads the connections, then the end, with the exec(); a failure in
// the place of either.

static _Noreturn void fail(int socket, const char *step, const char *what) {
  struct device_failure failure = {.error = errno};
  snprintf(failure.step, sizeof failure.step, "%s%s", step, what);
  (void)!write(socket, &failure, sizeof failure);
  _exit(127);
}

static void write_file(int socket, const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) < 0) fail(socket, "write ", path);
  close(file);
}

// A mount namespace; where that takes a privilege, in a user namespace that maps this user alone.
static void leave_namespaces(int socket) {
  uid_t user = getuid();
  gid_t group = getgid();
  if (unshare(CLONE_NEWNS) < 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) fail(socket, "unshare a user namespace", "");
    char map[64];
    write_file(socket, "/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%u %u 1", user, user);
    write_file(socket, "/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1", group, group);
    write_file(socket, "/proc/self/gid_map", map);
  }
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail(socket, "make / private", "");
}

// One entry of the old /dev, in the new one: a link again, everything else bound.
static void carry_over(int old, const struct dirent *entry) {
  char source[300], target[300], link[300];
  snprintf(source, sizeof source, "/proc/self/fd/%d/%s", old, entry->d_name);
  snprintf(target, sizeof target, "/dev/%s", entry->d_name);
  struct stat status;
  if (fstatat(old, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) return;
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlinkat(old, entry->d_name, link, sizeof link - 1);
    if (length < 0) return;
    link[length] = 0;
    (void)!symlink(link, target);
    return;
  }
  if (S_ISDIR(status.st_mode)) {
    if (mkdir(target, 0755) < 0) return;
  } else {
    int file = open(target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return;
    close(file);
  }
  if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0) {
    S_ISDIR(status.st_mode) ? rmdir(target) : unlink(target);
  }
}

// A new /dev with what is in the old one, whose descriptor it returns.
static int make_dev(int socket) {
  int old = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = old < 0 ? NULL : opendir("/dev");
  if (!entries) fail(socket, "open /dev", "");
  if (mount("dev", "/dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") < 0)
    fail(socket, "mount a tmpfs on /dev", "");
  for (const struct dirent *entry; (entry = readdir(entries));) {
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) carry_over(old, entry);
  }
  closedir(entries);
  return old;
}

// FUSE on a file, whose root is that file: no directory, so nothing is looked up.
static int make_device(int socket, int old, const char *name) {
  char path[300], options[128];
  snprintf(path, sizeof path, "/dev/%s", name);
  unlink(path);
  int file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) fail(socket, "make ", path);
  close(file);
  // FUSE wants it opened in the user namespace that mounts.
  int connection = openat(old, "fuse", O_RDWR | O_CLOEXEC);
  if (connection < 0) fail(socket, "open /dev/fuse", "");
  snprintf(
      options, sizeof options, "fd=%d,rootmode=100600,user_id=%u,group_id=%u,allow_other",
      connection, getuid(), getgid());
  if (mount("ipmi-host-bridge", path, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
    fail(socket, "mount FUSE on ", path);
  return connection;
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

static _Noreturn void run(
    int socket, char *const *names, size_t count, char *const *arguments) {
  int connections[DEVICE_COUNT_MAX];
  // Nobody would answer it any more.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  leave_namespaces(socket);
  int old = make_dev(socket);
  for (size_t index = 0; index < count; index++)
    connections[index] = make_device(socket, old, names[index]);
  send_connections(socket, connections, count);
  for (size_t index = 0; index < count; index++) {
    close(connections[index]);
    // Until somebody asks, the kernel takes the file for one of root's, which a user namespace
    // without that does not let anybody write to.
    char path[300];
    struct stat status;
    snprintf(path, sizeof path, "/dev/%s", names[index]);
    if (stat(path, &status) < 0) fail(socket, "reach ", path);
  }
  signal(SIGPIPE, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(arguments[0], arguments);
  fail(socket, "run ", arguments[0]);
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
  *failure = (struct device_failure){.step = "start a process"};
  if (count == 0 || count > DEVICE_COUNT_MAX) {
    failure->error = EINVAL;
    return -1;
  }
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    failure->error = errno;
    return -1;
  }
  pid_t process = fork();
  if (process == 0) {
    close(sockets[0]);
    run(sockets[1], names, count, arguments);
  }
  int error = errno;
  close(sockets[1]);
  if (process < 0) {
    failure->error = error;
  } else if (receive_connections(sockets[0], connections, count, failure) == 0) {
    *report = sockets[0];
    return process;
  } else {
    waitpid(process, NULL, 0);
  }
  close(sockets[0]);
  return -1;
}

int device_started(int report, struct device_failure *failure) {
  int has_failed = read(report, failure, sizeof *failure) == sizeof *failure;
  close(report);
  return has_failed ? -1 : 0;
}

int device_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

static sigset_t ending_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGQUIT);
  return set;
}

int device_hold_signals(void) {
  sigset_t set = ending_signals();
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int device_next_signal(int descriptor) {
  struct signalfd_siginfo information;
  while (read(descriptor, &information, sizeof information) == sizeof information) {
    if (information.ssi_code != SI_KERNEL) return (int)information.ssi_signo;
  }
  return 0;
}

void device_release_signals(int descriptor) {
  sigset_t set = ending_signals();
  close(descriptor);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int device_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
