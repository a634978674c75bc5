/**
 * What programs of powerpc write otherwise than the kernel: flags of open(2), mmap(2) and mlockall(2), options of sockets,
 * requests of ioctl(2). Linux arch/powerpc/include/uapi/asm/{fcntl,mman,socket,ioctl,ioctls}.h.
 * Path: engines/call.ts turns arguments and results by it, so handlers, engines and strace know the kernel's only. The
 * modes of terminals are in tty/termios-form.ts.
 */

import { F_GETFL, F_SETFL } from '../fcntl.ts'
import { SETVAL } from '../ipc.ts'
import { MAP_LOCKED, MAP_NORESERVE, MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT } from '../mman.ts'
import { FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD } from '../poll.ts'
import { SOL_SOCKET } from '../socket.ts'
import * as T from '../tty.ts'
import type { CallValues } from './arch.ts'

type Pairs = readonly (readonly [powerpc: number, own: number])[]

/** Bits by pairs; those that are in none are the same. */
function turned(value: number, pairs: Pairs, from: 0 | 1): number {
  let kept = value
  let placed = 0
  for (const pair of pairs) {
    kept &= ~pair[from]
    if (value & pair[from]) placed |= pair[1 - from]!
  }
  return (kept | placed) >>> 0
}

/** O_DIRECTORY, O_NOFOLLOW, O_LARGEFILE, O_DIRECT. */
const OPEN_FLAGS: Pairs = [
  [0o40000, 0o200000],
  [0o100000, 0o400000],
  [0o200000, 0o100000],
  [0o400000, 0o40000],
]
export const openFlagsTaken = (flags: number): number => turned(flags, OPEN_FLAGS, 0)
const openFlagsTold = (flags: number): number => turned(flags, OPEN_FLAGS, 1)

/** The numbers that MAP_LOCKED and MAP_NORESERVE have elsewhere mean nothing. */
const MAP_FLAGS: Pairs = [
  [0x40, MAP_NORESERVE],
  [0x80, MAP_LOCKED],
  [MAP_LOCKED, 0],
  [MAP_NORESERVE, 0],
]
const MCL_FLAGS: Pairs = [
  [0x2000, MCL_CURRENT],
  [0x4000, MCL_FUTURE],
  [0x8000, MCL_ONFAULT],
  // What are flags for others are none here.
  [MCL_CURRENT, 0x2000],
  [MCL_FUTURE, 0x4000],
  [MCL_ONFAULT, 0x8000],
]

/** SO_RCVLOWAT, SO_SNDLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SO_PASSCRED and SO_PEERCRED are 16 to 21. */
const SOCKET_OPTIONS: ReadonlyMap<number, number> = new Map([
  [16, 18],
  [17, 19],
  [18, 20],
  [19, 21],
  [20, 16],
  [21, 17],
])

const IOC_NONE = 1
const IOC_READ = 2
const IOC_WRITE = 4
const DIRECTION_SHIFT = 29
const SIZE_MASK = 0x1fff_0000
const OWN_READ = 2
const OWN_WRITE = 1
const TERMIOS_SIZE = 44
const TERMIO_SIZE = 20
const WINSIZE_SIZE = 8
const request = (direction: number, type: string, number: number, sizeBytes: number): number =>
  ((direction << DIRECTION_SHIFT) | (sizeBytes << 16) | (type.charCodeAt(0) << 8) | number) >>> 0

