/**
 * Attributes: stat(2), access(2), chmod(2), chown(2), utimensat(2), umask(2).
 * statx(2) is statx.ts, statfs(2) statfs.ts.
 */

import type { StatFields } from '../abi/arch/arch.ts'
import { CAP_CHOWN, CAP_FSETID, XATTR_NAME_CAPS } from '../abi/capability.ts'
import { EACCES, EBADF, EFAULT, EINVAL, EOPNOTSUPP, EOVERFLOW, EPERM, EROFS } from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import { IN_ATTRIB } from '../abi/inotify.ts'
import { isSymlink, S_ISGID, S_ISUID, UTIME_NOW, UTIME_OMIT } from '../abi/stat.ts'
import { type Struct, struct } from '../abi/struct.ts'
import { TIMESPEC, TIMEVAL } from '../abi/time.ts'
import { idsOf } from '../kernel/id-level.ts'
import type { Task } from '../kernel/task.ts'
import { NO_ID } from '../kernel/user-namespace.ts'
import { type AttributeChange, type Inode, Timestamp } from '../vfs/inode.ts'
import { notifyPath } from '../vfs/notify.ts'
import { MAY_WRITE, ownsFile, ownsFileBelow, permission } from '../vfs/permission.ts'
import { FOLLOW } from '../vfs/walk.ts'
import { resolveName, resolveTarget, type Target, targetOf, targetOfFd, targetOfOpen } from './names.ts'
import { dirfd, fd, flags, inStruct, int, mode, outStruct, path, syscall } from './row.ts'

/** Filled again for every call: stat allocates nothing. */
/** `ino32`: the lower half of the inode's number, which some structures have besides. */
const stat: StatFields & { ino32: number } = {
  dev: 0,
  ino: 0,
  ino32: 0,
  mode: 0,
  nlink: 0,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 0,
  blockSize: 4096,
  blocks: 0,
  atimeSec: 0,
  atimeNsec: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  ctimeSec: 0,
  ctimeNsec: 0,
}

function fillStat(task: Task, inode: Inode): number {
  const fresh = inode.refresh(task)
  if (fresh < 0) return fresh
  stat.dev = inode.fs.dev
  stat.ino = inode.ino
  stat.ino32 = inode.ino
  const ids = idsOf(task.credentials, inode)
  stat.mode = ids.mode
  stat.nlink = inode.nlink
  const { userns } = task.credentials
  stat.uid = userns.shownUid(ids.uid)
  stat.gid = userns.shownGid(ids.gid)
  stat.rdev = ids.rdev
  stat.size = inode.size
  stat.blockSize = inode.fs.blockSize
  stat.blocks = inode.blocks
  stat.atimeSec = inode.atime.sec
  stat.atimeNsec = inode.atime.nsec
  stat.mtimeSec = inode.mtime.sec
  stat.mtimeNsec = inode.mtime.nsec
  stat.ctimeSec = inode.ctime.sec
  stat.ctimeNsec = inode.ctime.nsec
  return 0
}

/** What the older structures of 32-bit ISAs can tell. */
const SMALL_SIZE_MAX = 2 ** 31 - 1

function putStat(task: Task, inode: Inode, addr: number): number {
  const filled = fillStat(task, inode)
  if (filled < 0) return filled
  const { model } = task.call
  if (model.offsetSize === 4 && stat.size > SMALL_SIZE_MAX) return -EOVERFLOW
  return task.mm.putStruct(task.mm.arch.stat(model).of(model), addr, stat) ? 0 : -EFAULT
}

function statName(task: Task, at: number, name: number, addr: number, flagBits: number): number {
  const target = statTarget(task, at, name, flagBits)
  return typeof target === 'number' ? target : putStat(task, target.inode, addr)
}

function sysFstat(task: Task, fdNumber: number, addr: number): number {
  const file = task.fds.get(fdNumber)
  return file ? putStat(task, file.inode, addr) : -EBADF
}

/** What a call of the family is about: with AT_EMPTY_PATH a null name is as good as an empty one. */
export function statTarget(task: Task, at: number, name: number, flagBits: number): Target | number {
  if (name === 0 && flagBits & F.AT_EMPTY_PATH)
    return at === F.AT_FDCWD ? targetOf(task.fs.cwd) : targetOfFd(task, at)
  return resolveTarget(task, at, name, flagBits, !(flagBits & F.AT_SYMLINK_NOFOLLOW))
}

