/*
 * KCS as IPMI v2.0, section 9, has it: the registers, a host that keeps the rules of Linux's
 * ipmi_kcs_sm, a BMC that keeps those of kcs_bmc_cdev_ipmi and a daemon that may take its time.
 * Written from the specification and what those drivers do on the registers, not from the Swift
 * sources. One access of one processor is one step, anything may happen in between.
 *
 * -D names a mutant, a rule that is broken, which the properties must notice:
 *   IDR_FIRST      the BMC empties IDR before it has written state and ODR
 *   NO_IBF_CHECK   the host does not wait for IBF to fall
 *   LATE_ANSWER    the BMC takes an answer that nobody waits for any more
 *   NO_DUMMY       the BMC writes no byte to ODR at the end of an abort
 */

#ifndef TRANSACTIONS
#define TRANSACTIONS 2
#endif
/* How often the host loses its patience, SMS_ATN is set, the host gives up, and the BMC does. */
#ifndef TIMEOUTS
#define TIMEOUTS 1
#endif
#ifndef ATTENTIONS
#define ATTENTIONS 0
#endif
#ifndef ABORTS
#define ABORTS 1
#endif
#ifndef FORCED_ABORTS
#define FORCED_ABORTS 0
#endif

/* S1:S0. */
#define IDLE 0
#define READ 1
#define WRITE 2
#define ERROR 3

#define GET_STATUS_ABORT 96
#define WRITE_START 97
#define WRITE_END 98
#define READ_BYTE 104

/* What is sent: each byte of each transaction is another one. */
#define requestByte(t, i) (16 + 8 * (t) + (i))
#define responseByte(t, i) (128 + 8 * (t) + (i))
#define RESPONSE_LENGTH 3

/* The registers. */
byte idr, odr, state;
bit cd, attention, ibf, obf;
#define STR ((state << 6) | (cd << 3) | (attention << 2) | (ibf << 1) | obf)

/* Of the properties only: whether ODR holds a byte that the host has to see. */
bool odrMatters;
bool hostGivesUp, done;
/* The transaction, from 0; how long its request is; how many bytes of it were written. */
byte transaction, length;
/* The transaction whose request the BMC had last, and whether it has answered it. */
byte served = 255;
byte answered = 255;

/* Accesses of the host. A simulation prints each: what, the value, and IDR, ODR, STR after it. */

inline hostReadStatus(v) {
  d_step { v = STR; printf("@ hostReadStatus %d %d %d %d\n", v, idr, odr, STR) }
}
inline hostReadData(v) {
  d_step {
    v = odr; obf = 0; odrMatters = false;
    printf("@ hostReadData %d %d %d %d\n", v, idr, odr, STR)
  }
}
inline hostWrite(v, isCommand) {
  assert(!ibf); /* K1: IDR is not overwritten */
  idr = v; ibf = 1; cd = isCommand;
}
inline hostWriteData(v) {
  d_step { hostWrite(v, 0); printf("@ hostWriteData %d %d %d %d\n", idr, idr, odr, STR) }
}
inline hostWriteCommand(v) {
  d_step {
    hostWrite(v, 1);
    if :: v == GET_STATUS_ABORT -> odrMatters = false :: else fi;
    printf("@ hostWriteCommand %d %d %d %d\n", idr, idr, odr, STR)
  }
}

/* Accesses of the BMC. */

inline bmcReadStatus(v) {
  d_step { v = STR; printf("@ bmcReadStatus %d %d %d %d\n", v, idr, odr, STR) }
}
inline bmcWriteStatus(v) {
  d_step {
    state = (v) >> 6; attention = ((v) >> 2) & 1;
    printf("@ bmcWriteStatus %d %d %d %d\n", v, idr, odr, STR)
  }
}
inline bmcReadData(v) {
  d_step { v = idr; ibf = 0; printf("@ bmcReadData %d %d %d %d\n", v, idr, odr, STR) }
}
inline bmcWriteData(v, matters) {
  d_step {
    assert(!(obf && odrMatters)); /* K2: no byte of a response is overwritten */
    odr = v; obf = 1;
    /* not what crosses a command of the host on its way */
    odrMatters = matters && !(ibf && cd);
    printf("@ bmcWriteData %d %d %d %d\n", odr, idr, odr, STR)
  }
}

