/// A client of VM protocol servers that measures them with Get Device ID, and their floor: a server
/// that sends back what it gets.
#ifndef CWIRE_H
#define CWIRE_H

#include <stdint.h>

/// Listens on a TCP port of the loopback interface, which the system chooses; negative on failure.
int cwire_echo_listen(int *_Nonnull port);

/// Sends back what peers of `listener` send, one peer at a time, until that fails.
void cwire_echo_serve(int listener);

/// Connects to a server on the loopback interface and has one request answered; negative where that
/// is not to be had within 2 s.
int cwire_connect(int port);

/// The same on a Unix socket, at once.
int cwire_unix_connect(const char *_Nonnull path);

/// Makes `count` round trips, one after the other, and says what each took; negative on failure.
int cwire_round_trips(int descriptor, uint64_t *_Nonnull nanoseconds, int count);

/// Makes `count` requests of which at most `window` are not answered, and says what all took in
/// nanoseconds; 0 on failure.
uint64_t cwire_pipelined(int descriptor, int window, int count);

/// Makes `count` round trips to a process of its own that sends back what it gets, through two pipes,
/// with as many bytes as a request; says what each took; negative on failure.
int cwire_pipe_round_trips(uint64_t *_Nonnull nanoseconds, int count);

/// Lets this program and what it starts open as many files as the system allows.
void cwire_allow_many_files(void);

#endif
