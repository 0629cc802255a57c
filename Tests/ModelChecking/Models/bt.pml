/*
 * BT as IPMI v2.0, section 11, has it, with the BMC's side of ASPEED's iBT: the registers, a host
 * that keeps the rules of Linux's ipmi_bt_sm, a BMC that keeps those of bt-bmc and a daemon that may
 * take its time. As kcs.pml in all else. Resets and the long busy state are left out.
 *
 * Mutants:
 *   NO_BUSY          the BMC reads without B_BUSY
 *   NO_READY_CHECK   the BMC writes a response whether the host is ready or not
 *   ANY_SEQUENCE     the host takes a response to anything
 *   STAYS_BUSY       the BMC does not release B_BUSY
 */

#ifndef TRANSACTIONS
#define TRANSACTIONS 2
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 2
#endif
#ifndef ATTENTIONS
#define ATTENTIONS 1
#endif
#ifndef ABORTS
#define ABORTS 1
#endif

#define CLR_WR_PTR 1
#define CLR_RD_PTR 2
#define H2B_ATN 4
#define B2H_ATN 8
#define SMS_ATN 16
#define H_BUSY 64
#define B_BUSY 128

/* Length, NetFn/LUN, sequence number, command, one byte of data, or for a response two. */
#define requestData(t) (16 + (t))
#define responseData(t) (128 + (t))
#define REQUEST_SIZE 5
#define RESPONSE_SIZE 6

/* The registers: BT_CTRL out of reset, the buffers and their pointers. */
byte control = B_BUSY;
byte toBMC[8];
byte toHost[8];
byte hostWrites, bmcReads, bmcWrites, hostReads;

/* Of the properties only. */
bool hostIsReading, bmcIsReading, done;
byte transaction;

#define SHOWN control, hostWrites, bmcReads, bmcWrites, hostReads

/* Accesses of the host: a simulation prints the value, BT_CTRL and the pointers after each. */

inline hostReadControl(v) {
  d_step { v = control; printf("@ hostReadControl %d %d %d %d %d %d\n", v, SHOWN) }
}
inline hostWriteControl(v) {
  d_step {
    control = control | ((v) & H2B_ATN);
    control = control & (255 - ((v) & (B2H_ATN | SMS_ATN)));
    control = control ^ ((v) & H_BUSY);
    if :: (v) & CLR_WR_PTR -> hostWrites = 0 :: else fi;
    if :: (v) & CLR_RD_PTR -> hostReads = 0 :: else fi;
    printf("@ hostWriteControl %d %d %d %d %d %d\n", v, SHOWN)
  }
}
inline hostReadData(v) {
  d_step {
    if
    :: hostReads < bmcWrites -> v = toHost[hostReads]; hostReads++
    :: else -> v = 255
    fi;
    printf("@ hostReadData %d %d %d %d %d %d\n", v, SHOWN)
  }
}
inline hostWriteData(v) {
  d_step {
    /* B1: a request that the BMC has not read is not overwritten */
    assert(!(control & H2B_ATN) && !bmcIsReading);
    toBMC[hostWrites] = v; hostWrites++;
    printf("@ hostWriteData %d %d %d %d %d %d\n", toBMC[hostWrites - 1], SHOWN)
  }
}

/* Accesses of the BMC. */

inline bmcReadControl(v) {
  d_step { v = control; printf("@ bmcReadControl %d %d %d %d %d %d\n", v, SHOWN) }
}
inline bmcWriteControl(v) {
  d_step {
    control = control | ((v) & (B2H_ATN | SMS_ATN));
    control = control & (255 - ((v) & H2B_ATN));
    control = control ^ ((v) & B_BUSY);
    if :: (v) & CLR_WR_PTR -> bmcWrites = 0 :: else fi;
    if :: (v) & CLR_RD_PTR -> bmcReads = 0 :: else fi;
    printf("@ bmcWriteControl %d %d %d %d %d %d\n", v, SHOWN)
  }
}
inline bmcReadData(v) {
  d_step {
    if
    :: bmcReads < hostWrites -> v = toBMC[bmcReads]; bmcReads++
    :: else -> v = 0
    fi;
    printf("@ bmcReadData %d %d %d %d %d %d\n", v, SHOWN)
  }
}
inline bmcWriteData(v) {
  d_step {
    /* B2: a response that the host has not read is not overwritten */
    assert(!(control & B2H_ATN) && !hostIsReading);
    toHost[bmcWrites] = v; bmcWrites++;
    printf("@ bmcWriteData %d %d %d %d %d %d\n", toHost[bmcWrites - 1], SHOWN)
  }
}

/* The host: each turn reads BT_CTRL and acts on what it read. */

mtype = { start, writeBytes, consume, readWait, clearAttention, readBytes, drain, leave, over };

inline setHostBusy() {
  if :: sample & H_BUSY :: else -> hostWriteControl(H_BUSY) fi
}
inline clearHostBusy() {
  if :: sample & H_BUSY -> hostWriteControl(H_BUSY) :: else fi
}
/* Waits for a change of what was read, or loses patience: another attempt, under the same number. */
inline await() {
  if
  :: control != sample
  :: timeouts > 0 -> timeouts--; step = start
  fi
}

