/** clone, wait, prctl, limits, futex, scheduling, auxv constants: <linux/sched.h>, <linux/wait.h>, <linux/auxvec.h>. */

import { flagTable } from './flag-table.ts'
import { struct } from './struct.ts'

export const CLONE_VM = 0x100
export const CLONE_FS = 0x200
export const CLONE_FILES = 0x400
export const CLONE_SIGHAND = 0x800
export const CLONE_PIDFD = 0x1000
export const CLONE_VFORK = 0x4000
export const CLONE_PARENT = 0x8000
export const CLONE_THREAD = 0x10000
export const CLONE_NEWNS = 0x20000
export const CLONE_SYSVSEM = 0x40000
export const CLONE_SETTLS = 0x80000
export const CLONE_PARENT_SETTID = 0x100000
export const CLONE_CHILD_CLEARTID = 0x200000
export const CLONE_DETACHED = 0x400000
export const CLONE_CHILD_SETTID = 0x1000000
export const CLONE_NEWCGROUP = 0x2000000
export const CLONE_NEWUTS = 0x4000000
export const CLONE_NEWIPC = 0x8000000
/** What an id is shown as that is not mapped: kernel.overflowuid. */
export const OVERFLOW_ID = 65534
export const CLONE_NEWUSER = 0x10000000
export const CLONE_NEWPID = 0x20000000
export const CLONE_NEWNET = 0x40000000
/** Only clone3(2), unshare(2) and setns(2) know it: for clone(2) it is part of the signal. */
export const CLONE_NEWTIME = 0x80
export const cloneFlags = flagTable(
  {
    CLONE_VM,
    CLONE_FS,
    CLONE_FILES,
    CLONE_SIGHAND,
    CLONE_PIDFD,
    CLONE_PTRACE: 0x2000,
    CLONE_VFORK,
    CLONE_PARENT,
    CLONE_THREAD,
    CLONE_NEWNS,
    CLONE_SYSVSEM,
    CLONE_SETTLS,
    CLONE_PARENT_SETTID,
    CLONE_CHILD_CLEARTID,
    CLONE_DETACHED,
    CLONE_UNTRACED: 0x800000,
    CLONE_CHILD_SETTID,
    CLONE_NEWCGROUP,
    CLONE_NEWUTS,
    CLONE_NEWIPC,
    CLONE_NEWUSER,
    CLONE_NEWPID,
    CLONE_NEWNET,
    CLONE_IO: 0x80000000,
  },
  'CLONE_???',
)
/** What setns(2) takes. */
export const namespaceFlags = flagTable(
  {
    CLONE_NEWTIME,
    CLONE_NEWNS,
    CLONE_NEWCGROUP,
    CLONE_NEWUTS,
    CLONE_NEWIPC,
    CLONE_NEWUSER,
    CLONE_NEWPID,
    CLONE_NEWNET,
  },
  'CLONE_NEW???',
)
/** What unshare(2) takes. */
export const unshareFlags = flagTable(
  {
    CLONE_NEWTIME,
    CLONE_VM,
    CLONE_FS,
    CLONE_FILES,
    CLONE_SIGHAND,
    CLONE_THREAD,
    CLONE_NEWNS,
    CLONE_SYSVSEM,
    CLONE_NEWCGROUP,
    CLONE_NEWUTS,
    CLONE_NEWIPC,
    CLONE_NEWUSER,
    CLONE_NEWPID,
    CLONE_NEWNET,
  },
  'CLONE_???',
)

export const WNOHANG = 1
export const WUNTRACED = 2
export const WEXITED = 4
export const WCONTINUED = 8
export const WNOWAIT = 0x1000000
export const waitFlags = flagTable(
  {
    WNOHANG,
    WSTOPPED: 2,
    WEXITED,
    WCONTINUED,
    WNOWAIT,
    __WNOTHREAD: 0x20000000,
    __WALL: 0x40000000,
    __WCLONE: 0x80000000,
  },
  'W???',
)
export const P_ALL = 0
export const P_PID = 1
export const P_PGID = 2
export const P_PIDFD = 3
export const waitIdTypes = flagTable({ P_ALL, P_PID, P_PGID, P_PIDFD }, 'P_???')

export const ARCH_SET_GS = 0x1001
export const ARCH_SET_FS = 0x1002
export const ARCH_GET_FS = 0x1003
export const ARCH_GET_GS = 0x1004
export const archPrctlCodes = flagTable(
  {
    ARCH_SET_GS,
    ARCH_SET_FS,
    ARCH_GET_FS,
    ARCH_GET_GS,
    ARCH_GET_CPUID: 0x1011,
    ARCH_SET_CPUID: 0x1012,
    ARCH_CET_STATUS: 0x3001,
  },
  'ARCH_???',
)

/** Which system a program believes to be on: personality(2). */
export const PER_MASK = 0xff
export const PER_LINUX32 = 8
/** READ_IMPLIES_EXEC, ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT, MMAP_PAGE_ZERO: personality(2). */
export const PER_CLEAR_ON_SETID = 0x0740000

