// Volatile accesses, the processor's own instructions, and the two functions that start.S calls.
#pragma once

#include <stdint.h>

// Swift's volatile support calls __atomic_* on armv4t; these are one load or store everywhere.
static inline uint8_t load8(uintptr_t address) {
  return *(const volatile uint8_t *)address;
}

static inline uint16_t load16(uintptr_t address) {
  return *(const volatile uint16_t *)address;
}

static inline uint32_t load32(uintptr_t address) {
  return *(const volatile uint32_t *)address;
}

static inline void store8(uintptr_t address, uint8_t value) {
  *(volatile uint8_t *)address = value;
}

static inline void store16(uintptr_t address, uint16_t value) {
  *(volatile uint16_t *)address = value;
}

static inline void store32(uintptr_t address, uint32_t value) {
  *(volatile uint32_t *)address = value;
}

// Lets the processor take interrupts: clears CPSR.I. start.S enters with it set.
static inline void enable_interrupts(void) {
  uint32_t cpsr;
  __asm__ volatile("mrs %0, cpsr\n\tbic %0, %0, #0x80\n\tmsr cpsr_c, %0" : "=r"(cpsr) : : "memory");
}

// Sleeps until an interrupt is pending, whether or not CPSR.I lets it be taken.
static inline void wait_for_interrupt(void) {
#if __ARM_ARCH >= 7
  __asm__ volatile("dsb\n\twfi" : : : "memory");
#else
  __asm__ volatile("mcr p15, 0, %0, c7, c0, 4" : : "r"(0) : "memory");
#endif
}

// generic_timer.S, in ARMv7-A only: the virtual counter of the generic timer.
uint64_t virtual_count(void);

// generic_timer.S: whether the virtual timer interrupts, and from which count on.
void set_virtual_timer(uint64_t count, uint32_t enable);

// start.S: sleeps for ever.
void park(void);

// The address of park(), for a boot ROM that holds another core back until it is given one.
static inline uint32_t park_address(void) { return (uint32_t)(uintptr_t)park; }

// Wakes cores that sleep in WFE.
static inline void send_event(void) {
#if __ARM_ARCH >= 7
  __asm__ volatile("dsb\n\tsev" : : : "memory");
#endif
}

// The exceptions that end the firmware, in the order of the vectors.
enum fault {
  FAULT_UNDEFINED_INSTRUCTION,
  FAULT_SUPERVISOR_CALL,
  FAULT_PREFETCH_ABORT,
  FAULT_DATA_ABORT,
  FAULT_FIQ,
};

// Implemented by the board: one interrupt request, taken in IRQ mode with CPSR.I set.
void handle_interrupt(void);

// Implemented by the board: says on the console what happened where. start.S then stops.
//
// fault: an enum fault. pc: the instruction concerned. address: DFAR or IFAR, valid for aborts.
void handle_fault(uint32_t fault, uint32_t pc, uint32_t address);
