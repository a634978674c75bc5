/**
 * How powerpc's system calls differ from the kernel's: other names, 64-bit arguments in pairs of registers, older
 * layouts. Linux arch/powerpc/kernel/syscalls/syscall.tbl, syscall(2).
 * Path: abi/arch/powerpc.ts; the layouts of the models are there and beside the constants in abi/.
 */

import type { DataModel } from '../struct.ts'
import { type ArchCall, NORM_PAGES, NORM_PAIR, NORM_PAIR_LOW_FIRST, NORM_ZERO } from './arch.ts'
import { POWERPC_NUMBERS, POWERPC64_NUMBERS } from './powerpc-numbers.ts'

/** 32-bit programs': 64-bit members are aligned as such. */
export const ILP32_POWERPC: DataModel = {
  name: 'powerpc',
  wordSize: 4,
  timeSize: 4,
  offsetSize: 4,
  align64: 8,
  littleEndian: false,
  variant: 'powerpc',
}
const TIME64: DataModel = { ...ILP32_POWERPC, name: 'powerpc-time64', timeSize: 8 }
export const ILP32_POWERPC_LARGE: DataModel = { ...ILP32_POWERPC, name: 'powerpc-large', offsetSize: 8 }
/** Those of Linux before 1.3, as ILP32_I386_OLD. */
export const ILP32_POWERPC_OLD: DataModel = { ...ILP32_POWERPC, name: 'powerpc-old', offsetSize: 8 }
/** 64-bit programs'. */
export const LP64_POWERPC: DataModel = {
  name: 'powerpc64',
  wordSize: 8,
  timeSize: 8,
  offsetSize: 8,
  align64: 8,
  littleEndian: false,
  variant: 'powerpc',
}
export const LP64_POWERPC_LE: DataModel = { ...LP64_POWERPC, name: 'powerpc64le', littleEndian: true }

type Form = Omit<ArchCall, 'nr' | 'name'>

const as = (name: string, form: Form = {}): Form => ({ as: name, ...form })
const time64 = (name: string): Form => as(name, { model: TIME64 })
const large = (name: string): Form => as(name, { model: ILP32_POWERPC_LARGE })
const old = (name: string): Form => as(name, { model: ILP32_POWERPC_OLD })

/** Each argument's first register; those at `pairs` take two, the first of them r3, r5 or r7, upper half first. */
const inRegisters = (
  registers: readonly number[],
  pairs: readonly number[],
  norm: number = NORM_PAIR,
): Form => ({
  registers,
  norms: Object.fromEntries(pairs.map((place) => [place, norm])),
})
/** The calls that take the halves as arguments of their own, the lower one first. */
const lowFirst = (registers: readonly number[], place: number): Form =>
  inRegisters(registers, [place], NORM_PAIR_LOW_FIRST)

/** Of both word sizes. */
const FORMS: Readonly<Record<string, Form>> = {
  _newselect: as('select'),
  ugetrlimit: as('getrlimit'),
  umount: as('umount2', { norms: { 1: NORM_ZERO } }),
  waitpid: as('wait4', { norms: { 3: NORM_ZERO } }),
  send: as('sendto', { norms: { 4: NORM_ZERO, 5: NORM_ZERO } }),
  recv: as('recvfrom', { norms: { 4: NORM_ZERO, 5: NORM_ZERO } }),
  sync_file_range2: as('sync_file_range', { registers: [0, 2, 3, 1] }),
  // TLS before the child's id (CONFIG_CLONE_BACKWARDS).
  clone: { registers: [0, 1, 2, 4, 3] },
}