/** The AT_STATX_SYNC_TYPE bits mean nothing to file systems that are always in step. */
export const STAT_FLAGS =
  F.AT_SYMLINK_NOFOLLOW | F.AT_NO_AUTOMOUNT | F.AT_EMPTY_PATH | F.AT_STATX_FORCE_SYNC | F.AT_STATX_DONT_SYNC

function sysNewfstatat(task: Task, at: number, name: number, addr: number, flagBits: number): number {
  return flagBits & ~STAT_FLAGS ? -EINVAL : statName(task, at, name, addr, flagBits)
}

function accessName(task: Task, at: number, name: number, modeBits: number, flagBits: number): number {
  if (modeBits & ~7 || flagBits & ~(F.AT_EACCESS | F.AT_SYMLINK_NOFOLLOW | F.AT_EMPTY_PATH)) return -EINVAL
  const text = task.readPath(name)
  if (typeof text === 'number') return text
  let target: Target | number
  if (text === '' && flagBits & F.AT_EMPTY_PATH)
    target = at === F.AT_FDCWD ? targetOf(task.fs.cwd) : targetOfFd(task, at)
  else {
    const found = resolveName(task, at, text, flagBits & F.AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW)
    target = typeof found === 'number' ? found : targetOf(found)
  }
  if (typeof target === 'number') return target
  if (modeBits & F.X_OK && target.inode.isRegular && target.path?.mount.isNoExec) return -EACCES
  if (modeBits & F.W_OK && target.readOnly && (target.inode.isRegular || target.inode.isDirectory))
    return -EROFS
  const who = flagBits & F.AT_EACCESS ? task.credentials : task.credentials.ofRealIds()
  return permission(who, target.inode, modeBits)
}

function change(task: Task, target: Target, what: AttributeChange): number {
  if (target.readOnly) return -EROFS
  const result = target.inode.setAttributes(task, what)
  if (result >= 0 && target.path) notifyPath(target.path, IN_ATTRIB)
  return result
}

/** Permissions are changed below where that is allowed, else this level remembers them. */
function changePermissions(task: Task, target: Target, bits: number): number {
  const { below, level } = task.credentials
  if (below !== null && !ownsFileBelow(below, target.inode)) {
    level!.remember(target.inode, { permissions: bits })
    return 0
  }
  level?.forgetPermissions(target.inode)
  return change(task, target, { mode: bits })
}

