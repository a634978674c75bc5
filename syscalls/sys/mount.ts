/**
 * mount(2), umount2(2), pivot_root(2): new file systems, binds, moves and what each mount allows. Linux
 * fs/namespace.c, whose order of checks this follows. What they change: vfs/mount-tree.ts.
 */

import { PAGE_SIZE } from '../../emu/memory/layout.ts'
import { CAP_SYS_ADMIN } from '../abi/capability.ts'
import {
  EACCES,
  EAGAIN,
  EBUSY,
  EFAULT,
  EINVAL,
  ELOOP,
  ENAMETOOLONG,
  ENODEV,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  EPERM,
} from '../abi/errno.ts'
import { AT_FDCWD } from '../abi/fcntl.ts'
import * as M from '../abi/mount.ts'
import { NamespaceInode } from '../fs/nsfs/nsfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import { MountTree } from '../vfs/mount-tree.ts'
import type { Mount, Path } from '../vfs/path.ts'
import { makePrivate, makeShared, makeSlave } from '../vfs/propagation.ts'
import { DIRECTORY, FOLLOW, KEEP_EXPIRY } from '../vfs/walk.ts'
import { fsIsWritten, mountIsWritten } from './mount-use.ts'
import { resolve, resolveName } from './names.ts'
import { flags, path, string, syscall } from './row.ts'

/** What a mount(2) that makes or changes one says, its texts read. */
interface Request {
  task: Task
  source: string | null
  target: Path
  type: string | null
  /** MS_*. */
  flags: number
  options: string
}

/** A name or a type: absent, or as long as a path at most. */
function readText(task: Task, at: number): string | null | number {
  if (at === 0) return null
  const text = task.readPath(at)
  return text === -ENAMETOOLONG ? -EINVAL : text
}

/** A page of options, or as much of it as there is. */
function readOptions(task: Task, at: number): string | number {
  if (at === 0) return ''
  const room = task.mm.readablePrefix(at, PAGE_SIZE)
  if (room === 0) return -EFAULT
  const { bytes } = task.mm.space
  let text = ''
  for (let i = at; i < at + room && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i]!)
  return text
}

function sysMount(
  task: Task,
  sourceAddr: number,
  targetAddr: number,
  typeAddr: number,
  flagBits: number,
  dataAddr: number,
): number {
  const type = readText(task, typeAddr)
  if (typeof type === 'number') return type
  const source = readText(task, sourceAddr)
  if (typeof source === 'number') return source
  const options = readOptions(task, dataAddr)
  if (typeof options === 'number') return options
  const target = resolve(task, AT_FDCWD, targetAddr, FOLLOW)
  if (typeof target === 'number') return target
  const magic = (flagBits & M.MS_MGC_MSK) >>> 0 === M.MS_MGC_VAL
  const bits = magic ? flagBits & 0xffff : flagBits
  if (bits & M.MS_NOUSER) return -EINVAL
  if (!task.credentials.capableIn(task.view.mounts.owner, CAP_SYS_ADMIN)) return -EPERM
  const request: Request = { task, source, target, type, flags: bits, options }
  if (bits & M.MS_REMOUNT) return bits & M.MS_BIND ? remountOne(request) : remountAll(request)
  if (bits & M.MS_BIND) return bind(request)
  if (bits & (M.MS_SHARED | M.MS_PRIVATE | M.MS_SLAVE | M.MS_UNBINDABLE)) return changeType(request)
  return bits & M.MS_MOVE ? move(request) : mountNew(request)
}

/** The MNT_* flags that MS_* ask for. A remount that says nothing of access times leaves them as they are. */
function mountFlagsOf({ flags: bits, target }: Request): number {
  let made = bits & M.MS_RDONLY ? M.MNT_READONLY : 0
  for (const [ms, mnt] of M.MOUNT_OPTIONS) if (bits & ms) made |= mnt
  if (!(bits & M.MS_NOATIME)) made |= M.MNT_RELATIME
  if (bits & M.MS_STRICTATIME) made &= ~(M.MNT_RELATIME | M.MNT_NOATIME)
  const times = M.MS_NOATIME | M.MS_NODIRATIME | M.MS_RELATIME | M.MS_STRICTATIME
  if (bits & M.MS_REMOUNT && !(bits & times))
    made = (made & ~M.MNT_ATIME_MASK) | (target.mount.flags & M.MNT_ATIME_MASK)
  return made
}

