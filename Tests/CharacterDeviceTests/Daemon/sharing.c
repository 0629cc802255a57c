#define _GNU_SOURCE
#include "sharing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SET_ATTENTION = 0xB100 };

static void say(const char *what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

static void note(int number) { (void)number; }

static _Atomic pid_t reader_thread;

static void *sleep_in_read(void *file) {
  char bytes[64];
  reader_thread = gettid();
  say("a read that slept, after a signal", read(*(int *)file, bytes, sizeof bytes));
  return NULL;
}

// Returns once the reader has nothing to do but to wait, which proc(5) calls S, or has ended.
static void wait_until_it_sleeps(void) {
  char path[64], state = 0;
  while (reader_thread == 0) sched_yield();
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", reader_thread);
  while (state != 'S') {
    FILE *stat = fopen(path, "r");
    if (stat == NULL) return;
    if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1) state = 0;
    fclose(stat);
    sched_yield();
  }
}

static void share_with_a_thread(int file) {
  pthread_t reader;
  pthread_create(&reader, NULL, sleep_in_read, &file);
  wait_until_it_sleeps();
  say("an ioctl beside it", ioctl(file, SET_ATTENTION, 0));
  // Until the read has ended: it may have slept before it did so in there.
  while (pthread_tryjoin_np(reader, NULL) != 0) {
    wait_until_it_sleeps();
    pthread_kill(reader, SIGUSR1);
  }
}

// A child closes the file, or keeps it while its parent closes it.
static void share_with_a_child(const char *path, int file, int is_kept) {
  int ends[2];
  char byte = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) return;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    say("a child's ioctl", ioctl(file, SET_ATTENTION, 0));
    if (!is_kept) close(file);
    fflush(stdout);
    // Says that it has, and lives until its parent says so.
    (void)!write(ends[0], &byte, 1);
    (void)!read(ends[0], &byte, 1);
    _exit(0);
  }
  close(ends[0]);
  (void)!read(ends[1], &byte, 1);
  if (is_kept) {
    close(file);
  } else {
    say("its parent's", ioctl(file, SET_ATTENTION, 0));
  }
  say(is_kept ? "open while a child has it" : "open while the parent has it", open(path, O_RDWR));
  close(ends[1]);
  waitpid(child, NULL, 0);
}

int share(const char *path) {
  // Without SA_RESTART.
  struct sigaction action = {.sa_handler = note};
  sigaction(SIGUSR1, &action, NULL);
  int file = open(path, O_RDWR);
  share_with_a_thread(file);
  share_with_a_child(path, file, 0);
  share_with_a_child(path, file, 1);
  file = open(path, O_RDWR);
  say("open, once the child has ended", file);
  // Behind the C library's back; the number is another file's then.
  syscall(SYS_close, file);
  int other = open("/dev/null", O_RDWR);
  say("write to what has its number", write(other, path, 1) == 1 && other == file ? 0 : -1);
  close(other);
  file = open(path, O_RDWR);
  say("open", file);
  close(file);
  return 0;
}
