/** Attributes with a mask, birth time and mount: statx(2), Linux fs/stat.c. */

import type { ByteOrder } from '../abi/bytes.ts'
import { EFAULT, EINVAL } from '../abi/errno.ts'
import { AT_STATX_DONT_SYNC, AT_STATX_FORCE_SYNC, statxFlags } from '../abi/fcntl.ts'
import {
  major,
  minor,
  STATX__RESERVED,
  STATX_ATTR_MOUNT_ROOT,
  STATX_BASIC_STATS,
  STATX_BTIME,
  STATX_CTIME,
  STATX_MNT_ID,
  STATX_MNT_ID_UNIQUE,
  STATX_MTIME,
  statxMasks,
} from '../abi/stat.ts'
import { putU64 } from '../abi/struct.ts'
import { idsOf } from '../kernel/id-level.ts'
import type { Task } from '../kernel/task.ts'
import type { Timestamp } from '../vfs/inode.ts'
import { MOUNT_UNIQUE_ID_OFFSET } from '../vfs/mount-tree.ts'
import type { Target } from './names.ts'
import { dirfd, flags, outStruct, path, syscall } from './row.ts'
import { STAT_FLAGS, statTarget } from './stat.ts'

const STATX_SIZE = 256
const SYNC_TYPE = AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC

function sysStatx(
  task: Task,
  at: number,
  name: number,
  flagBits: number,
  mask: number,
  addr: number,
): number {
  if (mask & STATX__RESERVED || (flagBits & SYNC_TYPE) === SYNC_TYPE || flagBits & ~STAT_FLAGS) return -EINVAL
  const target = statTarget(task, at, name, flagBits)
  if (typeof target === 'number') return target
  const fresh = target.inode.refresh(task)
  if (fresh < 0) return fresh
  if (!task.mm.canWrite(addr, STATX_SIZE)) return -EFAULT
  putStatx(task, target, mask, addr)
  task.mm.stored(addr, STATX_SIZE)
  return 0
}

function putStatx(task: Task, { inode, path: at }: Target, mask: number, addr: number): void {
  const { space, model } = task.mm
  const { view, bytes } = space
  const { littleEndian } = model
  const { fs } = inode
  const ids = idsOf(task.credentials, inode)
  const uniqueId = (mask & STATX_MNT_ID_UNIQUE) !== 0
  const birth = mask & STATX_BTIME ? inode.btime : null
  let given = STATX_BASIC_STATS | (uniqueId ? STATX_MNT_ID_UNIQUE : STATX_MNT_ID) | (birth ? STATX_BTIME : 0)
  // Where times have fine grains, nobody looks at them unasked.
  const wantsTimes = !fs.hasFineTimes || (mask & (STATX_CTIME | STATX_MTIME)) !== 0
  if (!wantsTimes) given &= ~(STATX_CTIME | STATX_MTIME)
  bytes.fill(0, addr, addr + STATX_SIZE)
  view.setUint32(addr, given, littleEndian)
  view.setUint32(addr + 4, fs.blockSize, littleEndian)
  putU64(view, addr + 8, at?.isMountRoot && at.mount.attached ? STATX_ATTR_MOUNT_ROOT : 0, model)
  view.setUint32(addr + 16, inode.nlink, littleEndian)
  view.setUint32(addr + 20, task.credentials.userns.shownUid(ids.uid), littleEndian)
  view.setUint32(addr + 24, task.credentials.userns.shownGid(ids.gid), littleEndian)
  view.setUint16(addr + 28, ids.mode, littleEndian)
  putU64(view, addr + 32, inode.ino, model)
  putU64(view, addr + 40, inode.size, model)
  putU64(view, addr + 48, inode.blocks, model)
  putU64(view, addr + 56, fs.attributesKnown, model)
  putTime(view, addr + 64, inode.atime, model)
  if (birth) putTime(view, addr + 80, birth, model)
  if (wantsTimes) putTime(view, addr + 96, inode.ctime, model)
  if (wantsTimes) putTime(view, addr + 112, inode.mtime, model)
  view.setUint32(addr + 128, major(ids.rdev), littleEndian)
  view.setUint32(addr + 132, minor(ids.rdev), littleEndian)
  view.setUint32(addr + 136, major(fs.dev), littleEndian)
  view.setUint32(addr + 140, minor(fs.dev), littleEndian)
  // What has no name is on a mount of its own that nobody sees.
  const id = at ? at.mount.id : fs.dev
  putU64(view, addr + 144, uniqueId ? MOUNT_UNIQUE_ID_OFFSET + id : id, model)
}

function putTime(view: DataView, at: number, time: Timestamp, model: ByteOrder): void {
  putU64(view, at, time.sec, model)
  view.setUint32(at + 8, time.nsec, model.littleEndian)
}

export const statxRows = [
  syscall('statx', [dirfd, path, flags(statxFlags), flags(statxMasks), outStruct('statx')], sysStatx),
]
