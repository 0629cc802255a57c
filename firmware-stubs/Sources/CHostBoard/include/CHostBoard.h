// Port I/O, what start.S leaves, and the function that it calls.
#pragma once

#include <stdint.h>

// Reads a byte from a port.
static inline uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %w1, %b0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}

// Writes a byte to a port.
static inline void out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port) : "memory");
}

// The command line that the loader passed, ended by a zero byte; null where it passed none.
static inline const char *command_line(void) {
  extern const char *host_command_line;  // start.S
  return host_command_line;
}

// start.S: stops the processor for good.
_Noreturn void halt(void);

// Implemented by the program: says what happened where. start.S then halts. Only where the loader
// entered in 32-bit mode: whoever begins in long mode has exceptions of their own.
//
// number: the exception's. error: its error code, 0 for those without. rip: the instruction.
// address: CR2, valid for a page fault (14).
void handle_fault(uint64_t number, uint64_t error, uint64_t rip, uint64_t address);