active proctype host() {
  byte sample, value, index, size;
  byte timeouts = TIMEOUTS;
  byte aborts = ABORTS;
  bool isMine = true;
  mtype step;

  do
  :: transaction == TRANSACTIONS -> break
  :: else ->
    step = start;
    do
    :: step == over -> break
    :: aborts > 0 && step != over && step != drain && step != readBytes ->
      /* It gives up: the request cannot be taken back. */
      aborts--; step = leave
    :: step != over ->
      hostReadControl(sample);
      if
      :: step == start && (sample & B2H_ATN) -> step = drain
      :: step == start && !(sample & B2H_ATN) && (sample & (B_BUSY | H2B_ATN)) -> await()
      :: step == start && !(sample & (B2H_ATN | B_BUSY | H2B_ATN)) ->
        clearHostBusy(); step = writeBytes
      :: step == writeBytes ->
        clearHostBusy();
        if :: sample & SMS_ATN -> hostWriteControl(SMS_ATN) :: else fi;
        hostWriteControl(CLR_WR_PTR);
        hostWriteData(REQUEST_SIZE - 1);
        hostWriteData(24);
        hostWriteData(transaction);
        hostWriteData(1);
        hostWriteData(requestData(transaction));
        hostWriteControl(H2B_ATN);
        step = consume
      :: step == consume && (sample & (B_BUSY | H2B_ATN)) -> await()
      :: step == consume && !(sample & (B_BUSY | H2B_ATN)) -> step = readWait
      :: step == readWait && !(sample & B2H_ATN) -> await()
      :: step == readWait && (sample & B2H_ATN) ->
        setHostBusy(); hostWriteControl(B2H_ATN); step = clearAttention
      :: step == clearAttention && (sample & B2H_ATN) -> hostWriteControl(B2H_ATN)
      :: step == clearAttention && !(sample & B2H_ATN) -> step = readBytes
      :: step == readBytes ->
        setHostBusy();
        hostIsReading = true;
        hostWriteControl(CLR_RD_PTR);
        hostReadData(size);
        assert(size == RESPONSE_SIZE - 1); /* B3: no byte is lost, or another's */
        hostReadData(value); assert(value == 28);
        hostReadData(value);
#ifndef ANY_SEQUENCE
        isMine = (value == transaction);
#endif
        hostReadData(value); assert(value == 1);
        hostReadData(value); assert(value == 0);
        hostReadData(value);
        assert(!isMine || value == responseData(transaction)); /* B3, B5 */
        hostIsReading = false;
        hostWriteControl(H_BUSY);
        if :: isMine -> step = over :: else -> step = readWait fi
      :: step == drain ->
        setHostBusy();
        hostWriteControl(B2H_ATN); hostReadControl(sample); hostWriteControl(B2H_ATN);
        hostIsReading = true;
        hostWriteControl(CLR_RD_PTR);
        hostReadData(size);
        index = 1;
        do
        :: index <= size -> hostReadData(value); index++
        :: else -> break
        od;
        hostIsReading = false;
        hostWriteControl(H_BUSY);
        step = start
      :: step == leave ->
        clearHostBusy(); step = over
      fi
    od;
    transaction++
  od;
  /* B6: what was given up, or over, leaves the host ready. */
  assert(!(control & H_BUSY));
  done = true
}

/* The BMC: bt-bmc, and a daemon with one request at a time. */

inline setBusy() {
#ifdef NO_BUSY
  skip
#else
  bmcReadControl(status);
  if :: status & B_BUSY :: else -> bmcWriteControl(B_BUSY) fi
#endif
}
inline clearBusy() {
  bmcReadControl(status);
  if :: status & B_BUSY -> bmcWriteControl(B_BUSY) :: else fi
}

active proctype bmc() {
  byte status, index, size, value;
  byte frame[6];
  byte attentions = ATTENTIONS;
  /* The sequence number of what the daemon works on; 255: none. */
  byte working = 255;

  clearBusy();
  do
  :: control & H2B_ATN ->
    bmcReadControl(status);
    setBusy();
    bmcIsReading = true;
    bmcWriteControl(H2B_ATN);
    bmcWriteControl(CLR_RD_PTR);
    bmcReadData(size);
    assert(size == REQUEST_SIZE - 1); /* B4: no byte of a request is lost, or made up */
    frame[0] = size; index = 1;
    do
    :: index <= size -> bmcReadData(value); frame[index] = value; index++
    :: else -> break
    od;
    bmcIsReading = false;
#ifndef STAYS_BUSY
    clearBusy();
#endif
    d_step {
      working = frame[2];
      assert(frame[1] == 24 && working < TRANSACTIONS && frame[3] == 1);
      assert(frame[4] == requestData(working))
    }
#ifdef NO_READY_CHECK
  :: working != 255 ->
#else
  :: working != 255 && !(control & (H_BUSY | B2H_ATN)) ->
    bmcReadControl(status);
#endif
    bmcWriteControl(CLR_WR_PTR);
    bmcWriteData(RESPONSE_SIZE - 1);
    bmcWriteData(28);
    bmcWriteData(working);
    bmcWriteData(1);
    bmcWriteData(0);
    bmcWriteData(responseData(working));
    bmcWriteControl(B2H_ATN);
    working = 255
  :: attentions > 0 -> attentions--; bmcWriteControl(SMS_ATN)
  :: done && !(control & H2B_ATN) -> break
  od
}

/* B7: with a BMC that goes on, the host comes to its end. */
ltl progress { <> done }
