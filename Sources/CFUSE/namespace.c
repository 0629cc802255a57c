#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "start.h"

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

void device_make_files(int socket, char *const *names, size_t count, int *connections) {
  leave_namespaces(socket);
  int old = make_dev(socket);
  for (size_t index = 0; index < count; index++)
    connections[index] = make_device(socket, old, names[index]);
}

void device_reach_files(int socket, char *const *names, size_t count, const int *connections) {
  for (size_t index = 0; index < count; index++) {
    close(connections[index]);
    // Until somebody asks, the kernel takes the file for one of root's, which a user namespace
    // without that does not let anybody write to.
    char path[300];
    struct stat status;
    snprintf(path, sizeof path, "/dev/%s", names[index]);
    if (stat(path, &status) < 0) fail(socket, "reach ", path);
  }
}