/** What a remount may change: the root of a mount that is in the tree, unless the machine's owner locked it. */
function mayRemount(request: Request): number {
  const { mount } = request.target
  if (!isOwn(request.task, mount) || !request.target.isMountRoot) return -EINVAL
  return keepsLocks(mount, mountFlagsOf(request)) ? 0 : -EPERM
}

/** What is locked was so in another user namespace, or by the machine's owner. Linux can_change_locked_flags. */
function keepsLocks({ flags: now }: Mount, made: number): boolean {
  for (const [lock, flag] of M.MOUNT_LOCKS) if (now & lock && !(made & flag)) return false
  return !(now & M.MNT_LOCK_ATIME) || (now & M.MNT_ATIME_MASK) === (made & M.MNT_ATIME_MASK)
}

const setFlags = (mount: Mount, made: number): void => {
  mount.flags = made | (mount.flags & M.MNT_LOCKS)
}

/** MS_REMOUNT | MS_BIND: only what this mount allows. */
function remountOne(request: Request): number {
  const refused = mayRemount(request)
  if (refused) return refused
  const { mount } = request.target
  const becomesReadOnly = request.flags & M.MS_RDONLY && !(mount.flags & M.MNT_READONLY)
  if (becomesReadOnly && mountIsWritten(request.task.kernel, mount)) return -EBUSY
  setFlags(mount, mountFlagsOf(request))
  return 0
}

/** `size=1m,ro`: options by name, of which the VFS takes those that mean a flag of the whole file system. */
function parseOptions(text: string): { flags: number; cleared: number; own: Map<string, string> } {
  const own = new Map<string, string>()
  let bits = 0
  let cleared = 0
  for (const part of text.split(',').filter(Boolean)) {
    const [name, value = ''] = part.split(/=(.*)/s) as [string, string?]
    const shown = M.SUPER_OPTIONS.find(([, known]) => known === name)
    if (name === 'ro') bits |= M.MS_RDONLY
    else if (name === 'rw') cleared |= M.MS_RDONLY
    else if (name === 'async') cleared |= M.MS_SYNCHRONOUS
    else if (shown) bits |= shown[0]
    else own.set(name, value)
  }
  return { flags: bits, cleared, own }
}

/** MS_REMOUNT: the file system itself, wherever it is mounted, and the flags of this mount. */
function remountAll(request: Request): number {
  const refused = mayRemount(request)
  if (refused) return refused
  const { mount } = request.target
  const { fs } = mount
  const parsed = parseOptions(request.options)
  const bits = (request.flags | parsed.flags) & ~parsed.cleared
  const readOnly = (bits & M.MS_RDONLY) !== 0
  if (!readOnly && !fs.mayBecomeWritable) return -EACCES
  const { kernel } = request.task
  const result = fs.reconfigure(parsed.own)
  if (result < 0) return result
  if (readOnly && !fs.readOnly && fsIsWritten(kernel, fs)) return -EBUSY
  fs.readOnly = readOnly
  fs.superFlags = bits & M.SUPER_FLAGS
  setFlags(mount, mountFlagsOf(request))
  return 0
}

/** In the caller's mount namespace. Linux check_mnt. */
const isOwn = (task: Task, mount: Mount): boolean => mount.tree === task.view.mounts

/** Where a mount goes: on top of what is there already. */
function placeOf({ task, target }: Request): Path | number {
  const place = target.covered(null)
  if (place.removed || !place.mount.attached) return -ENOENT
  return isOwn(task, place.mount) ? place : -EINVAL
}

/** The source of a bind or a move: a name. */
function sourcePath({ task, source }: Request): Path | number {
  return source === null || source === '' ? -EINVAL : resolveName(task, AT_FDCWD, source, FOLLOW)
}

function bind(request: Request): number {
  const source = sourcePath(request)
  if (typeof source === 'number') return source
  const place = placeOf(request)
  if (typeof place === 'number') return place
  const { task } = request
  const tree = task.view.mounts
  // A namespace's file may be anywhere, but not a mount namespace's in one that is younger: it would keep itself alive.
  const namespace = source.inode instanceof NamespaceInode ? source.inode.namespace : null
  if (namespace instanceof MountTree && namespace.sequence <= tree.sequence) return -EINVAL
  if (source.mount.unbindable || !(isOwn(task, source.mount) || namespace)) return -EINVAL
  if (source.inode.isDirectory !== place.inode.isDirectory) return -ENOTDIR
  const recursive = (request.flags & M.MS_REC) !== 0
  // What a locked mount hides stays hidden.
  if (!recursive && isOwn(task, source.mount) && tree.hasLockedBelow(source)) return -EINVAL
  if (!tree.hasRoom(place, tree.boundBy(source, recursive).length)) return -ENOSPC
  tree.bind(source, place, recursive)
  return 0
}

