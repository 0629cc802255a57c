/*
 * libipmi-host-bridge: the host interface of a BMC's system on chip (KCS, BT, POST codes), and the
 * hosts at it, for any emulator.
 *
 * The emulator has the processor, the memory and the interrupt controller. It makes one ihb_soc for
 * the chip, sends it the accesses to the registers, takes its interrupt lines, tells it the time and
 * gives each channel a host. Nothing here has a thread, a clock or a file of its own: what happens
 * is a function of what is called.
 *
 * Errors. Every function that can fail returns an ihb_error; where that is not IHB_OK nothing has
 * changed and nothing was stored, except where said. ihb_last_error_message() says more. No argument
 * makes the library crash but a pointer to something else than what it is said to be.
 *
 * Threads. One ihb_soc may be used by one thread at a time: hand it over, or lock it. Different ones
 * are independent. The error message is the thread's. Callbacks run on the calling thread, inside
 * the call that causes them, when the state is already the new one. They may call any function for
 * the same ihb_soc except ihb_destroy() and ihb_restore().
 *
 * Ownership. ihb_create() and ihb_create_from_dtb() give an ihb_soc that ihb_destroy() ends. The
 * library copies what it is given and keeps no pointer but the callbacks with their `user`. Texts
 * that it returns are constant and stay, ihb_last_error_message() excepted.
 *
 * Units. Time is in nanoseconds of any clock that does not run backwards. Sizes are bytes.
 *
 * MIT license.
 */
#ifndef IPMI_HOST_BRIDGE_H
#define IPMI_HOST_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define IHB_API __attribute__((visibility("default")))
#else
#define IHB_API
#endif

/* ---- Version and errors ---------------------------------------------------------------------- */

/** The interface that this header describes: a program works with a library of the same major
 *  number and of the same minor number or a higher one. */
#define IHB_ABI_MAJOR 1
#define IHB_ABI_MINOR 1

/** The interface of the library that is loaded: major number << 16 | minor number. */
IHB_API uint32_t ihb_abi_version(void);

/** Why a function did not do what it was asked for. */
typedef enum ihb_error {
  IHB_OK = 0,
  /** A pointer that must be there is NULL. */
  IHB_ERROR_NULL = 1,
  /** No such system on chip is known. */
  IHB_ERROR_UNKNOWN_SOC = 2,
  /** The bytes are no flattened device tree. */
  IHB_ERROR_BAD_TREE = 3,
  /** The chip has no such responder. */
  IHB_ERROR_NO_RESPONDER = 4,
  /** The channel has a host already, or the port a channel. */
  IHB_ERROR_TAKEN = 5,
  /** The channel has no host of the kind that the function is for. */
  IHB_ERROR_NO_HOST = 6,
  /** A number is outside of what it may be. */
  IHB_ERROR_OUT_OF_RANGE = 7,
  /** The chip, or the host, cannot do this. */
  IHB_ERROR_UNSUPPORTED = 8,
  /** The buffer is too small; the size that is needed was stored. */
  IHB_ERROR_TOO_SMALL = 9,
  /** The bytes are no state of such an ihb_soc. */
  IHB_ERROR_BAD_STATE = 10,
  /** There is no room for this now: again after the other side has read. */
  IHB_ERROR_FULL = 11,
  /** The operating system refuses: the message has its words. */
  IHB_ERROR_SYSTEM = 12
} ihb_error;

/** What an error means, in a few English words; never NULL. */
IHB_API const char *ihb_strerror(ihb_error error);

/** What the last call that failed on this thread was given, and what it expected: one line without
 *  an end; "" before there was one. Valid until the next call that fails on this thread. */
IHB_API const char *ihb_last_error_message(void);

/* ---- Systems on chip ------------------------------------------------------------------------- */

/** The host interface of one system on chip: registers, channels, hosts. */
typedef struct ihb_soc ihb_soc;

/** An interface of a BMC by which a host can be answered. */
typedef enum ihb_responder {
  /** The BT of ASPEED parts. */
  IHB_IBT = 0,
  IHB_KCS1 = 1,
  IHB_KCS2 = 2,
  IHB_KCS3 = 3,
  IHB_KCS4 = 4
} ihb_responder;

/** The most interrupt lines that a chip's host interface has. */
#define IHB_MAX_INTERRUPT_LINES 8

