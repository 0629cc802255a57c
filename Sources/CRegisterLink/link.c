#define _GNU_SOURCE
#include "ipmi_host_bridge_link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(offsetof(ihb_link_words, kcs) == 0x40, "layout");
_Static_assert(offsetof(ihb_link_words, bt) == 0x80, "layout");
_Static_assert(offsetof(ihb_link_words, bt_host_to_bmc) == 0xC0, "layout");
_Static_assert(offsetof(ihb_link_words, bt_bmc_to_host) == 0x100, "layout");
_Static_assert(offsetof(ihb_link_words, post_codes) == 0x140, "layout");
_Static_assert(sizeof(ihb_link_words) == 0x240, "layout");
_Static_assert(sizeof(ihb_link_words) <= IHB_LINK_SIZE, "layout");

/// The text that says why joining failed.
static _Thread_local char reason[256];

static const char *failure(const char *what) {
  snprintf(reason, sizeof reason, "%s: %s", what, strerror(errno));
  return reason;
}

// MARK: Truncation

/// The mappings that survive it; read and written by all threads, and by the handler.
static uint64_t *survivors[16];
/// Whether there ever was one.
static bool is_wanted;
static struct sigaction previous_action;
/// Whether this thread takes SIGBUS: emulators block it in the threads they make, and a fault at an
/// instruction then ends the process without a question.
static _Thread_local bool takes_signal;

static void handle_bus_error(int number, siginfo_t *information, void *context) {
  uintptr_t address = (uintptr_t)information->si_addr;
  for (size_t i = 0; i < sizeof survivors / sizeof *survivors; i++) {
    uint64_t *survivor = __atomic_load_n(&survivors[i], __ATOMIC_RELAXED);
    uintptr_t start = (uintptr_t)survivor;
    if (!start || address < start || address >= start + IHB_LINK_SIZE) continue;
    void *memory = mmap(survivor, IHB_LINK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return;
  }
  if (previous_action.sa_flags & SA_SIGINFO)
    previous_action.sa_sigaction(number, information, context);
  else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN)
    previous_action.sa_handler(number);
  else
    sigaction(SIGBUS, &previous_action, NULL);  // the instruction faults again
}

