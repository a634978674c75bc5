/** Signal numbers, actions and codes: <asm/signal.h>, <asm-generic/siginfo.h>, signal(7), sigaction(2). */

import { flagTable } from './flag-table.ts'
import { struct } from './struct.ts'

export const SIGHUP = 1
export const SIGINT = 2
export const SIGQUIT = 3
export const SIGILL = 4
export const SIGTRAP = 5
export const SIGABRT = 6
export const SIGBUS = 7
export const SIGFPE = 8
export const SIGKILL = 9
export const SIGUSR1 = 10
export const SIGSEGV = 11
export const SIGUSR2 = 12
export const SIGPIPE = 13
export const SIGALRM = 14
export const SIGTERM = 15
export const SIGSTKFLT = 16
export const SIGCHLD = 17
export const SIGCONT = 18
export const SIGSTOP = 19
export const SIGTSTP = 20
export const SIGTTIN = 21
export const SIGTTOU = 22
export const SIGURG = 23
export const SIGXCPU = 24
export const SIGXFSZ = 25
export const SIGVTALRM = 26
export const SIGPROF = 27
export const SIGWINCH = 28
export const SIGIO = 29
export const SIGPWR = 30
export const SIGSYS = 31
export const SIGRTMIN = 32
export const SIGNAL_MAX = 64

const NAMES = [
  '0', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM',
  'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS',
] // biome-ignore format: two rows of sixteen

/** `SIGINT`, `SIGRT_3`, as strace prints it. */
export const signalName = (signo: number): string =>
  signo > 0 && signo < NAMES.length
    ? `SIG${NAMES[signo]}`
    : signo >= SIGRTMIN && signo <= SIGNAL_MAX
      ? signo === SIGRTMIN
        ? 'SIGRTMIN'
        : `SIGRT_${signo - SIGRTMIN}`
      : `${signo}`
/** The number of a signal by its name, with or without SIG; undefined for a name that is none. */
export function signalNumber(name: string): number | undefined {
  const wanted = name.replace(/^SIG/, '')
  for (let signo = 1; signo <= SIGNAL_MAX; signo++) if (signalShortName(signo) === wanted) return signo
  return undefined
}
/** Without SIG, for sigset printing. */
export const signalShortName = (signo: number): string => signalName(signo).replace(/^SIG/, '')

export const SIG_DFL = 0
export const SIG_IGN = 1

export const SA_NOCLDSTOP = 1
export const SA_NOCLDWAIT = 2
export const SA_SIGINFO = 4
export const SA_RESTORER = 0x04000000
export const SA_ONSTACK = 0x08000000
export const SA_RESTART = 0x10000000
export const SA_NODEFER = 0x40000000
export const SA_RESETHAND = 0x80000000
export const sigactionFlags = flagTable(
  { SA_RESTORER, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND, SA_SIGINFO, SA_NOCLDSTOP, SA_NOCLDWAIT },
  'SA_???',
)

export const SIGACTION = struct({
  handler: 'word',
  flags: 'word',
  restorer: 'word',
  maskLo: 'maskLo',
  maskHi: 'maskHi',
})
/** struct old_sigaction: of the first 32 signals. */
export const OLD_SIGACTION = struct({ handler: 'word', maskLo: 'u32', flags: 'u32', restorer: 'word' })

/** What pselect6's sixth argument points at. */
export const SIZED_SIGSET = struct({ at: 'word', sizeBytes: 'word' })

export const SIG_BLOCK = 0
export const SIG_UNBLOCK = 1
export const SIG_SETMASK = 2
export const sigprocmaskHow = flagTable({ SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK }, 'SIG_???')

export const SS_ONSTACK = 1
export const SS_DISABLE = 2
export const SS_AUTODISARM = 0x80000000
export const sigaltstackFlags = flagTable({ SS_ONSTACK, SS_DISABLE, SS_AUTODISARM }, 'SS_???')
export const STACK = struct({ sp: 'word', flags: 'u32', size: 'word' })
export const MINSIGSTKSZ = 2048

export const SI_USER = 0
export const SI_KERNEL = 0x80
export const SI_QUEUE = -1
export const SI_TIMER = -2
export const SI_TKILL = -6
export const ILL_ILLOPC = 1
export const ILL_ILLOPN = 2
export const TRAP_BRKPT = 1
export const FPE_INTDIV = 1
export const SEGV_MAPERR = 1
export const SEGV_ACCERR = 2
export const BUS_ADRALN = 1
export const BUS_ADRERR = 2
export const CLD_EXITED = 1
export const CLD_KILLED = 2
export const CLD_DUMPED = 3
export const CLD_STOPPED = 5
export const CLD_CONTINUED = 6

const bits = (...signals: number[]): number => signals.reduce((mask, s) => mask | (1 << (s - 1)), 0)

/** Signals whose default is to do nothing. */
export const IGNORED_BY_DEFAULT = bits(SIGCHLD, SIGCONT, SIGURG, SIGWINCH)
export const STOP_SIGNALS = bits(SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU)
export const CORE_SIGNALS = bits(
  SIGQUIT,
  SIGILL,
  SIGTRAP,
  SIGABRT,
  SIGBUS,
  SIGFPE,
  SIGSEGV,
  SIGXCPU,
  SIGXFSZ,
  SIGSYS,
)
/** Faults are delivered before anything else: Linux SYNCHRONOUS_MASK. */
export const SYNCHRONOUS_SIGNALS = bits(SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS)

/** Whether a 1..31 signal is in one of the masks above. */
export const inMask = (mask: number, signo: number): boolean =>
  signo <= 31 && (mask & (1 << (signo - 1))) !== 0

/** What sends one signal at a time and goes on when it was taken: a POSIX timer. */
export interface SignalSource {
  taken(info: SigInfo): void
}

/** siginfo_t, the fields that some signal uses. */
export interface SigInfo {
  signo: number
  code: number
  errno: number
  /** SI_USER, SI_TKILL, SIGCHLD */
  pid: number
  uid: number
  /** SIGCHLD */
  status: number
  /** Faults */
  addr: number
  /** SI_QUEUE's sigval, SI_TIMER's: as raw 64 bits. */
  value: bigint
  /** SI_TIMER */
  timerId: number
  overrun: number
  /** The timer that sent it, told when the signal is taken from the queue. */
  timer: SignalSource | null
  /** Page faults: gregs TRAPNO, ERR and CR2 of the frame. */
  trapno: number
  trapError: number
}

/** A siginfo with everything unsaid at 0. */
export const sigInfo = (signo: number, code: number, rest: Partial<SigInfo> = {}): SigInfo => ({
  signo,
  code,
  errno: 0,
  pid: 0,
  uid: 0,
  status: 0,
  addr: 0,
  value: 0n,
  timerId: 0,
  overrun: 0,
  timer: null,
  trapno: 0,
  trapError: 0,
  ...rest,
})