/** Who hears of what happens on a mount, and of whom it hears. */
function changeType(request: Request): number {
  const { mount } = request.target
  if (!request.target.isMountRoot || !isOwn(request.task, mount)) return -EINVAL
  const kind = request.flags & ~(M.MS_REC | M.MS_SILENT)
  const kinds: number[] = [M.MS_SHARED, M.MS_PRIVATE, M.MS_SLAVE, M.MS_UNBINDABLE]
  if (!kinds.includes(kind)) return -EINVAL
  const changed = request.flags & M.MS_REC ? request.task.view.mounts.subtree(mount) : [mount]
  const { table } = request.task.view.mounts
  for (const one of changed) {
    if (kind === M.MS_SHARED) makeShared(one, table.newGroup)
    else if (kind === M.MS_SLAVE) makeSlave(one)
    else {
      makePrivate(one)
      one.unbindable = kind === M.MS_UNBINDABLE
    }
  }
  return 0
}

function move(request: Request): number {
  const source = sourcePath(request)
  if (typeof source === 'number') return source
  const place = placeOf(request)
  if (typeof place === 'number') return place
  const { mount } = source
  const { task } = request
  if (!source.isMountRoot || !isOwn(task, mount) || mount.flags & M.MNT_LOCKED) return -EINVAL
  if (source.inode.isDirectory !== place.inode.isDirectory) return -EINVAL
  const tree = task.view.mounts
  const moved = tree.subtree(mount)
  // Those who hear of a shared mount would have to lose it, and those of the new place could not have it.
  if (mount.at?.mount.peers) return -EINVAL
  if (place.mount.peers && moved.some(({ unbindable }) => unbindable)) return -EINVAL
  if (tree.isAncestor(mount, place.mount)) return -ELOOP
  if (place.mount.peers && !tree.hasRoom(place, moved.length)) return -ENOSPC
  tree.move(mount, place)
  return 0
}

/** Linux FS_USERNS_MOUNT. */
const USERNS_TYPES = new Set(['tmpfs', 'ramfs', 'proc', 'devpts'])

/** In a user namespace only types whose files are its own: and of /proc no more than was to be seen already. */
function mayMountType(task: Task, name: string): boolean {
  const { credentials: who, view } = task
  if (who.capable(CAP_SYS_ADMIN)) return true
  if (!USERNS_TYPES.has(name)) return false
  if (name !== 'proc') return true
  if (!who.capableIn(task.pids.owner, CAP_SYS_ADMIN)) return false
  for (const mount of view.mounts.mounts)
    if (mount.fs.type === 'proc' && mount.root === mount.fs.rootDentry && !hidesSomething(view.mounts, mount))
      return true
  return false
}

/** Whether a mount that must stay lies on a part of another. Linux mnt_already_visible. */
function hidesSomething(tree: MountTree, mount: Mount): boolean {
  for (const one of tree.mounts) if (one.at?.mount === mount && one.flags & M.MNT_LOCKED) return true
  return false
}

function mountNew(request: Request): number {
  const { task, type: typeName } = request
  const { kernel } = task
  if (typeName === null) return -EINVAL
  const type =
    task.world.services.fileSystemType(task, typeName) ??
    kernel.fileSystemTypes.find((known) => known.name === typeName)
  if (!type) {
    kernel.diagnoseOnce(`mount: file-system type ${typeName} is not known (ENODEV)`)
    return -ENODEV
  }
  if (!mayMountType(task, typeName)) return -EPERM
  const source = request.source ?? 'none'
  if (type.mountAt) {
    const place = placeOf(request)
    return typeof place === 'number' ? place : type.mountAt(task, source, place, request.options)
  }
  const parsed = parseOptions(request.options)
  const file = type.needsSource ? sourcePath(request) : null
  if (typeof file === 'number') return file
  const fs = type.mount(kernel, source, parsed.own, task, file)
  if (typeof fs === 'number') return fs
  const place = placeOf(request)
  if (typeof place === 'number') return place
  if (!place.inode.isDirectory) return -ENOTDIR
  if (!task.view.mounts.hasRoom(place, 1)) return -ENOSPC
  const bits = (request.flags | parsed.flags) & ~parsed.cleared
  // One that is mounted elsewhere too (devpts) stays as it is there.
  if (fs.rootDentry === null) {
    fs.readOnly ||= (bits & M.MS_RDONLY) !== 0
    fs.superFlags = bits & M.SUPER_FLAGS
  }
  task.view.mounts.add(fs, place, source, mountFlagsOf(request))
  return 0
}

