/** Terminals: <asm-generic/termbits.h>, <asm-generic/ioctls.h>; termios(3), ioctl_tty(2). */

import { flagTable } from './flag-table.ts'

// c_iflag
export const IGNBRK = 1
export const BRKINT = 2
export const IGNPAR = 4
export const PARMRK = 8
export const INPCK = 0x10
export const ISTRIP = 0x20
export const INLCR = 0x40
export const IGNCR = 0x80
export const ICRNL = 0x100
export const IUCLC = 0x200
export const IXON = 0x400
export const IXANY = 0x800
export const IXOFF = 0x1000
export const IMAXBEL = 0x2000
export const IUTF8 = 0x4000
export const inputModes = flagTable(
  {
    IGNBRK,
    BRKINT,
    IGNPAR,
    PARMRK,
    INPCK,
    ISTRIP,
    INLCR,
    IGNCR,
    ICRNL,
    IUCLC,
    IXON,
    IXANY,
    IXOFF,
    IMAXBEL,
    IUTF8,
  },
  'IFLAG_???',
)

// c_oflag
export const OPOST = 1
export const OLCUC = 2
export const ONLCR = 4
export const OCRNL = 8
export const ONOCR = 0x10
export const ONLRET = 0x20
export const outputModes = flagTable(
  { OPOST, OLCUC, ONLCR, OCRNL, ONOCR, ONLRET, OFILL: 0x40, OFDEL: 0x80 },
  'OFLAG_???',
)
export const TABDLY = 0x1800
export const XTABS = 0x1800

// c_cflag
export const CBAUD = 0x100f
export const CBAUDEX = 0x1000
export const BOTHER = 0x1000
export const CSIZE = 0x30
export const CS8 = 0x30
export const CREAD = 0x80
export const PARENB = 0x100
export const CLOCAL = 0x800
export const IBSHIFT = 16
export const controlModes = flagTable(
  {
    CSTOPB: 0x40,
    CREAD,
    PARENB,
    PARODD: 0x200,
    HUPCL: 0x400,
    CLOCAL,
    CMSPAR: 0x40000000,
    CRTSCTS: 0x80000000,
  },
  'CFLAG_???',
)
/** Speeds by the number in CBAUD: B0 to B38400, then with CBAUDEX B57600 to B4000000. */
export const BAUD_RATES: readonly number[] = [
  0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800,
  500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
] // biome-ignore format: a table

// c_lflag
export const ISIG = 1
export const ICANON = 2
export const XCASE = 4
export const ECHO = 8
export const ECHOE = 0x10
export const ECHOK = 0x20
export const ECHONL = 0x40
export const NOFLSH = 0x80
export const TOSTOP = 0x100
export const ECHOCTL = 0x200
export const ECHOPRT = 0x400
export const ECHOKE = 0x800
export const IEXTEN = 0x8000
export const localModes = flagTable(
  {
    ISIG,
    ICANON,
    XCASE,
    ECHO,
    ECHOE,
    ECHOK,
    ECHONL,
    NOFLSH,
    IEXTEN,
    ECHOCTL,
    ECHOPRT,
    ECHOKE,
    FLUSHO: 0x1000,
    PENDIN: 0x4000,
    TOSTOP,
    EXTPROC: 0x10000,
  },
  'LFLAG_???',
)

// c_cc
export const VINTR = 0
export const VQUIT = 1
export const VERASE = 2
export const VKILL = 3
export const VEOF = 4
export const VTIME = 5
export const VMIN = 6
export const VSTART = 8
export const VSTOP = 9
export const VSUSP = 10
export const VEOL = 11
export const VREPRINT = 12
export const VWERASE = 14
export const VLNEXT = 15
export const VEOL2 = 16
/** Characters of struct termios, and of the older struct termio. */
export const NCCS = 19
export const NCC = 8
/** A character of this value is switched off. */
export const DISABLED_CHAR = 0

