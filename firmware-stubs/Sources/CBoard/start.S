// Entry and exception vectors, for ARM926EJ-S, ARM1176JZF-S, Cortex-A7 and Cortex-A9.
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
#endif
  mrc p15, 0, r0, c1, c0, 0     // SCTLR
  bic r0, r0, #(1 << 13)        // V: vectors at FFFF0000, where boot ROMs have theirs
  mcr p15, 0, r0, c1, c0, 0
#if __ARM_ARCH >= 6
  ldr r0, =vectors
  mcr p15, 0, r0, c12, c0, 0    // VBAR
#endif
#if __ARM_ARCH >= 7
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

#if __ARM_ARCH < 6
  // Without VBAR the vectors are at 0, where the board has its flash. So the MMU shows there the
  // first megabyte of RAM, which begins with ours, and all else where it is: sections of 1 MiB,
  // neither cached nor buffered, of domain 0, without protection.
  ldr r0, =translation_table
  ldr r1, =0x00000C12           // address 0, AP 11, section
  mov r2, r0
0:
  str r1, [r2], #4
  adds r1, r1, #0x00100000
  bcc 0b
  ldr r1, =vectors + 0xC12
  str r1, [r0]
  mcr p15, 0, r0, c2, c0, 0     // TTBR
  mov r1, #3
  mcr p15, 0, r1, c3, c0, 0     // DACR: manager of domain 0
  mcr p15, 0, r1, c8, c7, 0     // TLB: invalidate
  mrc p15, 0, r0, c1, c0, 0
  orr r0, r0, #1                // SCTLR.M
  mcr p15, 0, r0, c1, c0, 0
#endif

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
vectors:
  // Absolute: they may be executed at 0.
  ldr pc, =_start
  ldr pc, =undefined_instruction
  ldr pc, =supervisor_call
  ldr pc, =prefetch_abort
  ldr pc, =data_abort
  b .                           // reserved
  ldr pc, =interrupt
  ldr pc, =fast_interrupt
  .ltorg

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

#if __ARM_ARCH < 6
  .section .bss.translation_table, "aw", %nobits
  .balign 0x4000
translation_table:
  .space 0x4000
#endif