void ihb_link_survive_truncation(const ihb_link_end *end) {
  for (size_t i = 0; i < sizeof survivors / sizeof *survivors; i++) {
    uint64_t *none = NULL;
    if (__atomic_compare_exchange_n(&survivors[i], &none, end->words, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
      break;
  }
  if (__atomic_exchange_n(&is_wanted, true, __ATOMIC_RELAXED)) return;
  struct sigaction action = {.sa_sigaction = handle_bus_error, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous_action);
}

static inline void take_signal(void) {
  if (takes_signal || !__atomic_load_n(&is_wanted, __ATOMIC_RELAXED)) return;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
  takes_signal = true;
}

// MARK: Words

uint64_t ihb_link_load(const uint64_t *words, size_t number) {
  // Every access begins with a load.
  take_signal();
  return __atomic_load_n(&words[number], __ATOMIC_SEQ_CST);
}

void ihb_link_store(uint64_t *words, size_t number, uint64_t value) {
  __atomic_store_n(&words[number], value, __ATOMIC_SEQ_CST);
}

bool ihb_link_compare_exchange(uint64_t *words, size_t number, uint64_t *expected, uint64_t value) {
  return __atomic_compare_exchange_n(&words[number], expected, value, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST);
}

// MARK: Joining

/// Maps the file; it is as long as a link, or new.
static const char *map(const char *path, ihb_link_end *end) {
  // Without waiting, should it be a pipe.
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (file < 0) return failure("it cannot be opened");
  struct stat status;
  const char *problem = NULL;
  if (fstat(file, &status) || !S_ISREG(status.st_mode) ||
      (status.st_size != 0 && status.st_size != IHB_LINK_SIZE)) {
    problem = "something else is there: give the path of a link, or one where nothing is";
  } else if (ftruncate(file, IHB_LINK_SIZE)) {
    problem = failure("it cannot be made");
  } else {
    void *memory = mmap(NULL, IHB_LINK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED)
      problem = failure("it cannot be mapped");
    else
      end->words = memory;
  }
  close(file);
  return problem;
}

/// Writes what a new file has first, or compares: the other side may be doing the same.
static const char *identify(uint64_t *words) {
  uint64_t magic = 0;
  if (!ihb_link_compare_exchange(words, 0, &magic, IHB_LINK_MAGIC) && magic != IHB_LINK_MAGIC)
    return "something else is there: give the path of a link, or one where nothing is";
  uint64_t version = 0;
  if (!ihb_link_compare_exchange(words, 1, &version, IHB_LINK_VERSION) &&
      version != IHB_LINK_VERSION) {
    snprintf(reason, sizeof reason,
             "it has version %llu of the layout, this side %d: let no side use it, and remove it",
             (unsigned long long)version, IHB_LINK_VERSION);
    return reason;
  }
  return NULL;
}

static const char *open_doorbell(const char *path, const char *suffix, int *doorbell) {
  char name[4096];
  if ((size_t)snprintf(name, sizeof name, "%s%s", path, suffix) >= sizeof name)
    return "its path is too long";
  if (mkfifo(name, 0600) && errno != EEXIST) return failure("its doorbell cannot be made");
  // For both directions: then opening waits for nobody, and nobody's leaving ends it.
  *doorbell = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (*doorbell < 0) return failure("its doorbell cannot be opened");
  struct stat status;
  if (fstat(*doorbell, &status) || !S_ISFIFO(status.st_mode))
    return "something else is where its doorbell should be: remove that";
  return NULL;
}

const char *ihb_link_join(const char *path, ihb_link_side side, ihb_link_end *end) {
  *end = (ihb_link_end){.words = NULL, .doorbell = -1, .other_doorbell = -1};
  bool is_host = side == IHB_LINK_HOST;
  const char *problem = map(path, end);
  if (!problem) problem = identify(end->words);
  if (!problem) problem = open_doorbell(path, is_host ? ".host" : ".bmc", &end->doorbell);
  if (!problem) problem = open_doorbell(path, is_host ? ".bmc" : ".host", &end->other_doorbell);
  // The lock ends with the process, however that ends.
  if (!problem && flock(end->doorbell, LOCK_EX | LOCK_NB))
    problem = is_host ? "another emulator has joined it as the host"
                      : "another emulator has joined it as the BMC";
  if (problem) {
    ihb_link_leave(end);
    return problem;
  }
  __atomic_fetch_add(&end->words[is_host ? 3 : 2], 1, __ATOMIC_SEQ_CST);
  ihb_link_drain(end);
  return NULL;
}

void ihb_link_leave(ihb_link_end *end) {
  for (size_t i = 0; end->words && i < sizeof survivors / sizeof *survivors; i++) {
    uint64_t *own = end->words;
    if (__atomic_compare_exchange_n(&survivors[i], &own, NULL, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
      break;
  }
  if (end->words) munmap(end->words, IHB_LINK_SIZE);
  if (end->doorbell >= 0) close(end->doorbell);
  if (end->other_doorbell >= 0) close(end->other_doorbell);
  *end = (ihb_link_end){.words = NULL, .doorbell = -1, .other_doorbell = -1};
}

// MARK: Doorbells

static void ring(int doorbell) {
  const char byte = 1;
  ssize_t count;
  do count = write(doorbell, &byte, 1);
  while (count < 0 && errno == EINTR);
}

void ihb_link_ring(const ihb_link_end *end) { ring(end->other_doorbell); }

void ihb_link_ring_own(const ihb_link_end *end) { ring(end->doorbell); }

void ihb_link_drain(const ihb_link_end *end) {
  char bytes[512];
  ssize_t count;
  // One read: what is left rings again, so a peer that never stops holds nobody.
  do count = read(end->doorbell, bytes, sizeof bytes);
  while (count < 0 && errno == EINTR);
}
