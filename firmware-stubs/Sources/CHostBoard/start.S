// Entry of host.elf, an x86-64 program that talks to a BMC as a PC's firmware does.
//
// Two doors, one main():
//   _start32  by the ELF note PHYS32_ENTRY (PVH), for `qemu-system-x86_64 -kernel host.elf`:
//             32-bit protected mode, flat segments, paging off; EBX: struct hvm_start_info.
//   _start64  e_entry, for an engine that begins in long mode (Unicorn's UC_MODE_64) with the
//             segments of the file loaded where it says, addresses as they are, ring 0.
//             RDI: the command line, ended by a zero byte; or 0. No other register matters: no stack,
//             no descriptor table and no page table of its own is needed.
//
// What such an engine has to have:
//   RAM       100000h to 1FFFFFh: code, data and stack (host.ld). Nothing else is read or written,
//             except the command line.
//   ports     80h out       POST codes, PostCode.swift
//             3F8h–3FFh     COM1, a 16550; LSR (3FDh) 20h: takes a byte, FFh: there is none
//             CA2h, CA3h    KCS, data and status; FFh: there is none
//             E4h–E6h       BT; FFh in E4h: there is none
//             40h, 43h      PIT; a count that never changes: there is none, see Clock.swift
//             70h, 71h      RTC; FFh: there is none
//             F4h out       isa-debug-exit: AAh all is well, EEh something is not; the last access
//   All are single bytes. Ports that nobody has read FFh.
//   The end   HLT with interrupts off, at `halt`. It always comes: a BMC that is silent costs two
//             times limit= of the command line, without a PIT at a microsecond for each poll.
//   No more   Before the end no instruction but IN and OUT needs ring 0. No fault handler is
//             installed at _start64. SSE, x87 and the time-stamp counter are not used.
//
// The layout of hvm_start_info: Xen, public/arch-x86/hvm/start_info.h.

  .equ START_INFO_COMMAND_LINE, 24
  .equ CODE_SELECTOR, 0x08
  .equ DATA_SELECTOR, 0x10
  .equ CR0_PE_PG, 0x80000001
  .equ CR4_PAE, 1 << 5
  .equ EFER, 0xC0000080
  .equ EFER_LME, 1 << 8
  .equ PAGE_WRITABLE, 0x03      // present, writable
  .equ PAGE_LARGE, 0x80

  .section .note.pvh, "a", @note
  .balign 4
  .long 4, 8, 18                // sizes of name and value, XEN_ELFNOTE_PHYS32_ENTRY
  .asciz "Xen"
  .quad _start32

  .section .text.start, "ax"
  .code32
  .globl _start32
_start32:
  cli
  cld
  mov START_INFO_COMMAND_LINE(%ebx), %edi
  mov $page_map, %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $CR4_PAE, %eax
  mov %eax, %cr4
  mov $EFER, %ecx
  rdmsr
  or $EFER_LME, %eax
  wrmsr
  mov %cr0, %eax
  or $CR0_PE_PG, %eax
  mov %eax, %cr0
  lgdt descriptor_table_pointer
  ljmp $CODE_SELECTOR, $long_mode

  .code64
long_mode:
  mov $DATA_SELECTOR, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov %edi, %r12d               // 32 bits of address; the upper half of RDI is not defined here
  mov $__stack_end, %esp
  call install_fault_handlers
  mov %r12, %rdi

  .globl _start64
_start64:
  cld
  mov $__stack_end, %esp
  mov %rdi, %r12
  mov $__bss_start, %edi
  mov $__bss_end, %ecx
  sub %edi, %ecx
  xor %eax, %eax
  rep stosb
  mov %r12, host_command_line(%rip)
  xor %ebp, %ebp                // the outermost frame
  xor %edi, %edi                // argc
  xor %esi, %esi                // argv
  call main
  .globl halt
halt:
  cli
  hlt
  jmp halt

// Fills the interrupt descriptor table: an interrupt gate for each of the 32 exceptions, whose
// entries below are 16 bytes apart.
install_fault_handlers:
  mov $interrupt_table, %edi
  mov $fault_entries, %eax
  mov $32, %ecx
0:
  mov %ax, (%rdi)
  movw $CODE_SELECTOR, 2(%rdi)
  movw $0x8E00, 4(%rdi)         // present, ring 0, interrupt gate
  mov %eax, %edx
  shr $16, %edx
  mov %dx, 6(%rdi)
  movl $0, 8(%rdi)              // all code is below 4 GiB
  movl $0, 12(%rdi)
  add $16, %edi
  add $16, %eax
  dec %ecx
  jnz 0b
  lidt interrupt_table_pointer(%rip)
  ret

// Each leaves an error code and its number on the stack: the processor pushes an error code for
// 8, 10 to 14, 17, 21, 29 and 30.
  .balign 16
fault_entries:
  .set number, 0
  .rept 32
  .balign 16
  .if (0x60227D00 >> number & 1) == 0
  push $0
  .endif
  push $number
  jmp fault
  .set number, number + 1
  .endr

fault:
  pop %rdi                      // number
  pop %rsi                      // error code
  mov (%rsp), %rdx              // RIP
  mov %cr2, %rcx
  and $-16, %rsp
  call handle_fault
  jmp halt

  .section .rodata.descriptor_table, "a"
  .balign 8
descriptor_table:
  .quad 0
  .quad 0x00209A0000000000      // code: 64-bit, ring 0
  .quad 0x0000920000000000      // data: writable
descriptor_table_pointer:
  .word descriptor_table_pointer - descriptor_table - 1
  .quad descriptor_table
interrupt_table_pointer:
  .word 32 * 16 - 1
  .quad interrupt_table

// The first 1 GiB, each address where it is, by pages of 2 MiB. The processor marks what it used.
  .section .data.page_tables, "aw"
  .balign 4096
page_map:
  .quad page_directory_pointers + PAGE_WRITABLE
  .fill 511, 8, 0
page_directory_pointers:
  .quad page_directory + PAGE_WRITABLE
  .fill 511, 8, 0
page_directory:
  .set page, 0
  .rept 512
  .quad page << 21 | PAGE_LARGE | PAGE_WRITABLE
  .set page, page + 1
  .endr

// Not in .bss, which is cleared after it has been filled.
  .section .data.interrupt_table, "aw"
  .balign 16
interrupt_table:
  .fill 64, 8, 0

  .section .bss.host_command_line, "aw", @nobits
  .globl host_command_line
  .balign 8
host_command_line:
  .space 8