/* Where the BMC's driver is in a transfer. */
mtype = { pIdle, pWriteStart, pWriteData, pWriteEnd, pWriteDone, pWaitRead, pRead,
  pAbort1, pAbort2, pError };
mtype phase = pIdle;

/* The host: each turn reads STR and acts on what it read, as the driver does. */

mtype = { startOp, writeStart, writeNext, writeEnd, readNext, error0, error1, error2, error3, over };

#define sawIBF (sample & 2)
#define sawOBF (sample & 1)
#define sawState (sample >> 6)

inline clearOutput() {
  if :: sawOBF -> hostReadData(value) :: else fi
}
inline recover() {
  retries++;
  assert(retries <= 10); /* K7: never more retries than the driver has */
  step = error0
}
inline writeNextByte() {
  if
  :: written == length - 1 -> hostWriteCommand(WRITE_END); step = writeEnd
  :: else -> hostWriteData(requestByte(transaction, written)); written++; step = writeNext
  fi
}
/* Patience is a number, for a model has no clock: a host that has some left may lose it. */
inline awaitOutput() {
  if
  :: obf || state != sawState
  :: timeouts > 0 -> timeouts--; recover()
  fi
}

active proctype host() {
  byte sample, value, written, received, retries;
  byte timeouts = TIMEOUTS;
  byte aborts = ABORTS;
  bool isRight;
  mtype step;

  do
  :: transaction == TRANSACTIONS -> break
  :: else ->
    if :: length = 2 :: length = 3 fi;
    step = startOp; written = 0; received = 0; isRight = true; retries = 0; hostGivesUp = false;
    do
    :: step == over -> break
    :: aborts > 0 && (step == startOp || step == writeStart || step == writeNext
         || step == writeEnd || step == readNext) ->
      aborts--; hostGivesUp = true; step = error0
    :: step != over ->
      hostReadStatus(sample);
#ifndef NO_IBF_CHECK
      if
      :: sawIBF ->
        if
        :: !ibf
        :: timeouts > 0 -> timeouts--; recover()
        fi;
        goto next
      :: else
      fi;
#endif
      if
      :: step == startOp ->
        if
        :: sawState != IDLE -> recover()
        :: else -> clearOutput(); hostWriteCommand(WRITE_START); step = writeStart
        fi
      :: step == writeStart ->
        if
        :: sawState != WRITE -> recover()
        :: else -> hostReadData(value); writeNextByte()
        fi
      :: step == writeNext ->
        if
        :: sawState != WRITE -> recover()
        :: else -> clearOutput(); writeNextByte()
        fi
      :: step == writeEnd ->
        if
        :: sawState != WRITE -> recover()
        :: else ->
          clearOutput();
          hostWriteData(requestByte(transaction, written)); written++;
          step = readNext
        fi
      :: step == readNext ->
        if
        :: sawState == READ && !sawOBF -> awaitOutput()
        :: sawState == READ && sawOBF ->
          hostReadData(value);
          isRight = isRight && value == responseByte(transaction, received);
          if :: received <= RESPONSE_LENGTH -> received++ :: else fi;
          hostWriteData(READ_BYTE)
        :: sawState == IDLE ->
          clearOutput();
          /* K3: the whole response, no byte lost, twice or another's. A host that reads ODR as the
             BMC gives up reads a byte of no response, but sees the ERROR state next. */
          assert(isRight && received == RESPONSE_LENGTH);
          assert(served == transaction && answered == transaction); /* K5 */
          step = over
        :: sawState == WRITE || sawState == ERROR -> recover()
        fi
      :: step == error0 ->
        clearOutput();
        hostReadStatus(sample);
        if
        :: sawOBF -> skip
        :: else -> hostWriteCommand(GET_STATUS_ABORT); step = error1
        fi
      :: step == error1 ->
        clearOutput(); hostWriteData(0); step = error2
      :: step == error2 ->
        if
        :: sawState != READ -> recover()
        :: sawState == READ && !sawOBF -> awaitOutput()
        :: else -> clearOutput(); hostWriteData(READ_BYTE); step = error3
        fi
      :: step == error3 ->
        if
        :: sawState != IDLE -> recover()
        :: sawState == IDLE && !sawOBF -> awaitOutput()
        :: else ->
          clearOutput();
          if
          :: hostGivesUp ->
            /* K6: an abort ends in idle, unless the BMC has given up since */
            assert(phase == pIdle || phase == pError);
            step = over
          :: else ->
            written = 0; received = 0; isRight = true;
            hostWriteCommand(WRITE_START); step = writeStart
          fi
        fi
      fi;
      next: skip
    od;
    transaction++
  od;
  done = true
}

