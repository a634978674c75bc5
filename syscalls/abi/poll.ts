/** poll(2) events and ioctl(2) requests that more than one file answers: <asm-generic/poll.h>, <asm-generic/ioctls.h>. */

import { flagTable } from './flag-table.ts'

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

export const TCGETS = 0x5401
export const TCSETS = 0x5402
export const TCSETSW = 0x5403
export const TCSETSF = 0x5404
export const TIOCSCTTY = 0x540e
export const TIOCGPGRP = 0x540f
export const TIOCSPGRP = 0x5410
export const TIOCOUTQ = 0x5411
export const TIOCGWINSZ = 0x5413
export const TIOCSWINSZ = 0x5414
export const FIONREAD = 0x541b
export const FIONBIO = 0x5421
export const TIOCNOTTY = 0x5422
export const TIOCGSID = 0x5429
export const FIONCLEX = 0x5450
export const FIOCLEX = 0x5451
export const FIOASYNC = 0x5452
export const ioctlRequests = flagTable(
  {
    TCGETS,
    TCSETS,
    TCSETSW,
    TCSETSF,
    TIOCSCTTY,
    TIOCGPGRP,
    TIOCSPGRP,
    TIOCOUTQ,
    TIOCGWINSZ,
    TIOCSWINSZ,
    FIONREAD,
    FIONBIO,
    TIOCNOTTY,
    TIOCGSID,
    FIONCLEX,
    FIOCLEX,
    FIOASYNC,
    TCGETS2: 0x802c542a,
    FICLONE: 0x40049409,
    BLKGETSIZE64: 0x80081272,
    FS_IOC_GETFLAGS: 0x80086601,
  },
  '_IOC',
)