/** What a chip is: where its emulator puts the registers. */
typedef struct ihb_description {
  /** What device trees call it without the vendor: "npcm750". */
  const char *name;
  /** Physical address of the registers. */
  uint64_t base;
  /** Decoded bytes. */
  uint64_t size;
  /** How many inputs of the interrupt controller it drives. All are level high. */
  uint32_t interrupt_line_count;
  /** Their numbers: SPIs of a GIC (of which the first is the controller's 32), inputs of a VIC. */
  uint32_t interrupt_lines[IHB_MAX_INTERRUPT_LINES];
  /** The responders: bit n for the one whose number is n. */
  uint32_t responders;
  /** Whether the BMC says at which I/O ports the host has a channel; otherwise ihb_map_ports() does. */
  bool decodes_host_ports;
} ihb_description;

/** The name of chip number `index`, from 0: IHB_ERROR_OUT_OF_RANGE behind the last one. */
IHB_API ihb_error ihb_soc_name(uint32_t index, const char **name);

/** Makes the host interface of the chip called `name`, as after power-on. */
IHB_API ihb_error ihb_create(const char *name, ihb_soc **soc);

/** Makes the host interface of the board that a flattened device tree of `size` bytes describes: of
 *  the first known chip in its root's "compatible", such as "nuvoton,npcm750". */
IHB_API ihb_error ihb_create_from_dtb(const void *dtb, size_t size, ihb_soc **soc);

/** Ends an ihb_soc; a file descriptor it was given stays open. NULL does nothing. */
IHB_API void ihb_destroy(ihb_soc *soc);

/** Says what the chip is. */
IHB_API ihb_error ihb_describe(const ihb_soc *soc, ihb_description *description);

/* ---- The BMC: registers and interrupts ------------------------------------------------------- */

/** The BMC loads `size` bytes, 1 to 8, from `offset` bytes behind the first register.
 *
 *  An access that the silicon does not take, of the wrong size or where no register is, reads 0. At
 *  an offset that is not below the decoded size: IHB_ERROR_OUT_OF_RANGE. Time does not pass. */
IHB_API ihb_error ihb_read(ihb_soc *soc, uint64_t offset, uint32_t size, uint64_t *value);

/** The BMC stores the lowest `size` bytes of `value`; as ihb_read(). */
IHB_API ihb_error ihb_write(ihb_soc *soc, uint64_t offset, uint32_t size, uint64_t value);

/** Interrupt line `number` of ihb_description::interrupt_lines has changed to `level`. */
typedef void (*ihb_interrupt_fn)(void *user, uint32_t number, bool level);

/** Has `function` called with `user` when a line changes; NULL for no one. It is told at once of
 *  every line that is asserted. */
IHB_API ihb_error ihb_on_interrupt(ihb_soc *soc, ihb_interrupt_fn function, void *user);

/** The level of interrupt line `number` now. */
IHB_API ihb_error ihb_interrupt_level(const ihb_soc *soc, uint32_t number, bool *level);

/* ---- Time ------------------------------------------------------------------------------------ */

/** Says that it is `now`; an earlier time than the last one counts as that. File descriptors are
 *  served, and what hosts by messages are to be told is told.
 *
 *  Call it between two stretches of emulation, at ihb_deadline() at the latest, and when a file
 *  descriptor has input. Where a descriptor fails, IHB_ERROR_SYSTEM: that host is gone, all else has
 *  been done. */
IHB_API ihb_error ihb_advance(ihb_soc *soc, uint64_t now);

/** When ihb_advance() must be called if nothing else happens: UINT64_MAX where it need not, the
 *  present or a time before it for at once. */
IHB_API ihb_error ihb_deadline(const ihb_soc *soc, uint64_t *deadline);

/* ---- Hosts that have I/O ports --------------------------------------------------------------- */

/** Puts a KCS channel at two ports of a host whose SuperIO part chooses them.
 *
 *  IHB_ERROR_UNSUPPORTED where ihb_description::decodes_host_ports: there the BMC's registers say
 *  where its host has the channels, and this is not needed. */
IHB_API ihb_error ihb_map_ports(
    ihb_soc *soc, ihb_responder responder, uint16_t data_port, uint16_t status_port);

/** The host reads a byte from an I/O port: FFh where no channel answers. A channel that has a host
 *  by messages should have no second one. */
IHB_API ihb_error ihb_port_read(ihb_soc *soc, uint16_t port, uint8_t *value);

/** The host writes a byte to an I/O port; the BMC may take it as a POST code, too. */
IHB_API ihb_error ihb_port_write(ihb_soc *soc, uint16_t port, uint8_t value);

/** The interrupt that a channel asks of its host has changed to `level`. Bit n of `irqs`: the BMC
 *  has chosen IRQn for it; 0 where the host chooses. */
typedef void (*ihb_host_interrupt_fn)(
    void *user, ihb_responder responder, bool level, uint16_t irqs);

/** Has `function` called with `user` when that of a channel without a host by messages changes; NULL
 *  for no one. It is told at once of every one that is asserted. */