export const PR_SET_PDEATHSIG = 1
export const PR_GET_PDEATHSIG = 2
export const PR_GET_DUMPABLE = 3
export const PR_SET_DUMPABLE = 4
export const PR_GET_KEEPCAPS = 7
export const PR_SET_KEEPCAPS = 8
export const PR_SET_NAME = 15
export const PR_GET_NAME = 16
export const PR_GET_SECCOMP = 21
export const PR_SET_SECCOMP = 22
export const PR_CAPBSET_READ = 23
export const PR_CAPBSET_DROP = 24
export const PR_GET_SECUREBITS = 27
export const PR_SET_SECUREBITS = 28
export const PR_SET_TIMERSLACK = 29
export const PR_GET_TIMERSLACK = 30
export const PR_SET_CHILD_SUBREAPER = 36
export const PR_GET_CHILD_SUBREAPER = 37
export const PR_SET_NO_NEW_PRIVS = 38
export const PR_GET_NO_NEW_PRIVS = 39
export const PR_SET_THP_DISABLE = 41
export const PR_GET_THP_DISABLE = 42
export const PR_CAP_AMBIENT = 47
/** Ours, for um(1): a command line, its length, room for words, how much. The result is their whole length. */
export const PR_UMWELT = 0x574d55
export const PR_CAP_AMBIENT_IS_SET = 1
export const PR_CAP_AMBIENT_RAISE = 2
export const PR_CAP_AMBIENT_LOWER = 3
export const PR_CAP_AMBIENT_CLEAR_ALL = 4
export const ambientOperations = flagTable(
  { PR_CAP_AMBIENT_IS_SET, PR_CAP_AMBIENT_RAISE, PR_CAP_AMBIENT_LOWER, PR_CAP_AMBIENT_CLEAR_ALL },
  'PR_CAP_AMBIENT_???',
)
export const prctlOptions = flagTable(
  {
    PR_SET_PDEATHSIG,
    PR_GET_PDEATHSIG,
    PR_GET_DUMPABLE,
    PR_SET_DUMPABLE,
    PR_GET_KEEPCAPS,
    PR_SET_KEEPCAPS,
    PR_SET_NAME,
    PR_GET_NAME,
    PR_GET_SECCOMP,
    PR_SET_SECCOMP,
    PR_CAPBSET_READ,
    PR_CAPBSET_DROP,
    PR_GET_SECUREBITS,
    PR_SET_SECUREBITS,
    PR_SET_TIMERSLACK,
    PR_GET_TIMERSLACK,
    PR_SET_CHILD_SUBREAPER,
    PR_GET_CHILD_SUBREAPER,
    PR_SET_NO_NEW_PRIVS,
    PR_GET_NO_NEW_PRIVS,
    PR_SET_THP_DISABLE,
    PR_GET_THP_DISABLE,
    PR_UMWELT,
    PR_CAP_AMBIENT,
    PR_SET_VMA: 0x53564d41,
  },
  'PR_???',
)

export const RLIMIT_CPU = 0
export const RLIMIT_FSIZE = 1
export const RLIMIT_DATA = 2
export const RLIMIT_STACK = 3
export const RLIMIT_CORE = 4
export const RLIMIT_NPROC = 6
export const RLIMIT_NOFILE = 7
export const RLIMIT_AS = 9
export const RLIMIT_COUNT = 16
export const RLIM_INFINITY = 2 ** 64
export const rlimitResources = flagTable(
  {
    RLIMIT_CPU,
    RLIMIT_FSIZE,
    RLIMIT_DATA,
    RLIMIT_STACK,
    RLIMIT_CORE,
    RLIMIT_RSS: 5,
    RLIMIT_NPROC,
    RLIMIT_NOFILE,
    RLIMIT_MEMLOCK: 8,
    RLIMIT_AS,
    RLIMIT_LOCKS: 10,
    RLIMIT_SIGPENDING: 11,
    RLIMIT_MSGQUEUE: 12,
    RLIMIT_NICE: 13,
    RLIMIT_RTPRIO: 14,
    RLIMIT_RTTIME: 15,
  },
  'RLIMIT_???',
)
export const RUSAGE_SELF = 0
export const RUSAGE_CHILDREN = -1
export const RUSAGE_THREAD = 1
export const rusageWho = flagTable({ RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD }, 'RUSAGE_???')

export const AT_NULL = 0
export const AT_PHDR = 3
export const AT_PHENT = 4
export const AT_PHNUM = 5
export const AT_PAGESZ = 6
export const AT_BASE = 7
export const AT_FLAGS = 8
export const AT_ENTRY = 9
export const AT_UID = 11
export const AT_EUID = 12
export const AT_GID = 13
export const AT_EGID = 14
export const AT_PLATFORM = 15
export const AT_HWCAP = 16
export const AT_CLKTCK = 17
export const AT_SECURE = 23
/** Where i386 programs make system calls. */
export const AT_SYSINFO = 32
export const AT_RANDOM = 25
export const AT_BASE_PLATFORM = 24
export const AT_HWCAP2 = 26
export const AT_EXECFN = 31