/* The BMC: its driver holds a lock, so nothing of its own comes between two of its accesses. */

inline setState(s) {
  bmcReadStatus(status);
  if
  :: (status >> 6) != s -> bmcWriteStatus((status & 63) | (s << 6))
  :: else
  fi
}
inline forceAbort() {
  setState(ERROR);
  bmcReadData(byteIn);
  odrMatters = false; /* what the BMC itself gives up */
  bmcWriteData(0, false);
  phase = pError; isReady = false; count = 0
}
inline keep() {
  if
  :: count < 4 -> request[count] = byteIn; count++
  :: else -> assert(false) /* K4: more bytes than were sent */
  fi
}

active proctype bmc() {
  byte status, byteIn, count, sent, forced, index;
  byte request[4];
  byte attentions = ATTENTIONS;
  /* The transaction that the daemon works on; 255: none. */
  byte working = 255;
  bool isReady;
  byte error;
  forced = FORCED_ABORTS;

  do
  :: ibf ->
    bmcReadStatus(status);
    if
    :: (status & 8) ->
#ifdef IDR_FIRST
      bmcReadData(byteIn);
      setState(WRITE);
      bmcWriteData(0, false);
#else
      setState(WRITE);
      bmcWriteData(0, false);
      bmcReadData(byteIn);
#endif
      if
      :: byteIn == WRITE_START ->
        phase = pWriteStart; error = 0; isReady = false; count = 0
      :: byteIn == WRITE_END && phase == pWriteData -> phase = pWriteEnd
      :: byteIn == GET_STATUS_ABORT ->
        if :: error == 0 -> error = 1 :: else fi;
        phase = pAbort1; isReady = false; count = 0
      :: else -> forceAbort()
      fi
    :: else ->
      if
      :: phase == pWriteStart || phase == pWriteData ->
        phase = pWriteData;
#ifdef IDR_FIRST
        bmcReadData(byteIn); setState(WRITE); bmcWriteData(0, false);
#else
        setState(WRITE); bmcWriteData(0, false); bmcReadData(byteIn);
#endif
        keep()
      :: phase == pWriteEnd ->
        setState(READ); bmcReadData(byteIn); keep();
        phase = pWriteDone; isReady = true
      :: phase == pRead ->
        if :: sent == RESPONSE_LENGTH -> answered = served; setState(IDLE) :: else fi;
        bmcReadData(byteIn);
        if
        :: byteIn != READ_BYTE -> setState(ERROR); bmcWriteData(0, false)
        :: byteIn == READ_BYTE && sent == RESPONSE_LENGTH ->
          bmcWriteData(0, false); phase = pIdle
        :: else -> bmcWriteData(responseByte(working, sent), true); sent++
        fi
      :: phase == pAbort1 ->
        setState(READ); bmcReadData(byteIn); bmcWriteData(error, true); phase = pAbort2
      :: phase == pAbort2 ->
        setState(IDLE); bmcReadData(byteIn); phase = pIdle;
#ifndef NO_DUMMY
        bmcWriteData(0, true)
#endif
      :: else -> forceAbort()
      fi
    fi
  :: isReady && phase == pWriteDone ->
    /* The daemon takes the request: every byte that the host wrote, once, in order. */
    assert(count == length);
    index = 0;
    do
    :: index < count -> assert(request[index] == requestByte(transaction, index)); index++
    :: else -> break
    od;
    isReady = false; phase = pWaitRead; working = transaction; served = transaction
  :: working != 255 && phase != pRead ->
    if
#ifdef LATE_ANSWER
    :: phase == pWaitRead || phase == pWriteDone ->
#else
    :: phase == pWaitRead ->
#endif
      phase = pRead; sent = 1; isReady = false;
      bmcWriteData(responseByte(working, 0), true)
    :: else -> working = 255 /* refused: nobody waits for it */
    fi
  :: attentions > 0 ->
    attentions--;
    bmcReadStatus(status);
    bmcWriteStatus(status | 4)
  :: forced > 0 && !done -> forced--; forceAbort()
  :: done && !ibf -> break
  od;
  /* K6 */
  assert(phase == pIdle || phase == pError);
}

/* K8: with a BMC that goes on, the host comes to its end. */
ltl progress { <> done }
