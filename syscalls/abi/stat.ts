/** File types, modes, statx masks, directory entry types: <linux/stat.h>, inode(7), statx(2). */

import { flagTable } from './flag-table.ts'
import { struct } from './struct.ts'

export const S_IFMT = 0o170000
export const S_IFSOCK = 0o140000
export const S_IFLNK = 0o120000
export const S_IFREG = 0o100000
export const S_IFBLK = 0o060000
export const S_IFDIR = 0o040000
export const S_IFCHR = 0o020000
export const S_IFIFO = 0o010000
export const S_ISUID = 0o4000
export const S_ISGID = 0o2000
export const S_ISVTX = 0o1000

export const fileTypes = flagTable(
  { S_IFSOCK, S_IFLNK, S_IFREG, S_IFBLK, S_IFDIR, S_IFCHR, S_IFIFO },
  'S_IF???',
)

export const isDirectory = (mode: number): boolean => (mode & S_IFMT) === S_IFDIR
export const isRegular = (mode: number): boolean => (mode & S_IFMT) === S_IFREG
export const isSymlink = (mode: number): boolean => (mode & S_IFMT) === S_IFLNK

/** The d_type of getdents64(2). */
export const direntType = (mode: number): number => (mode & S_IFMT) >> 12

export const STATX_BASIC_STATS = 0x7ff
export const STATX_BTIME = 0x800
export const STATX_MNT_ID = 0x1000
export const STATX_MNT_ID_UNIQUE = 0x4000
export const STATX_MTIME = 0x40
export const STATX_CTIME = 0x80
export const STATX__RESERVED = 0x80000000
export const statxMasks = flagTable(
  {
    STATX_ALL: 0xfff,
    STATX_BASIC_STATS,
    STATX_TYPE: 1,
    STATX_MODE: 2,
    STATX_NLINK: 4,
    STATX_UID: 8,
    STATX_GID: 0x10,
    STATX_ATIME: 0x20,
    STATX_MTIME,
    STATX_CTIME,
    STATX_INO: 0x100,
    STATX_SIZE: 0x200,
    STATX_BLOCKS: 0x400,
    STATX_BTIME,
    STATX_MNT_ID,
    STATX_DIOALIGN: 0x2000,
    STATX_MNT_ID_UNIQUE,
    STATX_SUBVOL: 0x8000,
    STATX_WRITE_ATOMIC: 0x10000,
    STATX_DIO_READ_ALIGN: 0x20000,
  },
  'STATX_???',
)

export const STATX_ATTR_MOUNT_ROOT = 0x2000
/** STATX_ATTR_*. */
export const statxAttributes = flagTable(
  {
    STATX_ATTR_COMPRESSED: 4,
    STATX_ATTR_IMMUTABLE: 0x10,
    STATX_ATTR_APPEND: 0x20,
    STATX_ATTR_NODUMP: 0x40,
    STATX_ATTR_ENCRYPTED: 0x800,
    STATX_ATTR_AUTOMOUNT: 0x1000,
    STATX_ATTR_MOUNT_ROOT,
    STATX_ATTR_VERITY: 0x100000,
    STATX_ATTR_DAX: 0x200000,
  },
  'STATX_ATTR_???',
)
/** Every file system knows about AUTOMOUNT, MOUNT_ROOT and DAX; those that could keep them, of the others. */
export const STATX_ATTRS_COMMON = 0x203000
export const STATX_ATTRS_KEPT = 0x70

/** A device number as the kernel keeps it; stat(2) shows it through the same encoding. */
export const makedev = (major: number, minor: number): number =>
  (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)
export const major = (dev: number): number => (dev >>> 8) & 0xfff
/** `MAJOR:MINOR`; null for anything else. */
export function parseDevice(text: string): { major: number; minor: number } | null {
  const [, major, minor] = /^(\d{1,4}):(\d{1,7})$/.exec(text) ?? []
  return major === undefined ? null : { major: Number(major), minor: Number(minor) }
}

export const minor = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00)

export const UTIME_NOW = 0x3fffffff
export const UTIME_OMIT = 0x3ffffffe

export const TMPFS_MAGIC = 0x01021994
export const DEVPTS_SUPER_MAGIC = 0x1cd1
export const NSFS_MAGIC = 0x6e736673
export const PROC_SUPER_MAGIC = 0x9fa0
export const SYSFS_MAGIC = 0x62656572
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630
export const EXT4_SUPER_MAGIC = 0xef53
export const PIPEFS_MAGIC = 0x50495045
export const SOCKFS_MAGIC = 0x534f434b
export const ANON_INODE_FS_MAGIC = 0x09041934
/** As strace names them: ext4 by its first ancestor. */
export const fileSystemMagics = flagTable(
  {
    TMPFS_MAGIC,
    DEVPTS_SUPER_MAGIC,
    NSFS_MAGIC,
    PROC_SUPER_MAGIC,
    SYSFS_MAGIC,
    OVERLAYFS_SUPER_MAGIC,
    EXT2_SUPER_MAGIC: EXT4_SUPER_MAGIC,
    PIPEFS_MAGIC,
    SOCKFS_MAGIC,
    ANON_INODE_FS_MAGIC,
  },
  'FS_MAGIC_???',
)

const endOfStatfs = {
  namelen: 'word',
  frsize: 'word',
  flags: 'word',
  s0: 'word',
  s1: 'word',
  s2: 'word',
  s3: 'word',
} as const
export const STATFS = struct({
  type: 'word',
  bsize: 'word',
  blocks: 'word',
  bfree: 'word',
  bavail: 'word',
  files: 'word',
  ffree: 'word',
  fsid: 'u32',
  fsidHigh: 'u32',
  ...endOfStatfs,
})
const STATFS64_MEMBERS = {
  type: 'word',
  bsize: 'word',
  blocks: 'u64',
  bfree: 'u64',
  bavail: 'u64',
  files: 'u64',
  ffree: 'u64',
  fsid: 'u32',
  fsidHigh: 'u32',
  ...endOfStatfs,
} as const
/** What 32-bit ISAs have for large file systems. */
export const STATFS64 = struct(STATFS64_MEMBERS, {
  // Filled up to the alignment of its numbers.
  powerpc: { ...STATFS64_MEMBERS, end: 'pad32' },
})
