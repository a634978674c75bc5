/** Flags of mount(2) and umount2(2), and of a mount: <linux/mount.h>, mount(2), include/linux/mount.h, statfs(2). */

import { flagTable } from './flag-table.ts'

export const MS_RDONLY = 1
export const MS_NOSUID = 2
export const MS_NODEV = 4
export const MS_NOEXEC = 8
export const MS_SYNCHRONOUS = 0x10
export const MS_REMOUNT = 0x20
export const MS_MANDLOCK = 0x40
export const MS_DIRSYNC = 0x80
export const MS_NOSYMFOLLOW = 0x100
export const MS_NOATIME = 0x400
export const MS_NODIRATIME = 0x800
export const MS_BIND = 0x1000
export const MS_MOVE = 0x2000
export const MS_REC = 0x4000
export const MS_SILENT = 0x8000
export const MS_UNBINDABLE = 0x20000
export const MS_PRIVATE = 0x40000
export const MS_SLAVE = 0x80000
export const MS_SHARED = 0x100000
export const MS_RELATIME = 0x200000
export const MS_STRICTATIME = 0x1000000
export const MS_LAZYTIME = 0x2000000
export const MS_NOUSER = 0x80000000
/** What old programs put into the upper half. */
export const MS_MGC_VAL = 0xc0ed0000
export const MS_MGC_MSK = 0xffff0000

export const mountFlags = flagTable(
  {
    MS_RDONLY,
    MS_NOSUID,
    MS_NODEV,
    MS_NOEXEC,
    MS_SYNCHRONOUS,
    MS_REMOUNT,
    MS_MANDLOCK,
    MS_DIRSYNC,
    MS_NOSYMFOLLOW,
    MS_NOATIME,
    MS_NODIRATIME,
    MS_BIND,
    MS_MOVE,
    MS_REC,
    MS_SILENT,
    MS_POSIXACL: 0x10000,
    MS_UNBINDABLE,
    MS_PRIVATE,
    MS_SLAVE,
    MS_SHARED,
    MS_RELATIME,
    MS_KERNMOUNT: 0x400000,
    MS_I_VERSION: 0x800000,
    MS_STRICTATIME,
    MS_LAZYTIME,
    MS_NOREMOTELOCK: 0x8000000,
    MS_NOSEC: 0x10000000,
    MS_BORN: 0x20000000,
    MS_ACTIVE: 0x40000000,
    MS_NOUSER,
  },
  'MS_???',
)

export const MNT_FORCE = 1
export const MNT_DETACH = 2
export const MNT_EXPIRE = 4
export const UMOUNT_NOFOLLOW = 8
export const umountFlags = flagTable({ MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW }, 'MNT_???')

/** Flags of one mount, as the kernel keeps them. */
export const MNT_NOSUID = 1
export const MNT_NODEV = 2
export const MNT_NOEXEC = 4
export const MNT_NOATIME = 8
export const MNT_NODIRATIME = 0x10
export const MNT_RELATIME = 0x20
export const MNT_READONLY = 0x40
export const MNT_NOSYMFOLLOW = 0x80
export const MNT_ATIME_MASK = MNT_NOATIME | MNT_NODIRATIME | MNT_RELATIME
/** Read-only by whoever set the machine up: no program makes it writable. */
export const MNT_LOCK_READONLY = 0x400000
/** What a mount had that came from another user namespace stays as it is there. */
export const MNT_LOCK_ATIME = 0x040000
export const MNT_LOCK_NOEXEC = 0x080000
export const MNT_LOCK_NOSUID = 0x100000
export const MNT_LOCK_NODEV = 0x200000
/** And what lies below it is not shown. */
export const MNT_LOCKED = 0x800000
/** What each lock keeps set. */
export const MOUNT_LOCKS: readonly (readonly [lock: number, flag: number])[] = [
  [MNT_LOCK_READONLY, MNT_READONLY],
  [MNT_LOCK_NODEV, MNT_NODEV],
  [MNT_LOCK_NOSUID, MNT_NOSUID],
  [MNT_LOCK_NOEXEC, MNT_NOEXEC],
]
export const MNT_LOCKS =
  MNT_LOCK_READONLY | MNT_LOCK_ATIME | MNT_LOCK_NOEXEC | MNT_LOCK_NOSUID | MNT_LOCK_NODEV | MNT_LOCKED

/** How mount(2)'s flags, a mount's own, f_flags of statfs(2) and /proc's options correspond. */
export const MOUNT_OPTIONS: readonly (readonly [ms: number, mnt: number, st: number, name: string])[] = [
  [MS_NOSUID, MNT_NOSUID, 2, 'nosuid'],
  [MS_NODEV, MNT_NODEV, 4, 'nodev'],
  [MS_NOEXEC, MNT_NOEXEC, 8, 'noexec'],
  [MS_NOATIME, MNT_NOATIME, 0x400, 'noatime'],
  [MS_NODIRATIME, MNT_NODIRATIME, 0x800, 'nodiratime'],
  [MS_RELATIME, MNT_RELATIME, 0x1000, 'relatime'],
  [MS_NOSYMFOLLOW, MNT_NOSYMFOLLOW, 0x2000, 'nosymfollow'],
]

/** Flags of a whole file system that its options show. */
export const SUPER_OPTIONS: readonly (readonly [ms: number, name: string])[] = [
  [MS_SYNCHRONOUS, 'sync'],
  [MS_DIRSYNC, 'dirsync'],
  [MS_MANDLOCK, 'mand'],
  [MS_LAZYTIME, 'lazytime'],
]
export const SUPER_FLAGS = MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME

/** f_flags of statfs(2). */
export const ST_RDONLY = 1
export const ST_VALID = 0x20
/** These mean the same in mount(2) and statfs(2). */
export const ST_OF_SUPER = MS_SYNCHRONOUS | MS_MANDLOCK
export const statfsFlags = flagTable(
  {
    ST_VALID,
    ST_RDONLY,
    ST_NOSUID: 2,
    ST_NODEV: 4,
    ST_NOEXEC: 8,
    ST_SYNCHRONOUS: 0x10,
    ST_MANDLOCK: 0x40,
    ST_NOATIME: 0x400,
    ST_NODIRATIME: 0x800,
    ST_RELATIME: 0x1000,
    ST_NOSYMFOLLOW: 0x2000,
  },
  'ST_???',
)