const FORMS_32: Readonly<Record<string, Form>> = {
  ...FORMS,
  getrlimit: as('old_getrlimit'),
  select: as('old_select'),
  fcntl: large('fcntl'),
  fcntl64: large('fcntl'),
  sendfile64: large('sendfile'),
  stat64: large('stat'),
  lstat64: large('lstat'),
  fstat64: large('fstat'),
  fstatat64: large('newfstatat'),
  oldstat: old('stat'),
  oldlstat: old('lstat'),
  oldfstat: old('fstat'),
  // The mask is the only argument (CONFIG_OLD_SIGSUSPEND).
  sigsuspend: { registers: [0, 0, 0] },
  // Offsets and lengths.
  mmap2: as('mmap', { norms: { 5: NORM_PAGES } }),
  pread64: inRegisters([0, 1, 2, 4], [3]),
  pwrite64: inRegisters([0, 1, 2, 4], [3]),
  preadv: lowFirst([0, 1, 2, 3, 4], 3),
  pwritev: lowFirst([0, 1, 2, 3, 4], 3),
  preadv2: lowFirst([0, 1, 2, 3, 4, 5], 3),
  pwritev2: lowFirst([0, 1, 2, 3, 4, 5], 3),
  truncate64: as('truncate', inRegisters([0, 2], [1])),
  ftruncate64: as('ftruncate', inRegisters([0, 2], [1])),
  readahead: inRegisters([0, 2, 4], [1]),
  fadvise64: inRegisters([0, 2, 4, 5], [1]),
  // The advice comes before what it is about.
  fadvise64_64: as('fadvise64', inRegisters([0, 2, 4, 1], [1, 2])),
  fallocate: inRegisters([0, 1, 2, 4], [2, 3]),
  sync_file_range2: as('sync_file_range', inRegisters([0, 2, 4, 1], [1, 2])),
  // Times. The newest calls have one form, with 64 bits.
  epoll_pwait2: time64('epoll_pwait2'),
  futex_waitv: time64('futex_waitv'),
  clock_gettime64: time64('clock_gettime'),
  clock_settime64: time64('clock_settime'),
  clock_adjtime64: time64('clock_adjtime'),
  clock_getres_time64: time64('clock_getres'),
  clock_nanosleep_time64: time64('clock_nanosleep'),
  timer_gettime64: time64('timer_gettime'),
  timer_settime64: time64('timer_settime'),
  timerfd_gettime64: time64('timerfd_gettime'),
  timerfd_settime64: time64('timerfd_settime'),
  utimensat_time64: time64('utimensat'),
  pselect6_time64: time64('pselect6'),
  ppoll_time64: time64('ppoll'),
  io_pgetevents_time64: time64('io_pgetevents'),
  recvmmsg_time64: time64('recvmmsg'),
  mq_timedsend_time64: time64('mq_timedsend'),
  mq_timedreceive_time64: time64('mq_timedreceive'),
  semtimedop_time64: time64('semtimedop'),
  rt_sigtimedwait_time64: time64('rt_sigtimedwait'),
  futex_time64: time64('futex'),
  sched_rr_get_interval_time64: time64('sched_rr_get_interval'),
}

/** Numbers that never got a call, or whose call is for hardware or hypervisors that are not there. */
const EMPTY = [
  ...['bdflush', 'break', 'ftime', 'gtty', 'idle', 'lock', 'mpx', 'prof', 'profil', 'stty', 'ulimit'],
  ...['modify_ldt', 'multiplexer', 'pciconfig_iobase', 'pciconfig_read', 'pciconfig_write', 'rtas'],
  ...['spu_create', 'spu_run', 'subpage_prot', 'switch_endian', 'sys_debug_setcontext', 'vm86'],
  'memfd_secret',
]
/** What only 32-bit programs have, though there is a number. */
const EMPTY_64 = [
  ...['getrlimit', 'oldfstat', 'oldlstat', 'oldstat', 'readdir', 'select', 'sigaction', 'sigpending'],
  ...['sigprocmask', 'sigreturn', 'sigsuspend', 'swapcontext', 'tuxcall'],
]

const callsOf = (
  numbers: Readonly<Record<string, number>>,
  forms: Readonly<Record<string, Form>>,
  empty: readonly string[],
): ArchCall[] =>
  Object.entries(numbers)
    .filter(([name]) => !empty.includes(name))
    .map(([name, nr]) => ({ nr, name, ...forms[name] }))

export const POWERPC_CALLS: readonly ArchCall[] = callsOf(POWERPC_NUMBERS, FORMS_32, EMPTY)
export const POWERPC64_CALLS: readonly ArchCall[] = callsOf(POWERPC64_NUMBERS, FORMS, [...EMPTY, ...EMPTY_64])
