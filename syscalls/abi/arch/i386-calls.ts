/**
 * How i386's system calls differ from the kernel's: other names, 16-bit ids, 64-bit arguments in two registers, older
 * layouts. Linux arch/x86/entry/syscalls/syscall_32.tbl as a 64-bit kernel serves it (compat); syscall(2).
 * Path: abi/arch/i386.ts; the layouts of the models are in i386.ts and beside the constants in abi/.
 */

import { type DataModel, ILP32_I386, ILP32_I386_LARGE, ILP32_I386_TIME64 } from '../struct.ts'
import { type ArchCall, NORM_ID16, NORM_PAGES, NORM_PAIR, NORM_ZERO } from './arch.ts'
import { I386_NUMBERS } from './i386-numbers.ts'

/** Those of Linux before 1.3: sizes that they cannot tell are cut, as by a 64-bit kernel, and no error. */
export const ILP32_I386_OLD: DataModel = { ...ILP32_I386, name: 'i386-old', offsetSize: 8 }

type Form = Omit<ArchCall, 'nr' | 'name'>

const as = (name: string, form: Form = {}): Form => ({ as: name, ...form })
const time64 = (name: string): Form => as(name, { model: ILP32_I386_TIME64 })
const large = (name: string): Form => as(name, { model: ILP32_I386_LARGE })
const old = (name: string): Form => as(name, { model: ILP32_I386_OLD })

/** Arguments that are ids of 16 bits, by their places. */
const ids16 = (...places: number[]): Form => ({
  norms: Object.fromEntries(places.map((place) => [place, NORM_ID16])),
})

/** Each argument's first register; those at `pairs` take two. */
const inRegisters = (registers: readonly number[], pairs: readonly number[]): Form => ({
  registers,
  norms: Object.fromEntries(pairs.map((place) => [place, NORM_PAIR])),
})

const FORMS: Readonly<Record<string, Form>> = {
  // Older and newer names.
  _newselect: as('select'),
  ugetrlimit: as('getrlimit'),
  getrlimit: as('old_getrlimit'),
  umount: as('umount2', { norms: { 1: NORM_ZERO } }),
  waitpid: as('wait4', { norms: { 3: NORM_ZERO } }),
  mmap: as('old_mmap'),
  select: as('old_select'),
  // To a 64-bit kernel fcntl and fcntl64 are the same.
  fcntl: large('fcntl'),
  fcntl64: large('fcntl'),
  sendfile64: large('sendfile'),
  // Layouts.
  stat64: large('stat'),
  lstat64: large('lstat'),
  fstat64: large('fstat'),
  fstatat64: large('newfstatat'),
  oldstat: old('stat'),
  oldlstat: old('lstat'),
  oldfstat: old('fstat'),
  // TLS before the child's id (CONFIG_CLONE_BACKWARDS).
  clone: { registers: [0, 1, 2, 4, 3] },
  // Offsets and lengths.
  mmap2: as('mmap', { norms: { 5: NORM_PAGES } }),
  pread64: inRegisters([0, 1, 2, 3], [3]),
  pwrite64: inRegisters([0, 1, 2, 3], [3]),
  preadv: inRegisters([0, 1, 2, 3, 4], [3]),
  pwritev: inRegisters([0, 1, 2, 3, 4], [3]),
  preadv2: inRegisters([0, 1, 2, 3, 4, 5], [3]),
  pwritev2: inRegisters([0, 1, 2, 3, 4, 5], [3]),
  truncate64: as('truncate', inRegisters([0, 1], [1])),
  ftruncate64: as('ftruncate', inRegisters([0, 1], [1])),
  readahead: inRegisters([0, 1, 3], [1]),
  fadvise64: inRegisters([0, 1, 3, 4], [1]),
  fadvise64_64: as('fadvise64', inRegisters([0, 1, 3, 5], [1, 2])),
  fallocate: inRegisters([0, 1, 2, 4], [2, 3]),
  sync_file_range: inRegisters([0, 1, 3, 5], [1, 2]),
  // Ids.
  chown: ids16(1, 2),
  lchown: ids16(1, 2),
  fchown: ids16(1, 2),
  setuid: ids16(0),
  setgid: ids16(0),
  setreuid: ids16(0, 1),
  setregid: ids16(0, 1),
  setresuid: ids16(0, 1, 2),
  setresgid: ids16(0, 1, 2),
  setfsuid: ids16(0),
  setfsgid: ids16(0),
  chown32: as('chown'),
  lchown32: as('lchown'),
  fchown32: as('fchown'),
  getuid32: as('getuid'),
  getgid32: as('getgid'),
  geteuid32: as('geteuid'),
  getegid32: as('getegid'),
  setuid32: as('setuid'),
  setgid32: as('setgid'),
  setreuid32: as('setreuid'),
  setregid32: as('setregid'),
  setresuid32: as('setresuid'),
  setresgid32: as('setresgid'),
  setfsuid32: as('setfsuid'),
  setfsgid32: as('setfsgid'),
  getgroups32: as('getgroups'),
  setgroups32: as('setgroups'),
  getresuid32: as('getresuid'),
  getresgid32: as('getresgid'),
  getuid: as('getuid16'),
  getgid: as('getgid16'),
  geteuid: as('geteuid16'),
  getegid: as('getegid16'),
  getgroups: as('getgroups16'),
  setgroups: as('setgroups16'),
  getresuid: as('getresuid16'),
  getresgid: as('getresgid16'),
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

/** Numbers that never got a call. */
const EMPTY = new Set([
  'bdflush',
  'break',
  'ftime',
  'gtty',
  'idle',
  'lock',
  'mpx',
  'prof',
  'profil',
  'stty',
  'ulimit',
])

export const I386_CALLS: readonly ArchCall[] = Object.entries(I386_NUMBERS)
  .filter(([name]) => !EMPTY.has(name))
  .map(([name, nr]) => ({ nr, name, ...FORMS[name] }))
