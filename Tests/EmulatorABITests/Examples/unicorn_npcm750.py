"""A BMC on Unicorn, in Python, with libipmi-host-bridge through ctypes.

    pip install unicorn==2.1.4
    python3 unicorn_npcm750.py npcm750-evb.elf [libipmi-host-bridge.so]

The firmware boots, a host asks it for its device ID, the answer is printed. As unicorn_npcm750.c, which
says more of the board; here the host sends a message, and a function is called with the response.
"""

import ctypes
import struct
import sys

import unicorn
from unicorn import arm_const as arm

RAM_BASE, RAM_SIZE = 0x00100000, 1 << 20
PAGE = 0x1000
INSTRUCTION_TIME = 10  # nanoseconds
QUANTUM = 500  # instructions between two looks at the interrupts
TIMER_LINE, SPURIOUS = 27, 1023
WFI = 0xE320F003
NEVER = 2**64 - 1
KCS1 = 1


class Bridge:
    """The calls of ipmi_host_bridge.h that are needed here. An error becomes an exception."""

    INTERRUPT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_bool)
    RESPONSE = ctypes.CFUNCTYPE(
        None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t
    )
    CONTROL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)

    # What ctypes would take for int.
    ARGUMENTS = {
        "ihb_read": (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p),
        "ihb_write": (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64),
        "ihb_advance": (ctypes.c_void_p, ctypes.c_uint64),
        "ihb_deadline": (ctypes.c_void_p, ctypes.c_void_p),
        "ihb_on_interrupt": (ctypes.c_void_p, INTERRUPT, ctypes.c_void_p),
        "ihb_attach_messages": (
            ctypes.c_void_p, ctypes.c_int, RESPONSE, CONTROL, ctypes.c_void_p,
        ),
        "ihb_request": (
            ctypes.c_void_p, ctypes.c_int, ctypes.c_uint8, ctypes.c_uint8, ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    }  # fmt: skip

    def __init__(self, library, chip):
        self.library = ctypes.CDLL(library)
        for name, types in self.ARGUMENTS.items():
            getattr(self.library, name).argtypes = types
        self.library.ihb_last_error_message.restype = ctypes.c_char_p
        self.library.ihb_destroy.argtypes = (ctypes.c_void_p,)
        if self.library.ihb_abi_version() >> 16 != 1:
            raise RuntimeError(f"{library} has another interface than this program")
        self.soc = ctypes.c_void_p()
        self._check(self.library.ihb_create(chip.encode(), ctypes.byref(self.soc)))
        self._callbacks = []  # ctypes does not keep what C refers to

    def close(self):
        self.library.ihb_destroy(self.soc)

    def _check(self, error):
        if error:
            raise RuntimeError(self.library.ihb_last_error_message().decode())

    def _keep(self, callback):
        self._callbacks.append(callback)
        return callback

    def read(self, offset, size):
        value = ctypes.c_uint64()
        self._check(self.library.ihb_read(self.soc, offset, size, ctypes.byref(value)))
        return value.value

    def write(self, offset, size, value):
        self._check(self.library.ihb_write(self.soc, offset, size, value))

    def advance(self, now):
        self._check(self.library.ihb_advance(self.soc, now))

    def deadline(self):
        value = ctypes.c_uint64()
        self._check(self.library.ihb_deadline(self.soc, ctypes.byref(value)))
        return value.value

    def on_interrupt(self, function):
        callback = self._keep(self.INTERRUPT(lambda _, number, level: function(number, level)))
        self._check(self.library.ihb_on_interrupt(self.soc, callback, None))

    def attach(self, responder, on_response):
        response = self._keep(
            self.RESPONSE(lambda _, _responder, data, length: on_response(bytes(data[:length])))
        )
        nothing = self._keep(self.CONTROL(lambda _, _responder, _control: None))
        self._check(
            self.library.ihb_attach_messages(self.soc, responder, response, nothing, None)
        )

    def request(self, responder, net_fn, command, data=b""):
        self._check(
            self.library.ihb_request(
                self.soc, responder, net_fn << 2, command, data, len(data)
            )
        )


class Board:
    """An NPCM750 with RAM, the host interface, and what else the firmware needs."""

    def __init__(self, bridge, firmware):
        self.bridge = bridge
        self.now = 0  # nanoseconds
        self.level, self.enabled, self.active = set(), set(), set()
        self.timer_control, self.timer_status, self.comparator = 0, 0, 0
        self.engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.engine.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_A9)
        self.engine.mem_map(RAM_BASE, RAM_SIZE)
        # The host interface: three calls.
        self._map(0xF0007000, bridge.read, bridge.write)
        bridge.on_interrupt(self._interrupt_changed)
        self._map(0xF0001000, self._read_uart, self._write_uart)
        self._map(0xF03FE000, self._read_private, self._write_private)
        self._map(0xF03FF000, self._read_distributor, self._write_distributor)
        # Pages of which the firmware only wants to find again what it wrote.
        for base in (0xF0008000, 0xF000C000, 0xF0013000, 0xF0080000, 0xF0800000):
            kept = {}
            self._map(
                base,
                lambda offset, _, kept=kept: kept.get(offset, 0),
                lambda offset, _, value, kept=kept: kept.update({offset: value}),
            )
        self.engine.reg_write(arm.UC_ARM_REG_CPSR, 0x1D3)
        self.engine.reg_write(arm.UC_ARM_REG_PC, self._load(firmware))

    def _map(self, base, read, write):
        self.engine.mmio_map(
            base,
            PAGE,
            lambda _, offset, size, __: read(offset, size),
            None,
            lambda _, offset, size, value, __: write(offset, size, value),
            None,
        )

    def _load(self, path):
        """Copies the segments of an ELF file to RAM; returns the entry."""
        with open(path, "rb") as file:
            image = file.read()
        entry, table = struct.unpack_from("<II", image, 24)
        size, count = struct.unpack_from("<HH", image, 42)
        for index in range(count):
            kind, offset, _, address, length = struct.unpack_from(
                "<5I", image, table + index * size
            )
            if kind == 1 and length:
                self.engine.mem_write(address, image[offset : offset + length])
        return entry

    # Interrupts: SPI n is the controller's line 32 + n.

    def _interrupt_changed(self, number, level):
        (self.level.add if level else self.level.discard)(32 + number)

    def _pending_line(self):
        return min((self.level & self.enabled) - self.active, default=SPURIOUS)

    def _read_distributor(self, offset, _size):
        return 1 if offset == 0x004 else 0  # GICD_TYPER: 64 lines

    def _write_distributor(self, offset, _size, value):
        lines = {(offset & 0x7F) * 8 + bit for bit in range(32) if value >> bit & 1}
        if 0x100 <= offset < 0x108:
            self.enabled |= lines
        elif 0x180 <= offset < 0x188:
            self.enabled -= lines

    # The GIC's processor interface at 100h, the global timer of 100 MHz at 200h.

    def _read_private(self, offset, _size):
        ticks = self.now // 10
        if offset == 0x10C:  # GICC_IAR
            line = self._pending_line()
            if line != SPURIOUS:
                self.active.add(line)
            return line
        registers = {
            0x200: ticks & 0xFFFFFFFF,
            0x204: ticks >> 32,
            0x208: self.timer_control,
            0x20C: self.timer_status,
        }
        return registers.get(offset, 0)

    def _write_private(self, offset, _size, value):
        if offset == 0x110:  # GICC_EOIR
            self.active.discard(value)
        elif offset == 0x208:
            self.timer_control = value
        elif offset == 0x20C:
            self.timer_status &= ~value
        elif offset == 0x210:
            self.comparator = self.comparator & ~0xFFFFFFFF | value
        elif offset == 0x214:
            self.comparator = self.comparator & 0xFFFFFFFF | value << 32
        self._update_timer()

    def _update_timer(self):
        if self.timer_control & 3 == 3 and self.now // 10 >= self.comparator:
            self.timer_status = 1
        raised = self.timer_status and self.timer_control & 4
        (self.level.add if raised else self.level.discard)(TIMER_LINE)

    def _timer_deadline(self):
        runs = self.timer_control & 7 == 7 and not self.timer_status
        return self.comparator * 10 if runs else NEVER

    # The UART always takes a byte.

    def _read_uart(self, offset, _size):
        return 1 << 5 if offset == 0x14 else 0

    def _write_uart(self, offset, _size, value):
        if offset == 0:
            sys.stderr.write(chr(value & 0xFF).replace("\r", ""))

    # The processor.

    def _take_interrupt(self):
        state = self.engine.reg_read(arm.UC_ARM_REG_CPSR)
        if state & 1 << 7:
            return
        following = self.engine.reg_read(arm.UC_ARM_REG_PC)
        # VBAR: coprocessor 15, CRn 12.
        vectors = self.engine.reg_read(arm.UC_ARM_REG_CP_REG, (15, 0, 0, 12, 0, 0, 0))
        # The mode first: SPSR and LR are the new mode's.
        self.engine.reg_write(arm.UC_ARM_REG_CPSR, state & ~0x3F | 1 << 7 | 0x12)
        self.engine.reg_write(arm.UC_ARM_REG_SPSR, state)
        self.engine.reg_write(arm.UC_ARM_REG_LR, following + 4)
        self.engine.reg_write(arm.UC_ARM_REG_PC, vectors + 0x18)

    def _sleeps(self):
        """Whether the last instruction was WFI, which ends a run early."""
        last = self.engine.reg_read(arm.UC_ARM_REG_PC) - 4
        if not RAM_BASE <= last <= RAM_BASE + RAM_SIZE - 4:
            return False
        return struct.unpack("<I", self.engine.mem_read(last, 4))[0] == WFI

    def run(self):
        """Lets the board run for a quantum, or sleep until something happens."""
        self._update_timer()
        self.bridge.advance(self.now)
        if self._pending_line() != SPURIOUS:
            self._take_interrupt()
        elif self._sleeps():
            following = min(self._timer_deadline(), self.bridge.deadline())
            if following == NEVER:
                raise RuntimeError("the firmware sleeps, and nothing will wake it")
            self.now = max(following, self.now + INSTRUCTION_TIME)
            return
        pc = self.engine.reg_read(arm.UC_ARM_REG_PC)
        self.engine.emu_start(pc, 0, count=QUANTUM)
        self.now += QUANTUM * INSTRUCTION_TIME


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} npcm750-evb.elf [libipmi-host-bridge.so]")
    library = sys.argv[2] if len(sys.argv) == 3 else "libipmi-host-bridge.so.1"
    bridge = Bridge(library, "npcm750")
    board = Board(bridge, sys.argv[1])
    responses = []
    bridge.attach(KCS1, responses.append)
    bridge.request(KCS1, 0x06, 0x01)  # App, Get Device ID
    while not responses and board.now < 5_000_000_000:
        board.run()
    # NetFn and LUN, command, completion code, device ID, ...
    if not responses or responses[0][:3] != b"\x1c\x01\x00":
        sys.exit("no device ID within 5 virtual seconds")
    print("device ID:", responses[0][3:].hex(" "))
    bridge.close()


if __name__ == "__main__":
    main()
