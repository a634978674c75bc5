/** System V IPC: <linux/ipc.h>, <linux/shm.h>, <linux/sem.h>, <linux/msg.h>. sysvipc(7). */

import { flagTable } from './flag-table.ts'

export const IPC_PRIVATE = 0
export const IPC_CREAT = 0o1000
export const IPC_EXCL = 0o2000
export const IPC_NOWAIT = 0o4000
export const IPC_RMID = 0
export const IPC_SET = 1
export const IPC_STAT = 2
export const IPC_INFO = 3

export const SHM_RDONLY = 0o10000
export const SHM_RND = 0o20000
export const SHM_REMAP = 0o40000
export const SHM_EXEC = 0o100000
export const SHM_HUGETLB = 0o4000
/** In the mode: goes with its last mapping; is locked. */
export const SHM_DEST = 0o1000
export const SHM_LOCKED = 0o2000
export const SHM_LOCK = 11
export const SHM_UNLOCK = 12
export const SHM_STAT = 13
export const SHM_INFO = 14
export const SHM_STAT_ANY = 15
export const shmatFlags = flagTable({ SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC }, 'SHM_???')
export const shmCommands = flagTable(
  { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, SHM_LOCK, SHM_UNLOCK, SHM_STAT, SHM_INFO, SHM_STAT_ANY },
  'SHM_???',
)

export const SEM_UNDO = 0x1000
export const GETPID = 11
export const GETVAL = 12
export const GETALL = 13
export const GETNCNT = 14
export const GETZCNT = 15
export const SETVAL = 16
export const SETALL = 17
export const SEM_STAT = 18
export const SEM_INFO = 19
export const SEM_STAT_ANY = 20
export const semCommands = flagTable(
  {
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    IPC_INFO,
    GETPID,
    GETVAL,
    GETALL,
    GETNCNT,
    GETZCNT,
    SETVAL,
    SETALL,
    SEM_STAT,
    SEM_INFO,
    SEM_STAT_ANY,
  },
  'SEM_???',
)

export const MSG_NOERROR = 0o10000
export const MSG_EXCEPT = 0o20000
export const MSG_COPY = 0o40000
export const MSG_STAT = 11
export const MSG_INFO = 12
export const MSG_STAT_ANY = 13
export const msgFlags = flagTable({ IPC_NOWAIT, MSG_NOERROR, MSG_EXCEPT, MSG_COPY }, 'MSG_???')
export const msgCommands = flagTable(
  { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, MSG_STAT, MSG_INFO, MSG_STAT_ANY },
  'MSG_???',
)

// Limits, as /proc/sys/kernel shows them.
export const SHMMAX = Number.MAX_SAFE_INTEGER
export const SHMMAX_TEXT = '18446744073692774399'
export const SHMMNI = 4096
export const SEMMSL = 32000
/** Fewer than Linux's 1024000000: what is made of them is the host's memory. */
export const SEMMNS = 1024000
export const SEMOPM = 500
export const SEMMNI = 32000
export const SEMVMX = 32767
export const MSGMAX = 8192
export const MSGMNB = 16384
export const MSGMNI = 32000