/** Requests that x86 has plain numbers for. */
const REQUESTS: ReadonlyMap<number, number> = new Map([
  [request(IOC_NONE, 'f', 1, 0), FIOCLEX],
  [request(IOC_NONE, 'f', 2, 0), FIONCLEX],
  [request(IOC_WRITE, 'f', 125, 4), FIOASYNC],
  [request(IOC_WRITE, 'f', 126, 4), FIONBIO],
  [request(IOC_READ, 'f', 127, 4), FIONREAD],
  [request(IOC_READ, 't', 19, TERMIOS_SIZE), T.TCGETS],
  [request(IOC_WRITE, 't', 20, TERMIOS_SIZE), T.TCSETS],
  [request(IOC_WRITE, 't', 21, TERMIOS_SIZE), T.TCSETSW],
  [request(IOC_WRITE, 't', 22, TERMIOS_SIZE), T.TCSETSF],
  [request(IOC_READ, 't', 23, TERMIO_SIZE), T.TCGETA],
  [request(IOC_WRITE, 't', 24, TERMIO_SIZE), T.TCSETA],
  [request(IOC_WRITE, 't', 25, TERMIO_SIZE), T.TCSETAW],
  [request(IOC_WRITE, 't', 28, TERMIO_SIZE), T.TCSETAF],
  [request(IOC_NONE, 't', 29, 0), T.TCSBRK],
  [request(IOC_NONE, 't', 30, 0), T.TCXONC],
  [request(IOC_NONE, 't', 31, 0), T.TCFLSH],
  [request(IOC_WRITE, 't', 103, WINSIZE_SIZE), T.TIOCSWINSZ],
  [request(IOC_READ, 't', 104, WINSIZE_SIZE), T.TIOCGWINSZ],
  [request(IOC_READ, 't', 115, 4), T.TIOCOUTQ],
  [request(IOC_WRITE, 't', 118, 4), T.TIOCSPGRP],
  [request(IOC_READ, 't', 119, 4), T.TIOCGPGRP],
  [request(IOC_NONE, 'T', 0x41, 0), T.TIOCGPTPEER],
])
/** What are requests of terminals elsewhere, and nothing here. */
const OWN_ONLY: ReadonlySet<number> = new Set(REQUESTS.values())
const NO_REQUEST = 0xffff_ffff

/** An ioctl's request as the kernel's: the direction is written in other bits, the size in one less. */
export function requestTaken(given: number): number {
  const known = REQUESTS.get(given)
  if (known !== undefined) return known
  if (OWN_ONLY.has(given)) return NO_REQUEST
  const direction = given >>> DIRECTION_SHIFT
  if (direction === 0) return given
  const own = (direction & IOC_READ ? OWN_READ : 0) | (direction & IOC_WRITE ? OWN_WRITE : 0)
  return ((own << 30) | (given & (SIZE_MASK | 0xffff))) >>> 0
}

const openFlagsAt = (place: number): CallValues => ({
  taken(args) {
    args[place] = openFlagsTaken(args[place]!)
  },
})

const socketOption: CallValues = {
  taken(args) {
    if (args[1] === SOL_SOCKET) args[2] = SOCKET_OPTIONS.get(args[2]!) ?? args[2]!
  },
}

/** By the kernel's names of the calls. */
export const POWERPC_VALUES: Readonly<Record<string, CallValues>> = {
  open: openFlagsAt(1),
  openat: openFlagsAt(2),
  open_by_handle_at: openFlagsAt(2),
  pipe2: openFlagsAt(1),
  fcntl: {
    taken(args) {
      if (args[1] === F_SETFL) args[2] = openFlagsTaken(args[2]!)
    },
    told: (args, result) => (args[1] === F_GETFL ? openFlagsTold(result) : result),
  },
  mmap: {
    taken(args) {
      args[3] = turned(args[3]!, MAP_FLAGS, 0)
    },
  },
  mlockall: {
    taken(args) {
      args[0] = turned(args[0]!, MCL_FLAGS, 0)
    },
  },
  getsockopt: socketOption,
  setsockopt: socketOption,
  ioctl: {
    taken(args) {
      args[1] = requestTaken(args[1]!)
    },
  },
}

/** Of 64-bit big-endian programs: an int in a union with longs is their upper half. */
export const POWERPC64_VALUES: Readonly<Record<string, CallValues>> = {
  ...POWERPC_VALUES,
  semctl: {
    taken(args) {
      if (args[2] === SETVAL) args[3] = Math.floor(args[3]! / 2 ** 32)
    },
  },
}