export const RLIMIT_MEMLOCK = 8
export const RLIMIT_MSGQUEUE = 12
export const RLIMIT_NICE = 13
export const RLIMIT_RTPRIO = 14
export const NICE_MIN = -20
export const NICE_MAX = 19
export const PRIO_PROCESS = 0
export const PRIO_PGRP = 1
export const PRIO_USER = 2
export const priorityKinds = flagTable({ PRIO_PROCESS, PRIO_PGRP, PRIO_USER }, 'PRIO_???')
export const IOPRIO_WHO_PROCESS = 1
export const ioprioKinds = flagTable(
  { IOPRIO_WHO_PROCESS, IOPRIO_WHO_PGRP: 2, IOPRIO_WHO_USER: 3 },
  'IOPRIO_WHO_???',
)
export const IOPRIO_CLASS_NONE = 0
export const IOPRIO_CLASS_RT = 1
export const IOPRIO_CLASS_BE = 2
export const IOPRIO_CLASS_IDLE = 3
export const IOPRIO_CLASS_SHIFT = 13

export const CLOCK_REALTIME = 0
export const CLOCK_MONOTONIC = 1
export const CLOCK_PROCESS_CPUTIME_ID = 2
export const CLOCK_THREAD_CPUTIME_ID = 3
export const CLOCK_MONOTONIC_RAW = 4
export const CLOCK_REALTIME_COARSE = 5
export const CLOCK_MONOTONIC_COARSE = 6
export const CLOCK_BOOTTIME = 7
export const CLOCK_REALTIME_ALARM = 8
export const CLOCK_BOOTTIME_ALARM = 9
export const CLOCK_TAI = 11
export const clockIds = flagTable(
  {
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_PROCESS_CPUTIME_ID,
    CLOCK_THREAD_CPUTIME_ID,
    CLOCK_MONOTONIC_RAW,
    CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_BOOTTIME,
    CLOCK_REALTIME_ALARM,
    CLOCK_BOOTTIME_ALARM,
    CLOCK_TAI,
  },
  'CLOCK_???',
)
export const TIMER_ABSTIME = 1
export const timerFlags = flagTable({ TIMER_ABSTIME }, 'TIMER_???')
export const SIGEV_SIGNAL = 0
export const SIGEV_NONE = 1
export const SIGEV_THREAD = 2
export const SIGEV_THREAD_ID = 4
export const sigevNotify = flagTable({ SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID }, 'SIGEV_???')
export const ITIMER_REAL = 0
export const ITIMER_VIRTUAL = 1
export const ITIMER_PROF = 2
export const itimers = flagTable({ ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF }, 'ITIMER_???')

export const GRND_NONBLOCK = 1
export const GRND_RANDOM = 2
export const GRND_INSECURE = 4
export const RSEQ_FLAG_UNREGISTER = 1
export const rseqFlags = flagTable({ RSEQ_FLAG_UNREGISTER }, 'RSEQ_FLAG_???')

export const getrandomFlags = flagTable({ GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE }, 'GRND_???')

export const SCHED_OTHER = 0
export const SCHED_FIFO = 1
export const SCHED_RR = 2
export const SCHED_BATCH = 3
export const SCHED_IDLE = 5
export const SCHED_DEADLINE = 6
/** Beside the policy: what the task forks is ordinary again. */
export const SCHED_RESET_ON_FORK = 0x40000000
export const SCHED_PRIORITY_MAX = 99
export const schedPolicies = flagTable(
  { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE },
  'SCHED_???',
)

/** struct rlimit and struct rlimit64. */
export const RLIMIT = struct({ soft: 'word', hard: 'word' })
export const RLIMIT64 = struct({ soft: 'u64', hard: 'u64' })

/** struct rusage: of its fourteen longs Linux fills four. */
export const RUSAGE = struct({
  userSec: 'time',
  userUsec: 'fraction',
  systemSec: 'time',
  systemUsec: 'fraction',
  maxRss: 'long',
  ixRss: 'long',
  idRss: 'long',
  isRss: 'long',
  minorFaults: 'long',
  majorFaults: 'long',
  swaps: 'long',
  blocksIn: 'long',
  blocksOut: 'long',
  messagesSent: 'long',
  messagesReceived: 'long',
  signals: 'long',
  voluntarySwitches: 'long',
  involuntarySwitches: 'long',
})

/** struct sysinfo; 32-bit ISAs have eight more bytes at its end. */
export const SYSINFO = struct({
  uptime: 'long',
  load1: 'word',
  load5: 'word',
  load15: 'word',
  totalRam: 'word',
  freeRam: 'word',
  sharedRam: 'word',
  bufferRam: 'word',
  totalSwap: 'word',
  freeSwap: 'word',
  procs: 'u16',
  pad: 'u16',
  totalHigh: 'word',
  freeHigh: 'word',
  memUnit: 'u32',
  end0: 'upper',
  end1: 'upper',
})
