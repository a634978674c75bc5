/** Open flags, *at flags, fcntl commands: <asm-generic/fcntl.h>, <linux/fcntl.h>, open(2), fcntl(2). */

import { type FlagTable, flagTable } from './flag-table.ts'
import { struct } from './struct.ts'

export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_ACCMODE = 3
export const O_CREAT = 0o100
export const O_EXCL = 0o200
export const O_NOCTTY = 0o400
export const O_TRUNC = 0o1000
export const O_APPEND = 0o2000
export const O_NONBLOCK = 0o4000
export const O_DSYNC = 0o10000
export const O_ASYNC = 0o20000
export const O_DIRECT = 0o40000
export const O_LARGEFILE = 0o100000
export const O_DIRECTORY = 0o200000
export const O_NOFOLLOW = 0o400000
export const O_NOATIME = 0o1000000
export const O_CLOEXEC = 0o2000000
export const O_SYNC = 0o4010000
export const O_PATH = 0o10000000
export const O_TMPFILE = 0o20200000

/** openat2(2). */
export const RESOLVE_NO_XDEV = 1
export const RESOLVE_NO_MAGICLINKS = 2
export const RESOLVE_NO_SYMLINKS = 4
export const RESOLVE_BENEATH = 8
export const RESOLVE_IN_ROOT = 16
export const RESOLVE_CACHED = 32
export const resolveFlags = flagTable(
  {
    RESOLVE_NO_XDEV,
    RESOLVE_NO_MAGICLINKS,
    RESOLVE_NO_SYMLINKS,
    RESOLVE_BENEATH,
    RESOLVE_IN_ROOT,
    RESOLVE_CACHED,
  },
  'RESOLVE_???',
)

/** What F_SETFL may change. */
export const SETFL_MASK = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME

export const openFlags: FlagTable = {
  choice: {
    mask: O_ACCMODE,
    names: [
      ['O_RDONLY', 0],
      ['O_WRONLY', 1],
      ['O_RDWR', 2],
      ['O_ACCMODE', 3],
    ],
  },
  entries: [
    ['O_CREAT', O_CREAT],
    ['O_EXCL', O_EXCL],
    ['O_NOCTTY', O_NOCTTY],
    ['O_TRUNC', O_TRUNC],
    ['O_APPEND', O_APPEND],
    ['O_NONBLOCK', O_NONBLOCK],
    ['O_SYNC', O_SYNC],
    ['O_DSYNC', O_DSYNC],
    ['O_ASYNC', O_ASYNC],
    ['O_DIRECT', O_DIRECT],
    ['O_LARGEFILE', O_LARGEFILE],
    ['O_NOFOLLOW', O_NOFOLLOW],
    ['O_NOATIME', O_NOATIME],
    ['O_CLOEXEC', O_CLOEXEC],
    ['O_PATH', O_PATH],
    ['O_TMPFILE', O_TMPFILE],
    ['O_DIRECTORY', O_DIRECTORY],
  ],
  unknown: 'O_???',
}

/** What pipe2, dup3 and the like take: no access mode. */
export const descriptorFlags = flagTable({ O_NONBLOCK, O_CLOEXEC, O_DIRECT }, 'O_???')

export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_EACCESS = 0x200
export const AT_REMOVEDIR = 0x200
export const AT_SYMLINK_FOLLOW = 0x400
export const AT_NO_AUTOMOUNT = 0x800
export const AT_EMPTY_PATH = 0x1000
export const AT_STATX_FORCE_SYNC = 0x2000
export const AT_STATX_DONT_SYNC = 0x4000

export const atFlags = flagTable(
  {
    AT_SYMLINK_NOFOLLOW,
    AT_SYMLINK_FOLLOW,
    AT_NO_AUTOMOUNT,
    AT_EMPTY_PATH,
    AT_STATX_FORCE_SYNC,
    AT_STATX_DONT_SYNC,
  },
  'AT_???',
)
/** statx(2) names how far to look first: AT_STATX_SYNC_AS_STAT is none of both. */
export const statxFlags: FlagTable = {
  entries: [...atFlags.entries, ['AT_RECURSIVE', 0x8000]],
  unknown: atFlags.unknown,
  choice: {
    mask: AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC,
    names: [
      ['AT_STATX_SYNC_AS_STAT', 0],
      ['AT_STATX_FORCE_SYNC', AT_STATX_FORCE_SYNC],
      ['AT_STATX_DONT_SYNC', AT_STATX_DONT_SYNC],
    ],
  },
}
export const unlinkFlags = flagTable({ AT_REMOVEDIR }, 'AT_???')
export const accessFlags = flagTable({ AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH }, 'AT_???')

