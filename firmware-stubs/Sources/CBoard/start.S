// Entry and exception vectors, for every ARM core from ARM926EJ-S to Cortex-A9.
//
// Entered at _start in SVC mode, MMU and caches off, by all cores of the board at once or by
// core 0 alone. Leaves core 0 in main(), on the stack of SVC mode, with IRQ and FIQ masked.

  .syntax unified
  .arm

  .equ MODE_FIQ, 0x11
  .equ MODE_IRQ, 0x12
  .equ MODE_SVC, 0x13
  .equ MODE_ABT, 0x17
  .equ MODE_UND, 0x1B
  .equ MASKED, 0xC0             // CPSR.I and CPSR.F

  .section .text.start, "ax"
  .globl _start
_start:
#if __ARM_ARCH >= 7
  mrc p15, 0, r0, c0, c0, 5     // MPIDR: affinity level 0 is the core's number
  tst r0, #0xFF
  bne park
  mrc p15, 0, r0, c1, c0, 0     // SCTLR
  bic r0, r0, #(1 << 13)        // V: vectors at FFFF0000, where boot ROMs have theirs
  mcr p15, 0, r0, c1, c0, 0
  ldr r0, =vectors
  mcr p15, 0, r0, c12, c0, 0    // VBAR
  isb
#endif

  // Faults stop the firmware, so that the three fault modes never need a stack at the same time.
  msr cpsr_c, #(MODE_FIQ | MASKED)
  ldr sp, =__fault_stack_end
  msr cpsr_c, #(MODE_ABT | MASKED)
  ldr sp, =__fault_stack_end
  msr cpsr_c, #(MODE_UND | MASKED)
  ldr sp, =__fault_stack_end
  msr cpsr_c, #(MODE_IRQ | MASKED)
  ldr sp, =__irq_stack_end
  msr cpsr_c, #(MODE_SVC | MASKED)
  ldr sp, =__stack_end

  ldr r0, =__bss_start
  ldr r1, =__bss_end
  mov r2, #0
0:
  cmp r0, r1
  strlo r2, [r0], #4
  blo 0b

  mov r0, #0                    // argc
  mov r1, #0                    // argv
  bl main
  // main() does not return; should it, there is nothing left to do.
  .globl park
park:
#if __ARM_ARCH >= 7
  wfi
#else
  mov r0, #0
  mcr p15, 0, r0, c7, c0, 4
#endif
  b park

  .section .text.vectors, "ax"
  .balign 32                    // VBAR ignores its five lowest bits
vectors:
  b _start
  b undefined_instruction
  b supervisor_call
  b prefetch_abort
  b data_abort
  b .                           // reserved
  b interrupt
  b fast_interrupt

interrupt:
  sub lr, lr, #4
  push {r0-r3, r12, lr}         // six words: the stack stays aligned to 8 bytes
  bl handle_interrupt
  ldm sp!, {r0-r3, r12, pc}^    // ^: CPSR from SPSR

  // r0: enum fault, r1: PC of the instruction concerned, r2: the address it could not reach.
undefined_instruction:
  mov r0, #0
  sub r1, lr, #4
  b fault
supervisor_call:
  mov r0, #1
  sub r1, lr, #4
  b fault
prefetch_abort:
  mov r0, #2
  sub r1, lr, #4
  mov r2, r1
  b fault
data_abort:
  mov r0, #3
  sub r1, lr, #8
  mrc p15, 0, r2, c6, c0, 0     // DFAR
  b fault
fast_interrupt:
  mov r0, #4
  sub r1, lr, #4
fault:
  bl handle_fault
  b park