export const TCGETS = 0x5401
export const TCSETS = 0x5402
export const TCSETSW = 0x5403
export const TCSETSF = 0x5404
export const TCGETA = 0x5405
export const TCSETA = 0x5406
export const TCSETAW = 0x5407
export const TCSETAF = 0x5408
export const TCSBRK = 0x5409
export const TCXONC = 0x540a
export const TCFLSH = 0x540b
export const TIOCEXCL = 0x540c
export const TIOCNXCL = 0x540d
export const TIOCSCTTY = 0x540e
export const TIOCGPGRP = 0x540f
export const TIOCSPGRP = 0x5410
export const TIOCOUTQ = 0x5411
export const TIOCSTI = 0x5412
export const TIOCGWINSZ = 0x5413
export const TIOCSWINSZ = 0x5414
export const TIOCGSOFTCAR = 0x5419
export const TIOCSSOFTCAR = 0x541a
export const TIOCPKT = 0x5420
export const TIOCNOTTY = 0x5422
export const TIOCSETD = 0x5423
export const TIOCGETD = 0x5424
export const TCSBRKP = 0x5425
export const TIOCSBRK = 0x5427
export const TIOCCBRK = 0x5428
export const TIOCGSID = 0x5429
export const TCGETS2 = 0x802c542a
export const TCSETS2 = 0x402c542b
export const TCSETSW2 = 0x402c542c
export const TCSETSF2 = 0x402c542d
export const TIOCGPTN = 0x80045430
export const TIOCSPTLCK = 0x40045431
export const TIOCGDEV = 0x80045432
export const TIOCSIG = 0x40045436
export const TIOCVHANGUP = 0x5437
export const TIOCGPKT = 0x80045438
export const TIOCGPTLCK = 0x80045439
export const TIOCGEXCL = 0x80045440
export const TIOCGPTPEER = 0x5441

// TCFLSH and TCXONC
export const TCIFLUSH = 0
export const TCOFLUSH = 1
export const TCIOFLUSH = 2
export const TCOOFF = 0
export const TCOON = 1
export const TCIOFF = 2
export const TCION = 3
export const flushQueues = flagTable({ TCIFLUSH, TCOFLUSH, TCIOFLUSH }, 'TC???')
export const flowActions = flagTable({ TCOOFF, TCOON, TCIOFF, TCION }, 'TC???')

// TIOCPKT
export const TIOCPKT_DATA = 0
export const TIOCPKT_FLUSHREAD = 1
export const TIOCPKT_FLUSHWRITE = 2
export const TIOCPKT_STOP = 4
export const TIOCPKT_START = 8
export const TIOCPKT_NOSTOP = 16
export const TIOCPKT_DOSTOP = 32

/** The requests by name, for strace, which also knows that a sound device has three of the numbers. */
export const ttyRequests = {
  TCGETS,
  'SNDCTL_TMR_START or TCSETS': TCSETS,
  'SNDCTL_TMR_STOP or TCSETSW': TCSETSW,
  'SNDCTL_TMR_CONTINUE or TCSETSF': TCSETSF,
  TCGETA,
  TCSETA,
  TCSETAW,
  TCSETAF,
  TCSBRK,
  TCXONC,
  TCFLSH,
  TIOCEXCL,
  TIOCNXCL,
  TIOCSCTTY,
  TIOCGPGRP,
  TIOCSPGRP,
  TIOCOUTQ,
  TIOCSTI,
  TIOCGWINSZ,
  TIOCSWINSZ,
  TIOCGSOFTCAR,
  TIOCSSOFTCAR,
  TIOCPKT,
  TIOCNOTTY,
  TIOCSETD,
  TIOCGETD,
  TCSBRKP,
  TIOCSBRK,
  TIOCCBRK,
  TIOCGSID,
  TCGETS2,
  TCSETS2,
  TCSETSW2,
  TCSETSF2,
  TIOCGPTN,
  TIOCSPTLCK,
  TIOCGDEV,
  TIOCSIG,
  TIOCVHANGUP,
  TIOCGPKT,
  TIOCGPTLCK,
  TIOCGEXCL,
  TIOCGPTPEER,
}

/** Device numbers: /dev/tty, /dev/ptmx, and the slaves of pseudoterminals. */
export const TTYAUX_MAJOR = 5
export const PTY_MASTER_MAJOR = 128
export const PTY_SLAVE_MAJOR = 136
