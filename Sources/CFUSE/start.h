// The steps between fork() and exec().
#pragma once

#include "CFUSE.h"

// Ends the child: what kept it from becoming the program goes through `socket`, with errno.
_Noreturn void fail(int socket, const char *step, const char *what);

// A /dev of this process' own, with a file for each name: the connections that answer for them.
void device_make_files(int socket, char *const *names, size_t count, int *connections);
// Waits until they are answered, and closes this process' copies of the connections.
void device_reach_files(int socket, char *const *names, size_t count, const int *connections);