IHB_API ihb_error ihb_on_host_interrupt(
    ihb_soc *soc, ihb_host_interrupt_fn function, void *user);

/* ---- Hosts by messages: the OpenIPMI VM protocol, as QEMU's ipmi-bmc-extern speaks it ---------- */

/** Gives a channel a host that speaks the protocol, whose bytes ihb_wire_send() and
 *  ihb_wire_receive() carry, and connects it. */
IHB_API ihb_error ihb_attach_wire(ihb_soc *soc, ihb_responder responder);

/** Gives a channel a host that speaks the protocol at the other end of a file descriptor: a
 *  connected socket, a serial line, a pipe pair's both ends in one. ihb_advance() reads and writes
 *  it and never waits. When the other end is gone so is the host, and ihb_detach() makes room. */
IHB_API ihb_error ihb_attach_fd(ihb_soc *soc, ihb_responder responder, int fd);

/** A response has come. `bytes` are NetFn << 2 | LUN, command, completion code, data. */
typedef void (*ihb_response_fn)(
    void *user, ihb_responder responder, const uint8_t *bytes, size_t length);

/** What a BMC asks of its host: command codes of the VM protocol. */
typedef enum ihb_control {
  IHB_CONTROL_NO_ATTENTION = 0,
  IHB_CONTROL_ATTENTION = 1,
  IHB_CONTROL_ATTENTION_WITH_INTERRUPT = 2,
  IHB_CONTROL_POWER_OFF = 3,
  IHB_CONTROL_RESET = 4,
  IHB_CONTROL_ENABLE_INTERRUPTS = 5,
  IHB_CONTROL_DISABLE_INTERRUPTS = 6,
  IHB_CONTROL_NMI = 7,
  IHB_CONTROL_GRACEFUL_SHUTDOWN = 9
} ihb_control;

/** The BMC asks something of its host, or tells it about attention. Ignore what is not known. */
typedef void (*ihb_control_fn)(void *user, ihb_responder responder, ihb_control control);

/** Gives a channel a host that sends requests with ihb_request(). Both functions, of which each may
 *  be NULL, are called by ihb_advance(). */
IHB_API ihb_error ihb_attach_messages(
    ihb_soc *soc, ihb_responder responder, ihb_response_fn response, ihb_control_fn control,
    void *user);

/** The host is gone: a request of it is aborted. The channel may get another one by messages. */
IHB_API ihb_error ihb_detach(ihb_soc *soc, ihb_responder responder);

/** Whether the channel has a host by messages that is there. */
IHB_API ihb_error ihb_is_connected(
    const ihb_soc *soc, ihb_responder responder, bool *is_connected);

/** Takes bytes that the host sends, as many as there is room for: `taken` of them. Offer the rest
 *  again later. */
IHB_API ihb_error ihb_wire_send(
    ihb_soc *soc, ihb_responder responder, const uint8_t *bytes, size_t length, size_t *taken);

/** Stores bytes for the host, `capacity` at most; `length` of them, 0 where there are none. */
IHB_API ihb_error ihb_wire_receive(
    ihb_soc *soc, ihb_responder responder, uint8_t *bytes, size_t capacity, size_t *length);

/** Sends a request: NetFn << 2 | LUN, command, then up to 298 bytes of data. A second one before the
 *  response gives the first one up. Exactly one response comes, at the latest 3 s after. */
IHB_API ihb_error ihb_request(
    ihb_soc *soc, ihb_responder responder, uint8_t netfn_lun, uint8_t command,
    const uint8_t *data, size_t length);

/** Asks the host by messages for something that the BMC's pins ask for: reset, power, NMI, shutdown.
 *  IHB_ERROR_UNSUPPORTED where it has not said that it can. */
IHB_API ihb_error ihb_ask(ihb_soc *soc, ihb_responder responder, ihb_control control);

/* ---- A host by SMBus: SSIF --------------------------------------------------------------------- */

/** Gives a channel a host that reaches its BMC by SMBus: an SSIF target, of IPMI v2.0, section 12,
 *  whose requests go to the channel as messages. The emulator's bus compares the 7-bit `address` and
 *  calls the functions below, which take effect at once; IPMI suggests 10h. `control`, which may be
 *  NULL, is called by ihb_advance(), for power, reset, NMI and shutdown. */
IHB_API ihb_error ihb_attach_smbus(
    ihb_soc *soc, ihb_responder responder, uint8_t address, ihb_control_fn control, void *user);

/** A START, or a repeated one, with the target's address and whether the host reads. The target does
 *  not acknowledge while its BMC works on a request. */
IHB_API ihb_error ihb_smbus_start(
    ihb_soc *soc, ihb_responder responder, bool reads, bool *acknowledged);

