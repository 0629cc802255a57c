// __aeabi_uldivmod and __aeabi_ldivmod: numerator in r1:r0, denominator in r3:r2; quotient to
// r1:r0, remainder to r3:r2, a return convention that C cannot express.

#if defined(__arm__)

  .syntax unified
  .arm

  .macro DIVMOD name, divide
  .section .text.\name, "ax"
  .globl \name
\name:
  push {r11, lr}
  sub sp, sp, #16               // [sp]: fifth argument, [sp + 8]: remainder
  add r12, sp, #8
  str r12, [sp]
  bl \divide
  ldr r2, [sp, #8]
  ldr r3, [sp, #12]
  add sp, sp, #16
  pop {r11, lr}
  bx lr
  .endm

  DIVMOD __aeabi_uldivmod, divide_unsigned64
  DIVMOD __aeabi_ldivmod, divide_signed64

#endif