export const F_OK = 0
export const R_OK = 4
export const W_OK = 2
export const X_OK = 1
export const accessModes = flagTable({ F_OK, R_OK, W_OK, X_OK }, '?_OK')

export const F_DUPFD = 0
export const F_GETFD = 1
export const F_SETFD = 2
export const F_GETFL = 3
export const F_SETFL = 4
export const F_GETLK = 5
export const F_SETLK = 6
export const F_SETLKW = 7
export const F_SETOWN = 8
export const F_GETOWN = 9
export const F_SETSIG = 10
export const F_GETSIG = 11
/** The commands of 32-bit ISAs for large files: as those of other locks, in their order. */
export const F_GETLK64 = 12
export const F_SETLK64 = 13
export const F_SETLKW64 = 14
export const F_SETOWN_EX = 15
export const F_GETOWN_EX = 16
export const F_OFD_GETLK = 36
export const F_OFD_SETLK = 37
export const F_OFD_SETLKW = 38
export const F_SETLEASE = 1024
export const F_GETLEASE = 1025
export const F_NOTIFY = 1026
export const F_DUPFD_CLOEXEC = 1030
export const F_SETPIPE_SZ = 1031
export const F_GETPIPE_SZ = 1032
export const F_ADD_SEALS = 1033
export const F_GET_SEALS = 1034
export const F_SEAL_SEAL = 1
export const F_SEAL_SHRINK = 2
export const F_SEAL_GROW = 4
export const F_SEAL_WRITE = 8
export const F_SEAL_FUTURE_WRITE = 16
export const F_SEAL_EXEC = 32
export const seals = flagTable(
  { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_EXEC },
  'F_SEAL_???',
)
export const FD_CLOEXEC = 1
export const fdFlags = flagTable({ FD_CLOEXEC }, 'FD_???')
/** struct f_owner_ex. */
export const F_OWNER_TID = 0
export const F_OWNER_PID = 1
export const F_OWNER_PGRP = 2
export const ownerTypes = flagTable({ F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP }, 'F_OWNER_???')
/** F_NOTIFY: what happens in a directory. */
export const DN_MULTISHOT = 0x80000000
export const notifyFlags = flagTable(
  {
    DN_ACCESS: 1,
    DN_MODIFY: 2,
    DN_CREATE: 4,
    DN_DELETE: 8,
    DN_RENAME: 16,
    DN_ATTRIB: 32,
    DN_MULTISHOT,
  },
  'DN_???',
)
export const fcntlCommands = flagTable(
  {
    F_DUPFD,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_SETOWN,
    F_GETOWN,
    F_SETSIG,
    F_GETSIG,
    F_GETLK64,
    F_SETLK64,
    F_SETLKW64,
    F_SETOWN_EX,
    F_GETOWN_EX,
    F_OFD_GETLK,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_SETLEASE,
    F_GETLEASE,
    F_NOTIFY,
    F_DUPFD_CLOEXEC,
    F_SETPIPE_SZ,
    F_GETPIPE_SZ,
    F_ADD_SEALS,
    F_GET_SEALS,
  },
  'F_???',
)
export const F_RDLCK = 0
export const F_WRLCK = 1
export const F_UNLCK = 2
export const lockTypes = flagTable({ F_RDLCK, F_WRLCK, F_UNLCK }, 'F_???')

export const SEEK_SET = 0
export const SEEK_CUR = 1
export const SEEK_END = 2
export const SEEK_DATA = 3
export const SEEK_HOLE = 4
export const whences = flagTable({ SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE }, 'SEEK_???')

export const RENAME_NOREPLACE = 1
export const RENAME_EXCHANGE = 2
export const RENAME_WHITEOUT = 4
export const renameFlags = flagTable({ RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT }, 'RENAME_???')

export const LOCK_SH = 1
export const LOCK_EX = 2
export const LOCK_NB = 4
export const LOCK_UN = 8
export const lockOperations = flagTable({ LOCK_SH, LOCK_EX, LOCK_UN, LOCK_NB }, 'LOCK_???')

export const NAME_MAX = 255
export const PATH_MAX = 4096
/** Symlinks followed in one path walk before ELOOP: Linux MAXSYMLINKS. */
export const SYMLINK_COUNT_MAX = 40

export const FLOCK = struct({ type: 's16', whence: 's16', start: 'long', length: 'long', pid: 's32' })
/** What 32-bit ISAs have for large files. */
export const FLOCK64 = struct({ type: 's16', whence: 's16', start: 's64', length: 's64', pid: 's32' })