/** The host writes a byte. */
IHB_API ihb_error ihb_smbus_write(
    ihb_soc *soc, ihb_responder responder, uint8_t byte, bool *acknowledged);

/** The host reads a byte: FFh where the target does not drive the bus. */
IHB_API ihb_error ihb_smbus_read(ihb_soc *soc, ihb_responder responder, uint8_t *byte);

/** A STOP. */
IHB_API ihb_error ihb_smbus_stop(ihb_soc *soc, ihb_responder responder);

/** Whether the target asserts SMBALERT#; ask after ihb_advance(). */
IHB_API ihb_error ihb_smbus_alert(ihb_soc *soc, ihb_responder responder, bool *is_asserted);

/** The host reads the alert response address, 0Ch: the target's address with direction bit 0, which
 *  releases SMBALERT#; not acknowledged, and FFh, where it is not asserted. */
IHB_API ihb_error ihb_smbus_alert_response(
    ihb_soc *soc, ihb_responder responder, uint8_t *byte, bool *acknowledged);

/* ---- State ----------------------------------------------------------------------------------- */

/** Stores the state, `capacity` bytes at most; `length` is what it has or, with IHB_ERROR_TOO_SMALL,
 *  what it needs. `bytes` may be NULL where `capacity` is 0.
 *
 *  The state is the registers and what goes on at them, in the middle of a byte or of a message. The
 *  time is not part of it: deadlines are stored as what is left. */
IHB_API ihb_error ihb_save(
    const ihb_soc *soc, uint8_t *bytes, size_t capacity, size_t *length);

/** Takes over a state of the same chip, with hosts by messages at the same channels. A request that
 *  a host has open begins again; interrupt lines that are not what was told last are told.
 *  IHB_ERROR_BAD_STATE, and no change, where the bytes are anything else. */
IHB_API ihb_error ihb_restore(ihb_soc *soc, const uint8_t *bytes, size_t length);

/* ---- Tracing --------------------------------------------------------------------------------- */

/** What was seen. */
typedef enum ihb_event_kind {
  /** The BMC has read: `address` is the offset, with `size` and `value`. */
  IHB_EVENT_READ = 0,
  /** The BMC has written; as IHB_EVENT_READ. */
  IHB_EVENT_WRITE = 1,
  /** Interrupt line `address` is `value`. */
  IHB_EVENT_INTERRUPT = 2,
  /** The host has read port `address`. */
  IHB_EVENT_PORT_READ = 3,
  /** The host has written port `address`. */
  IHB_EVENT_PORT_WRITE = 4,
  /** A host by messages has sent `bytes`. */
  IHB_EVENT_FROM_HOST = 5,
  /** `bytes` have been given to a host by messages. */
  IHB_EVENT_TO_HOST = 6
} ihb_event_kind;

/** Something that was seen. Fields that its kind does not name are 0. */
typedef struct ihb_event {
  ihb_event_kind kind;
  /** Bytes of an access. */
  uint32_t size;
  /** What ihb_advance() was told last. */
  uint64_t time;
  uint64_t address;
  uint64_t value;
  /** Whose bytes. */
  ihb_responder responder;
  const uint8_t *bytes;
  size_t length;
} ihb_event;

/** Something was seen; `event` is valid during the call. */
typedef void (*ihb_event_fn)(void *user, const ihb_event *event);

/** Has `function` called with `user` for whatever is seen; NULL for no one. */
IHB_API ihb_error ihb_on_event(ihb_soc *soc, ihb_event_fn function, void *user);

/** What a trace is written as. */
typedef enum ihb_trace_format {
  /** pcapng: messages, and the states between them, for Wireshark. Its preference
   *  ipmi.dissect_bus_commands must be set. */
  IHB_TRACE_PCAPNG = 0,
  /** A line of JSON for each event, for programs. */
  IHB_TRACE_JSON_LINES = 1,
  /** A value change dump, VCD: registers, flags and interrupt lines, for GTKWave. No messages. */
  IHB_TRACE_WAVEFORM = 2
} ihb_trace_format;

/** The next bytes of a trace's file; valid during the call. What was given so far is a file. */
typedef void (*ihb_trace_fn)(void *user, const uint8_t *bytes, size_t length);

/** Traces what happens at a responder: `function` is called with the bytes of a file, the first of
 *  them in this call, further ones at the end of the calls that cause them. Times are those of
 *  ihb_advance(). A responder has one trace: another one takes its place, and NULL ends it. */
IHB_API ihb_error ihb_trace(
    ihb_soc *soc, ihb_responder responder, ihb_trace_format format, ihb_trace_fn function,
    void *user);

#ifdef __cplusplus
}
#endif

#endif
