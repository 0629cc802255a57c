/// The register link: what the two processors of a server share, in one mapped file.
///
/// Two emulators map the file, one runs the BMC and one the host. A register access of either is one
/// atomic change of one word: compare and swap, sequentially consistent. Whoever changes what the
/// other one's interrupt line depends on writes a byte to the other one's doorbell, a named pipe
/// beside the file: FILE.bmc and FILE.host. A doorbell says "look again", nothing more.
///
/// All words are little-endian and have 64 bits. Nothing in the file is to be trusted: every bit of
/// it may be anything at any time. Words that are not named are reserved, and 0.
///
/// | Bytes     | Word                                                                            |
/// |----------:|---------------------------------------------------------------------------------|
/// | 000h      | magic: the characters IHB-LINK                                                  |
/// | 008h      | version of this layout: 1                                                       |
/// | 010h      | how many times a BMC has joined; it powers on then, and clears what follows      |
/// | 018h      | how many times a host has joined                                                |
/// | 020h      | POST codes: how many the host has written                                       |
/// | 028h      | POST codes: how many the BMC has taken                                          |
/// | 040h–078h | KCS1 to KCS4: the channel, then its decode                                      |
/// | 080h      | BT: the channel without its buffers                                             |
/// | 088h      | BT: its decode                                                                  |
/// | 0C0h–0FFh | BT: host-to-BMC buffer; written by the host only                                |
/// | 100h–13Fh | BT: BMC-to-host buffer; written by the BMC only                                 |
/// | 140h–23Fh | POST codes: number n, counted from 0, is in word n mod 32                       |
///
/// A KCS channel: 7:0 IDR, 15:8 ODR, 23:16 STR, and enables: 32 OBEIE, 33 IBFIE, 34 the host's ports
/// are decoded, 35 OBF interrupts the host.
///
/// BT: 7:0 BT_CTRL, 15:8 BT_INTMASK, 31:16 events (iBT's CR2), 35:32 enables (iBT's CR0[3:0]), and
/// where reading and writing goes on, 0 to 64 each: 42:36 host reads, 49:43 host writes, 56:50 BMC
/// writes, 63:57 BMC reads. A writer stores its byte before it moves its pointer.
///
/// Decode, written by the BMC only: 15:0 data port, of BT the first of three; 31:16 status port, of
/// KCS; 47:32 the host IRQs that the channel's interrupt asserts, one bit each; 48 the BMC decides on
/// the ports, otherwise the host; 49 the BMC's firmware asserts the interrupt, whatever OBF.
///
/// A POST code: 7:0 the byte, 31:16 the port it was written to.
#ifndef IPMI_HOST_BRIDGE_LINK_H
#define IPMI_HOST_BRIDGE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __clang__
#define IHB_LINK_NULLABLE _Nullable
#pragma clang assume_nonnull begin
#else
#define IHB_LINK_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// IHB-LINK
#define IHB_LINK_MAGIC UINT64_C(0x4B4E494C2D424849)
#define IHB_LINK_VERSION 1
/// Bytes of the file.
#define IHB_LINK_SIZE 4096

/// A KCS channel.
typedef struct {
  uint64_t channel;
  uint64_t decode;
} ihb_link_kcs;

/// The words of the file.
typedef struct {
  uint64_t magic;
  uint64_t version;
  uint64_t bmc_generation;
  uint64_t host_generation;
  uint64_t post_codes_written;
  uint64_t post_codes_taken;
  uint64_t reserved0[2];
  ihb_link_kcs kcs[4];
  uint64_t bt;
  uint64_t bt_decode;
  uint64_t reserved1[6];
  uint64_t bt_host_to_bmc[8];
  uint64_t bt_bmc_to_host[8];
  uint64_t post_codes[32];
} ihb_link_words;

/// The two sides of a link; each is there once at most.
typedef enum { IHB_LINK_BMC = 0, IHB_LINK_HOST = 1 } ihb_link_side;

/// One side's end.
typedef struct {
  /// The mapped file.
  uint64_t *IHB_LINK_NULLABLE words;
  /// This side's doorbell: wait for it to be readable, then `ihb_link_drain`.
  int doorbell;
  /// The other side's.
  int other_doorbell;
} ihb_link_end;

/// Joins the link at `path`, which is made where it does not exist.
///
/// @return NULL, or why not: a text that is valid until this thread's next call.
const char *IHB_LINK_NULLABLE ihb_link_join(const char *path, ihb_link_side side, ihb_link_end *end);
/// Leaves the link; what is in it stays.
void ihb_link_leave(ihb_link_end *end);

/// From now on, a file that somebody makes shorter than a link does not end this process: words that
/// are no longer there are 0, and this end's own. Takes SIGBUS over, and passes on what it is not
/// about.
void ihb_link_survive_truncation(const ihb_link_end *end);

/// Reads a word, by its number.
uint64_t ihb_link_load(const uint64_t *words, size_t number);
/// Writes a word.
void ihb_link_store(uint64_t *words, size_t number, uint64_t value);
/// Writes `value` where the word is `*expected`; otherwise returns false, and `*expected` is what it
/// is.
bool ihb_link_compare_exchange(uint64_t *words, size_t number, uint64_t *expected, uint64_t value);

/// Has the other side look again. Never waits: a doorbell that is full has rung.
void ihb_link_ring(const ihb_link_end *end);
/// Has this side look again, from wherever it waits for its doorbell.
void ihb_link_ring_own(const ihb_link_end *end);
/// Forgets that this side's doorbell has rung; look at the words afterwards.
void ihb_link_drain(const ihb_link_end *end);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang assume_nonnull end
#endif
#endif
