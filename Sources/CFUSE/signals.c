#define _GNU_SOURCE
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "CFUSE.h"

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
