/** poll(2) events and ioctl(2) requests that more than one file answers: <asm-generic/poll.h>, <asm-generic/ioctls.h>. */

import { flagTable } from './flag-table.ts'
import { socketRequests } from './socket.ts'
import { ttyRequests } from './tty.ts'

export const POLLIN = 1
export const POLLPRI = 2
export const POLLOUT = 4
export const POLLERR = 8
export const POLLHUP = 16
export const POLLNVAL = 32
export const POLLRDNORM = 64
export const POLLRDBAND = 128
export const POLLWRNORM = 256
export const POLLWRBAND = 512
export const POLLRDHUP = 0x2000
export const pollEvents = flagTable(
  {
    POLLIN,
    POLLPRI,
    POLLOUT,
    POLLERR,
    POLLHUP,
    POLLNVAL,
    POLLRDNORM,
    POLLRDBAND,
    POLLWRNORM,
    POLLWRBAND,
    POLLRDHUP,
  },
  'POLL???',
)

export const FIONREAD = 0x541b
export const FIONBIO = 0x5421
export const FIONCLEX = 0x5450
export const FIOCLEX = 0x5451
export const FIOASYNC = 0x5452
export const ioctlRequests = flagTable(
  {
    ...ttyRequests,
    ...socketRequests,
    FIONREAD,
    FIONBIO,
    FIONCLEX,
    FIOCLEX,
    FIOASYNC,
    FICLONE: 0x40049409,
    BLKGETSIZE64: 0x80081272,
    FS_IOC_GETFLAGS: 0x80086601,
  },
  '_IOC',
)