const UMOUNT_FLAGS = M.MNT_FORCE | M.MNT_DETACH | M.MNT_EXPIRE | M.UMOUNT_NOFOLLOW

function sysUmount(task: Task, targetAddr: number, flagBits: number): number {
  if (flagBits & ~UMOUNT_FLAGS) return -EINVAL
  const follow = flagBits & M.UMOUNT_NOFOLLOW ? 0 : FOLLOW
  const found = resolve(task, AT_FDCWD, targetAddr, follow | KEEP_EXPIRY)
  if (typeof found === 'number') return found
  if (!task.credentials.capableIn(task.view.mounts.owner, CAP_SYS_ADMIN)) return -EPERM
  const target = found.covered(task)
  const { mount } = target
  if (!target.isMountRoot || !isOwn(task, mount) || mount.flags & M.MNT_LOCKED) return -EINVAL
  const { kernel } = task
  const tree = task.view.mounts
  const busy = (): boolean => mount.at === null || tree.hasChildren(mount) || tree.isBusy(mount)
  const isRoot = mount === task.fs.root.mount
  if (flagBits & M.MNT_EXPIRE) {
    if (isRoot || flagBits & (M.MNT_FORCE | M.MNT_DETACH)) return -EINVAL
    if (busy()) return -EBUSY
    if (!mount.expiring) {
      mount.expiring = true
      return -EAGAIN
    }
  }
  if (!(flagBits & M.MNT_DETACH)) {
    if (isRoot) return makeReadOnly(kernel, mount)
    if (busy()) return -EBUSY
  }
  tree.detach(mount, true)
  return 0
}

/** "Unmounting" one's own root only makes its file system read-only. */
function makeReadOnly(kernel: Kernel, mount: Mount): number {
  if (!mount.fs.readOnly && fsIsWritten(kernel, mount.fs)) return -EBUSY
  mount.fs.readOnly = true
  return 0
}

function sysPivotRoot(task: Task, topAddr: number, oldAddr: number): number {
  if (!task.credentials.capableIn(task.view.mounts.owner, CAP_SYS_ADMIN)) return -EPERM
  const top = resolve(task, AT_FDCWD, topAddr, FOLLOW | DIRECTORY)
  if (typeof top === 'number') return top
  const oldName = resolve(task, AT_FDCWD, oldAddr, FOLLOW | DIRECTORY)
  if (typeof oldName === 'number') return oldName
  const old = oldName.covered(null)
  const { root } = task.fs
  if (old.removed || !old.mount.attached) return -ENOENT
  if ([old.mount, top.mount.at?.mount, root.mount.at?.mount].some((one) => one?.peers)) return -EINVAL
  if (!isOwn(task, root.mount) || !isOwn(task, top.mount)) return -EINVAL
  if (top.mount.flags & M.MNT_LOCKED) return -EINVAL
  if (top.removed) return -ENOENT
  if (top.mount === root.mount || old.mount === root.mount) return -EBUSY
  if (!root.isMountRoot || !top.isMountRoot) return -EINVAL
  if (!old.isReachableFrom(top) || !top.isReachableFrom(root)) return -EINVAL
  const { kernel } = task
  task.view.mounts.pivot(root.mount, top.mount, old)
  // Everybody who was at the old root is at the new one now.
  for (const other of kernel.tasks.values()) {
    if (other.fs.root.equals(root)) other.fs.root = top
    if (other.fs.cwd.equals(root)) other.fs.cwd = top
  }
  return 0
}

export const mountRows = [
  syscall('mount', [path, path, string, flags(M.mountFlags), string], sysMount, 'types without a source'),
  syscall('umount2', [path, flags(M.umountFlags)], sysUmount),
  syscall('pivot_root', [path, path], sysPivotRoot),
]