/** An owner on a level above the lowest is only remembered there. */
function changeOwner(task: Task, target: Target, what: AttributeChange): number {
  const { level } = task.credentials
  if (level === null || !target.inode.fs.keepsOwners) return change(task, target, what)
  const { uid, gid, mode: bits } = what
  level.remember(target.inode, {
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  return bits === undefined ? 0 : changePermissions(task, target, bits)
}

function sysFchmodat2(task: Task, at: number, name: number, modeBits: number, flagBits: number): number {
  if (flagBits & ~(F.AT_SYMLINK_NOFOLLOW | F.AT_EMPTY_PATH)) return -EINVAL
  const target = resolveTarget(task, at, name, flagBits, !(flagBits & F.AT_SYMLINK_NOFOLLOW))
  return chmodTarget(task, target, modeBits)
}

function chmodTarget(task: Task, target: Target | number, modeBits: number): number {
  if (typeof target === 'number') return target
  const { inode } = target
  if (target.readOnly) return -EROFS
  if (isSymlink(inode.mode)) return -EOPNOTSUPP
  if (!ownsFile(task.credentials, inode)) return -EPERM
  let bits = modeBits & 0o7777
  if (inode.seals > 0 && inode.seals & F.F_SEAL_EXEC && (inode.mode ^ bits) & 0o111) return -EPERM
  // Only members of the file's group may leave the set-group-id bit on.
  const ids = idsOf(task.credentials, inode)
  if (!task.credentials.inGroup(ids.gid) && !task.credentials.capableOver(ids, CAP_FSETID)) bits &= ~S_ISGID
  return changePermissions(task, target, bits)
}

function chownTarget(task: Task, target: Target | number, uid: number, gid: number): number {
  if (typeof target === 'number') return target
  const { inode } = target
  const who = task.credentials
  if (target.readOnly) return -EROFS
  const newUid = uid === -1 ? -1 : who.userns.uids.inward(uid >>> 0)
  const newGid = gid === -1 ? -1 : who.userns.gids.inward(gid >>> 0)
  if ((uid !== -1 && newUid === NO_ID) || (gid !== -1 && newGid === NO_ID)) return -EINVAL
  const old = idsOf(who, inode)
  if (!who.capableOver(old, CAP_CHOWN)) {
    const isOwn = who.fsuid === old.uid
    if (newUid !== -1 && !(isOwn && newUid >>> 0 === old.uid)) return -EPERM
    const gidMay = newGid >>> 0 === old.gid || who.inGroup(newGid >>> 0)
    if (newGid !== -1 && !(isOwn && gidMay)) return -EPERM
  }
  const what: AttributeChange = {}
  if (newUid !== -1) what.uid = newUid >>> 0
  if (newGid !== -1) what.gid = newGid >>> 0
  // Changing the owner of a program takes its set-id bits away.
  if (!inode.isDirectory && old.mode & (S_ISUID | S_ISGID)) {
    const group =
      old.mode & 0o010 || !(who.inGroup(old.gid) || who.capableOver(old, CAP_FSETID)) ? S_ISGID : 0
    what.mode = old.mode & 0o7777 & ~(S_ISUID | group)
  }
  if (!inode.isDirectory) inode.xattrs?.delete(XATTR_NAME_CAPS)
  return changeOwner(task, target, what)
}

function sysFchownat(
  task: Task,
  at: number,
  name: number,
  uid: number,
  gid: number,
  flagBits: number,
): number {
  if (flagBits & ~(F.AT_SYMLINK_NOFOLLOW | F.AT_EMPTY_PATH)) return -EINVAL
  return chownTarget(
    task,
    resolveTarget(task, at, name, flagBits, !(flagBits & F.AT_SYMLINK_NOFOLLOW)),
    uid,
    gid,
  )
}

interface Times {
  atime: Timestamp | null
  mtime: Timestamp | null
  /** Both "now": write permission is enough. */
  now: boolean
  /** Nanoseconds that are none. */
  wrong?: boolean
}

function setTimes(task: Task, target: Target | number, times: Times): number {
  if (typeof target === 'number') return target
  if (times.wrong) return -EINVAL
  if (target.readOnly) return -EROFS
  const { inode } = target
  if (!ownsFileBelow(task.credentials, inode)) {
    if (!times.now) return -EPERM
    if (permission(task.credentials, inode, MAY_WRITE)) return -EACCES
  }
  const what: AttributeChange = {}
  if (times.atime) what.atime = times.atime
  if (times.mtime) what.mtime = times.mtime
  return change(task, target, what)
}

function now(task: Task): Timestamp {
  const time = new Timestamp()
  time.setNow(task.world.clock)
  return time
}

const nowTimes = (task: Task): Times => ({ atime: now(task), mtime: now(task), now: true })

/** Two structures one behind the other: access and modification. Null is EFAULT. */
function getTwo<T extends object>(task: Task, struct: Struct<T>, addr: number): [T, T] | null {
  const { sizeBytes } = struct.of(task.call.model)
  const access = task.getStruct(struct, addr)
  const modification = task.getStruct(struct, addr + sizeBytes)
  return access && modification ? [access, modification] : null
}

function readTimespecs(task: Task, addr: number): Times | number {
  if (addr === 0) return nowTimes(task)
  const given = getTwo(task, TIMESPEC, addr)
  if (!given) return -EFAULT
  const times: Times = { atime: null, mtime: null, now: true }
  for (const [i, key] of (['atime', 'mtime'] as const).entries()) {
    const { sec, nsec } = given[i]!
    if (nsec === UTIME_OMIT) {
      times.now = false
      continue
    }
    if (nsec === UTIME_NOW) {
      times[key] = now(task)
      continue
    }
    if (nsec < 0 || nsec >= 1e9) times.wrong = true
    times[key] = new Timestamp()
    times[key]!.set(sec, nsec)
    times.now = false
  }
  return times
}

function sysUtimensat(task: Task, at: number, name: number, timesAddr: number, flagBits: number): number {
  const times = readTimespecs(task, timesAddr)
  if (typeof times === 'number') return times
  // Nothing to set: not even the name is looked at.
  if (!times.atime && !times.mtime) return 0
  // futimens(3): a null name means the descriptor itself.
  if (name === 0 && at !== F.AT_FDCWD)
    return flagBits ? -EINVAL : setTimes(task, targetOfOpen(task, at), times)
  if (flagBits & ~(F.AT_SYMLINK_NOFOLLOW | F.AT_EMPTY_PATH)) return -EINVAL
  return setTimes(task, resolveTarget(task, at, name, flagBits, !(flagBits & F.AT_SYMLINK_NOFOLLOW)), times)
}

const UTIMBUF = struct({ access: 'time', modification: 'time' })

/** utimes(2) has microseconds, utime(2) seconds. */
function sysUtimes(task: Task, at: number, name: number, addr: number): number {
  let times: Times = nowTimes(task)
  if (addr !== 0) {
    const given = getTwo(task, TIMEVAL, addr)
    if (!given) return -EFAULT
    times = { atime: new Timestamp(), mtime: new Timestamp(), now: false }
    for (const [i, { sec, usec }] of given.entries()) {
      if (usec < 0 || usec >= 1e6) return -EINVAL
      ;(i === 1 ? times.mtime! : times.atime!).set(sec, usec * 1000)
    }
  }
  return setTimes(task, resolveTarget(task, at, name, 0, true), times)
}

function sysUtime(task: Task, name: number, addr: number): number {
  let times: Times = nowTimes(task)
  if (addr !== 0) {
    const given = task.getStruct(UTIMBUF, addr)
    if (!given) return -EFAULT
    times = { atime: new Timestamp(), mtime: new Timestamp(), now: false }
    times.atime!.set(given.access, 0)
    times.mtime!.set(given.modification, 0)
  }
  return setTimes(task, resolveTarget(task, F.AT_FDCWD, name, 0, true), times)
}

function sysUmask(task: Task, mask: number): number {
  const old = task.fs.umask
  task.fs.umask = mask & 0o777
  return old
}

const AT = F.AT_FDCWD
const NOFOLLOW = F.AT_SYMLINK_NOFOLLOW

export const statRows = [
  syscall('stat', [path, outStruct('stat')], (task, n, s) => statName(task, AT, n, s, 0)),
  syscall('lstat', [path, outStruct('stat')], (task, n, s) => statName(task, AT, n, s, NOFOLLOW)),
  syscall('fstat', [fd, outStruct('stat')], sysFstat),
  syscall('newfstatat', [dirfd, path, outStruct('stat'), flags(F.atFlags)], sysNewfstatat),
  syscall('access', [path, flags(F.accessModes)], (task, n, m) => accessName(task, AT, n, m, 0)),
  syscall('faccessat', [dirfd, path, flags(F.accessModes)], (task, d, n, m) => accessName(task, d, n, m, 0)),
  syscall('faccessat2', [dirfd, path, flags(F.accessModes), flags(F.accessFlags)], accessName),
  syscall('chmod', [path, mode], (task, n, m) => chmodTarget(task, resolveTarget(task, AT, n, 0, true), m)),
  syscall('fchmod', [fd, mode], (task, f, m) => chmodTarget(task, targetOfOpen(task, f), m)),
  syscall('fchmodat', [dirfd, path, mode], (task, d, n, m) =>
    chmodTarget(task, resolveTarget(task, d, n, 0, true), m),
  ),
  syscall('fchmodat2', [dirfd, path, mode, flags(F.atFlags)], sysFchmodat2),
  syscall('chown', [path, int, int], (task, n, u, g) => sysFchownat(task, AT, n, u, g, 0)),
  syscall('lchown', [path, int, int], (task, n, u, g) => sysFchownat(task, AT, n, u, g, NOFOLLOW)),
  syscall('fchown', [fd, int, int], (task, f, u, g) => chownTarget(task, targetOfOpen(task, f), u, g)),
  syscall('fchownat', [dirfd, path, int, int, flags(F.atFlags)], sysFchownat),
  syscall('utimensat', [dirfd, path, inStruct('timespecPair'), flags(F.atFlags)], sysUtimensat),
  syscall('futimesat', [dirfd, path, inStruct('timevalPair')], sysUtimes),
  syscall('utimes', [path, inStruct('timevalPair')], (task, n, t) => sysUtimes(task, AT, n, t)),
  syscall('utime', [path, inStruct('long')], sysUtime),
  syscall('umask', [mode], sysUmask),
]
