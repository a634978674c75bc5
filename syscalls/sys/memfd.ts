/** Files in memory without a name, and seals: memfd_create(2), F_ADD_SEALS and F_GET_SEALS of fcntl(2). */

import { latin1 } from '../abi/bytes.ts'
import { EBUSY, EFAULT, EINVAL, EPERM } from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import { flagTable } from '../abi/flag-table.ts'
import { S_IFREG } from '../abi/stat.ts'
import { Tmpfs } from '../fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import { type FileDescription, RegularFile } from '../vfs/file-description.ts'
import { Dentry, Mount, Path } from '../vfs/path.ts'

const MFD_CLOEXEC = 1
const MFD_ALLOW_SEALING = 2
const MFD_NOEXEC_SEAL = 8
const MFD_EXEC = 16
/** Names are only shown, with "memfd:" before them: together a file name. */
const NAME_LENGTH_MAX = F.NAME_MAX - 'memfd:'.length

export const memfdFlags = flagTable(
  { MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB: 4, MFD_NOEXEC_SEAL, MFD_EXEC },
  'MFD_???',
)

const mounts = new WeakMap<Kernel, Mount>()

/** The file system that no name leads to; what it holds counts as files do. */
function mountOf(kernel: Kernel): Mount {
  let mount = mounts.get(kernel)
  if (!mount) {
    const fs = new Tmpfs(kernel.clock)
    fs.dev = 1
    fs.attachQuota(kernel.diskQuota)
    mount = new Mount(fs, new Dentry('', null, fs.root), 'tmpfs')
    mounts.set(kernel, mount)
  }
  return mount
}

export function sysMemfdCreate(task: Task, nameAddr: number, flagBits: number): number {
  if (flagBits & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) return -EINVAL
  if (flagBits & MFD_EXEC && flagBits & MFD_NOEXEC_SEAL) return -EINVAL
  const name = task.mm.cstring(nameAddr, NAME_LENGTH_MAX + 1)
  if (!name) return name === null ? -EFAULT : -EINVAL
  const mount = mountOf(task.kernel)
  const noExec = (flagBits & MFD_NOEXEC_SEAL) !== 0
  const { fsuid, fsgid } = task.credentials.bottom
  const inode = (mount.fs as Tmpfs).newInode(
    S_IFREG | (noExec ? 0o666 : 0o777),
    fsuid,
    fsgid,
    task.world.clock,
  )
  inode.nlink = 0
  if (noExec) inode.seals = F.F_SEAL_EXEC
  else if (flagBits & MFD_ALLOW_SEALING) inode.seals = 0
  const dentry = new Dentry(`memfd:${latin1(name)}`, null, inode)
  dentry.removed = true
  const file = new RegularFile(F.O_RDWR | F.O_LARGEFILE, new Path(mount, dentry))
  return task.fds.installNew(file, (flagBits & MFD_CLOEXEC) !== 0)
}

const SEALS_KNOWN = 0x3f

/** F_ADD_SEALS. */
export function addSeals(file: FileDescription, seals: number): number {
  const { inode } = file
  if (!file.writable) return inode.seals < 0 && !inode.isRegular ? -EINVAL : -EPERM
  if (seals & ~SEALS_KNOWN || inode.seals < 0) return -EINVAL
  if (inode.seals & F.F_SEAL_SEAL) return -EPERM
  // Who may not make it a program may not change the program either.
  const all =
    seals & F.F_SEAL_EXEC && inode.mode & 0o111
      ? seals | F.F_SEAL_SHRINK | F.F_SEAL_GROW | F.F_SEAL_WRITE | F.F_SEAL_FUTURE_WRITE
      : seals
  if (all & ~inode.seals & F.F_SEAL_WRITE && inode.mapped?.isWritable) return -EBUSY
  inode.seals |= all
  return 0
}

/** F_GET_SEALS. */
export const getSeals = (file: FileDescription): number => (file.inode.seals < 0 ? -EINVAL : file.inode.seals)
