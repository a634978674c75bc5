/**
 * open(2)'s work: find or make the file, check permission, make the right kind of FileDescription.
 * Path: sys/file.ts → here → walk.ts, inode.create, device table, pipes.
 */

import { CAP_MKNOD } from '../abi/capability.ts'
import {
  BLOCKED,
  EACCES,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EPERM,
  EROFS,
  ETXTBSY,
  EXDEV,
} from '../abi/errno.ts'
import {
  F_SEAL_SHRINK,
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  RESOLVE_NO_XDEV,
} from '../abi/fcntl.ts'
import { IN_MODIFY, IN_OPEN } from '../abi/inotify.ts'
import {
  isSymlink,
  major,
  minor,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../abi/stat.ts'
import { idsOf, rememberMaker } from '../kernel/id-level.ts'
import type { Caller } from './caller.ts'
import type { DeviceTable } from './device.ts'
import { isExecuting } from './executing.ts'
import { DirectoryFile, type FileDescription, PathFile, RegularFile } from './file-description.ts'
import type { AttributeChange, Inode } from './inode.ts'
import { notifyMade, notifyPath } from './notify.ts'
import { Dentry, Path } from './path.ts'
import {
  MAY_READ,
  MAY_WRITE,
  mayCreate,
  modeOfNew,
  ownsFileBelow,
  pathPermission,
  setIdBitsLost,
} from './permission.ts'
import { Pipe, PipeEnd } from './pipe.ts'
import { DIRECTORY, FOLLOW, lookupChild, mayFollow, type WalkScope, walkParent, walkPath } from './walk.ts'

export interface OpenRequest {
  caller: Caller & { progressState: unknown }
  devices: DeviceTable
  root: Path
  start: Path
  name: string
  flags: number
  /** With umask applied. */
  mode: number
  /** openat2(2) only. */
  scope?: WalkScope
}

/** Flags that only matter while opening. */
const CREATION_FLAGS = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC | (O_TMPFILE & ~O_DIRECTORY)

/** A description, an errno, or BLOCKED (FIFOs, asynchronous file systems). */
export function openFile(request: OpenRequest): FileDescription | number {
  const { flags } = request
  if ((flags & O_ACCMODE) === O_ACCMODE) return -EINVAL
  if (flags & O_CREAT && flags & O_DIRECTORY) return -EINVAL
  if (flags & O_PATH) return openPathOnly(request)
  if (flags & O_TMPFILE & ~O_DIRECTORY) return openNameless(request)
  const found = flags & O_CREAT ? findOrCreate(request) : findExisting(request)
  if (typeof found === 'number') return found
  const file = openFound(request, found.path, found.created)
  if (typeof file !== 'number') {
    notifyPath(found.path, IN_OPEN)
    if (flags & O_TRUNC && !found.created && found.path.inode.isRegular) notifyPath(found.path, IN_MODIFY)
  }
  return file
}

function openPathOnly(request: OpenRequest): FileDescription | number {
  const follow = request.flags & O_NOFOLLOW ? 0 : FOLLOW
  const path = walkPath(request.caller, request.root, request.start, request.name, follow, request.scope)
  if (typeof path === 'number') return path
  if (request.flags & O_DIRECTORY && !path.inode.isDirectory) return -ENOTDIR
  return new PathFile(O_PATH | (request.flags & (O_DIRECTORY | O_NOFOLLOW)), path)
}

/** O_TMPFILE: a file in a directory without a name there, until linkat(2) gives it one. */
function openNameless(request: OpenRequest): FileDescription | number {
  const { caller, flags } = request
  if ((flags & O_TMPFILE) !== O_TMPFILE || (flags & O_ACCMODE) === O_RDONLY || flags & O_CREAT) return -EINVAL
  const { root, start, name, scope } = request
  const directory = walkPath(caller, root, start, name, FOLLOW | DIRECTORY, scope)
  if (typeof directory === 'number') return directory
  if (directory.readOnly) return -EROFS
  const refused = mayCreate(caller.credentials, directory)
  if (refused) return refused
  const mode = modeOfNew(caller.credentials, directory.inode, S_IFREG | (request.mode & 0o7777))
  const inode = directory.inode.createNameless(caller, mode, (flags & O_EXCL) === 0)
  if (typeof inode === 'number') return inode
  rememberMaker(caller.credentials, inode, directory.inode)
  const dentry = new Dentry(`#${inode.ino}`, directory.dentry, inode)
  dentry.removed = true
  return new RegularFile((flags & ~CREATION_FLAGS) | O_TMPFILE, new Path(directory.mount, dentry))
}

interface Found {
  path: Path
  created: boolean
}

function findExisting(request: OpenRequest): Found | number {
  const follow = request.flags & O_NOFOLLOW ? 0 : FOLLOW
  const path = walkPath(request.caller, request.root, request.start, request.name, follow, request.scope)
  if (typeof path === 'number') return path
  if (isSymlink(path.inode.mode)) return request.flags & O_DIRECTORY ? -ENOTDIR : -ELOOP
  return { path, created: false }
}

/** The last component may be a symlink to a name that does not exist: then that one is made. */
const LINKS_MAX = 40

function findOrCreate(request: OpenRequest): Found | number {
  const { caller, root, flags, scope = null } = request
  let start = request.start
  let name = request.name
  for (let links = 0; links < LINKS_MAX; links++) {
    const last = walkParent(caller, root, start, name, scope)
    if (typeof last === 'number') return last
    if (last.name === '') return -EISDIR
    const special = last.name === '.' || last.name === '..'
    const path = special
      ? walkPath(caller, root, start, name, FOLLOW, scope)
      : lookupChild(caller, last.parent, last.name)
    if (typeof path !== 'number') {
      if (scope && scope.flags & RESOLVE_NO_XDEV && path.mount !== scope.base.mount) return -EXDEV
      if (flags & O_EXCL) return -EEXIST
      if (!isSymlink(path.inode.mode))
        return last.trailingSlash && !path.inode.isDirectory ? -ENOTDIR : { path, created: false }
      if (flags & O_NOFOLLOW) return -ELOOP
      const magic = mayFollow(caller, path, scope)
      if (typeof magic === 'number') return magic
      if (magic) return { path: magic, created: false }
      const target = path.inode.readlink(caller)
      if (typeof target === 'number') return target
      start = last.parent
      name = target
      continue
    }
    if (path !== -ENOENT) return path
    if (last.trailingSlash) return -EISDIR
    return create(request, last.parent, last.name)
  }
  return -ELOOP
}

function create(request: OpenRequest, parent: Path, name: string): Found | number {
  const { caller } = request
  if (parent.dentry.removed) return -ENOENT
  if (parent.readOnly) return -EROFS
  const refused = mayCreate(caller.credentials, parent)
  if (refused) return refused
  const inode = parent.inode.create(
    caller,
    name,
    modeOfNew(caller.credentials, parent.inode, S_IFREG | (request.mode & 0o7777)),
    0,
  )
  if (typeof inode === 'number') return inode
  rememberMaker(caller.credentials, inode, parent.inode)
  const path = new Path(parent.mount, parent.dentry.child(name, inode))
  notifyMade(parent.inode, name, inode)
  return { path, created: true }
}

function openFound(request: OpenRequest, path: Path, created: boolean): FileDescription | number {
  const { caller, flags } = request
  const inode = path.inode
  const access = flags & O_ACCMODE
  if (inode.isDirectory) {
    if (access !== O_RDONLY || flags & O_CREAT || flags & O_TRUNC) return -EISDIR
  } else if (flags & O_DIRECTORY) return -ENOTDIR
  const ids = idsOf(caller.credentials, inode)
  const type = ids.mode & S_IFMT
  if (path.mount.isNoDev && (type === S_IFCHR || type === S_IFBLK)) return -EACCES
  if (!created) {
    const mask =
      (access !== O_WRONLY ? MAY_READ : 0) | (access !== O_RDONLY || flags & O_TRUNC ? MAY_WRITE : 0)
    const refused = pathPermission(caller.credentials, path, mask)
    if (refused) return refused
    if (flags & O_NOATIME && !ownsFileBelow(caller.credentials, inode)) return -EPERM
  }
  const kept = flags & ~CREATION_FLAGS
  switch (type) {
    case S_IFDIR:
      return new DirectoryFile(kept, path)
    case S_IFREG:
      return openRegular(request, path, inode, kept, created)
    case S_IFIFO:
      return openFifo(request, path, inode, kept)
    case S_IFCHR:
    case S_IFBLK: {
      const { rdev } = ids
      // What is a device in this view alone is opened as one by who could have made it below.
      if (inode.type === S_IFREG && !caller.credentials.bottom.capable(CAP_MKNOD)) return -EACCES
      const isBlock = type === S_IFBLK
      const own = caller.world.services.device(caller, isBlock, major(rdev), minor(rdev))
      const device = own ?? (isBlock ? undefined : request.devices.get(rdev))
      return device ? device.open(caller, kept, path, flags) : -ENXIO
    }
    case S_IFSOCK:
      return -ENXIO
    case S_IFLNK:
      return -ELOOP
    default:
      return -EACCES
  }
}

/** Files whose contents are made when they are opened (procfs) give their own description. */
export interface OpensItself {
  openFile(caller: Caller, flags: number, path: Path): FileDescription | number
}

const opensItself = (inode: Inode): inode is Inode & OpensItself => 'openFile' in inode

function openRegular(
  request: OpenRequest,
  path: Path,
  inode: Inode,
  kept: number,
  created: boolean,
): FileDescription | number {
  const { caller, flags } = request
  if (flags & O_TRUNC && inode.size > 0 && inode.seals > 0 && inode.seals & F_SEAL_SHRINK) return -EPERM
  const writes = (flags & O_ACCMODE) !== O_RDONLY
  if (writes && isExecuting(inode)) return -ETXTBSY
  if (opensItself(inode)) return inode.openFile(caller, kept, path)
  if (flags & O_TRUNC && !created && inode.size !== 0) {
    const result = inode.setAttributes(caller, sizeChange(caller, inode, 0))
    if (result < 0) return result
    inode.mapped?.truncated(0)
  }
  return new RegularFile(kept, path)
}

/** What resizing a file changes of it. */
export function sizeChange(caller: Caller, inode: Inode, size: number): AttributeChange {
  const lost = setIdBitsLost(caller.credentials, inode)
  return lost ? { size, mode: inode.mode & ~lost } : { size }
}

/** The pipe behind each FIFO inode while somebody has it open. */
const fifos = new WeakMap<Inode, Pipe>()

/** Lets a pipe be opened again by /proc/PID/fd. */
export function registerFifo(inode: Inode, pipe: Pipe): void {
  fifos.set(inode, pipe)
}

function openFifo(request: OpenRequest, path: Path, inode: Inode, kept: number): FileDescription | number {
  const { caller } = request
  let pipe = fifos.get(inode.meetingPlace)
  if (!pipe) fifos.set(inode.meetingPlace, (pipe = new Pipe()))
  const access = kept & O_ACCMODE
  const waiting = caller.progressState as { end: PipeEnd; opens: number } | null
  if (!waiting) {
    if (access === O_WRONLY && kept & O_NONBLOCK && pipe.readers === 0) return -ENXIO
    const end = new PipeEnd(pipe, kept, inode, path)
    const other = access === O_RDONLY ? pipe.writers : pipe.readers
    if (access === O_RDWR || other > 0 || kept & O_NONBLOCK) return end
    caller.progressState = { end, opens: access === O_RDONLY ? pipe.writerOpens : pipe.readerOpens }
    return waitForOther(caller, pipe, end)
  }
  const { end, opens } = waiting
  const came = (access === O_RDONLY ? pipe.writerOpens : pipe.readerOpens) !== opens
  return came ? end : waitForOther(caller, pipe, end)
}

function waitForOther(caller: Caller, pipe: Pipe, end: PipeEnd): number {
  const blocked = caller.blockOn(pipe.changed)
  // Interrupted: the half-opened end goes away again.
  if (blocked !== BLOCKED) end.release()
  return blocked
}
