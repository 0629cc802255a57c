// Entry of a Linux program. The kernel leaves argc at the top of the stack, argv behind it; the
// stack is aligned to 8 bytes, .bss is clear.

  .syntax unified
  .arm

  .section .text.start, "ax"
  .globl _start
_start:
  ldr r0, [sp]                  // argc
  add r1, sp, #4                // argv
  ldr r2, =linux_argv
  str r1, [r2]
  mov r11, #0                   // the outermost frame
  mov lr, #0
  bl main
  mov r7, #248                  // exit_group, with what main() returned
  svc #0

  .section .bss.linux_argv, "aw", %nobits
  .globl linux_argv
  .balign 4
linux_argv:
  .space 4
