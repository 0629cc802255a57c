// libfuse 3, a program's own /dev, and programs whose calls a preloaded library passes on: what Swift
// cannot do between fork() and exec().
#pragma once

#define FUSE_USE_VERSION 35
#include <fuse3/fuse_lowlevel.h>
#include <linux/fuse.h>
#include <linux/ipmi.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "device_call.h"

// What kept a program from running, and errno.
struct device_failure {
  char step[96];
  int error;
};

// Starts `arguments[0]`, found on PATH, with a /dev of its own that has a file for each of `names`
// beside all that was there. Nothing of it is seen outside, and no privilege is needed: without one
// the program runs in a user namespace in which its user and group are the same.
//
// The files' other ends, connections of FUSE that nobody has answered yet, are put in `connections`;
// they must be answered for the program to come up. `report` is readable once it runs, or could not
// be run: see device_started().
//
// The id of the process, or -1 with `failure` filled in.
pid_t device_start(
    char *const *names, size_t count, char *const *arguments, int *connections, int *report,
    struct device_failure *failure);

// Starts `arguments[0]` with `libraries` in LD_PRELOAD, so that it finds the devices whose sockets are
// in `folder`: see device_call.h. Otherwise as device_start().
pid_t device_start_preloaded(
    const char *libraries, const char *folder, char *const *arguments, int *report,
    struct device_failure *failure);

// Closes the readable `report`. 0 where the program runs, or -1 with `failure` filled in.
int device_started(int report, struct device_failure *failure);

// The most devices of one program.
enum { DEVICE_COUNT_MAX = 8 };

// Kills what a program has left running when it ended, and waits for it: its devices are answered no
// more, and a daemon that does not know POLLERR would ask for ever. This process must have no other
// children.
void device_end_descendants(void);

// A file descriptor that is readable once the process has ended, or -1.
int device_process_descriptor(pid_t process);

// A file descriptor of the signals that end programs, which are held back from now on; or -1.
int device_hold_signals(void);
// The next signal that was held back, for a program in this one's place: 0 for none, and for those
// of a terminal, which reach the program by themselves.
int device_next_signal(int descriptor);
// Lets them through again.
void device_release_signals(int descriptor);

// A connection from a listening socket that does not block, or -1.
int device_accept(int listener);
// Lets a bound socket take connections: 0, or -1.
int device_listen(int listener);
// The process that has connected, or -1.
pid_t device_peer(int connection);
// Answers a call, with a descriptor where it is not -1. Whoever is gone gets nothing.
void device_answer(
    int connection, const struct device_answer *answer, const void *bytes, size_t count,
    int descriptor);

// Two ends of a socket, the program's and our own, of which the program's is not ready for anything
// once device_set_output() has said so; 0, or -1.
int device_make_ready_pair(int ends[2]);
// Whether the program's end is readable. Each call for which it is, is an edge.
void device_set_input(const int ends[2], int is_ready);
// Whether it is writable, likewise.
void device_set_output(const int ends[2], int is_ready);

// Another process' memory, all `count` bytes of it: 0, or -1.
int device_read_memory(pid_t process, uintptr_t address, void *bytes, size_t count);
int device_write_memory(pid_t process, uintptr_t address, const void *bytes, size_t count);

// Answers an `open` with the file's number: no cache, and no position whose lock a sleeping read would
// hold.
int device_reply_open(fuse_req_t request, uint64_t file);
// Answers an `open` of a file with a position, for pread and pwrite.
int device_reply_open_seekable(fuse_req_t request, uint64_t file);
