/**
 * Path walk: from a name to a Path, one component at a time. path_resolution(7), Linux fs/namei.c.
 * Path: every syscall with a name comes here; here mounts, symlinks and search permission are obeyed. Symlinks
 * are always resolved by this file, never by the host, so a link cannot lead out of what is mounted.
 */

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from '../abi/errno.ts'
import {
  NAME_MAX,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  SYMLINK_COUNT_MAX,
} from '../abi/fcntl.ts'
import { isSymlink } from '../abi/stat.ts'
import type { Caller } from './caller.ts'
import { Path } from './path.ts'
import { MAY_EXEC, permission } from './permission.ts'

/** Follow a symlink in the last component. */
export const FOLLOW = 1
/** The last component must be a directory. */
export const DIRECTORY = 2
/** This walk is not what keeps a mount from expiring: umount2(2). */
export const KEEP_EXPIRY = 4

/** How openat2(2) confines a walk: RESOLVE_* and the directory it may not leave. */
export interface WalkScope {
  readonly flags: number
  readonly base: Path
}

/** The directory that holds the last component, and that component: what create and remove need. */
export interface LastComponent {
  parent: Path
  /** Empty when the name was "/" alone. */
  name: string
  trailingSlash: boolean
}

/** How far the last component is resolved. */
const WHOLE = 0
const PARENT = 1

class Walk {
  private readonly caller: Caller
  private readonly root: Path
  private at: Path
  private readonly scope: WalkScope | null
  private linksLeft = SYMLINK_COUNT_MAX
  last = ''
  trailingSlash = false

  constructor(caller: Caller, root: Path, start: Path, scope: WalkScope | null) {
    this.caller = caller
    this.scope = scope
    this.root = root
    this.at = start
  }

  get path(): Path {
    return this.at
  }

  /** Walks `name`; 0, or an errno. With PARENT it stops before the last component and leaves it in `last`. */
  run(name: string, stop: typeof WHOLE | typeof PARENT, flags: number): number {
    if (name.charCodeAt(0) === 47) {
      if (this.scope !== null && this.scope.flags & RESOLVE_BENEATH) return -EXDEV
      this.at = this.root
      if (this.leavesMount()) return -EXDEV
    }
    const parts = name.split('/').filter((part) => part !== '')
    const trailing = name.endsWith('/') && parts.length > 0
    if (stop === PARENT) {
      this.last = parts.pop() ?? ''
      this.trailingSlash = trailing
    }
    const finalFlags = trailing ? FOLLOW | DIRECTORY : stop === PARENT ? FOLLOW : flags
    for (let i = 0; i < parts.length; i++) {
      const final = i === parts.length - 1 && stop === WHOLE
      const result = this.step(parts[i]!, final ? finalFlags : FOLLOW)
      if (result !== 0) return result
    }
    if ((stop === PARENT || finalFlags & DIRECTORY) && !this.at.inode.isDirectory) return -ENOTDIR
    if (stop === PARENT) return this.maySearch()
    return 0
  }

  private leavesMount(): boolean {
    const { scope } = this
    return scope !== null && (scope.flags & RESOLVE_NO_XDEV) !== 0 && this.at.mount !== scope.base.mount
  }

  private maySearch(): number {
    return permission(this.caller.credentials, this.at.inode, MAY_EXEC)
  }

  private step(name: string, flags: number): number {
    const directory = this.at
    if (!directory.inode.isDirectory) return -ENOTDIR
    const refused = this.maySearch()
    if (refused) return refused
    if (name === '.') return 0
    if (name === '..') {
      const { scope } = this
      if (scope !== null && scope.flags & RESOLVE_BENEATH && directory.equals(scope.base)) return -EXDEV
      const parent = directory.parent(this.root, this.caller)
      if (!parent) return -ENOENT
      this.at = parent
      return this.leavesMount() ? -EXDEV : 0
    }
    const next = lookupChild(this.caller, directory, name)
    if (typeof next === 'number') return next
    if (!isSymlink(next.inode.mode) || !(flags & FOLLOW)) {
      this.at = next
      return this.leavesMount() ? -EXDEV : 0
    }
    return this.follow(directory, next, flags)
  }

  private follow(directory: Path, link: Path, flags: number): number {
    if (this.linksLeft-- === 0) return -ELOOP
    const magic = mayFollow(this.caller, link, this.scope)
    if (typeof magic === 'number') return magic
    if (magic) {
      this.at = magic
      return this.leavesMount() ? -EXDEV : 0
    }
    const target = link.inode.readlink(this.caller)
    if (typeof target === 'number') return target
    if (target === '') return -ENOENT
    this.at = directory
    return this.run(target, WHOLE, flags)
  }
}

/** Where a magic link leads, null for an ordinary symlink, or why this walk may not follow it. */
export function mayFollow(caller: Caller, link: Path, scope: WalkScope | null): Path | number | null {
  const flags = scope === null ? 0 : scope.flags
  if (flags & RESOLVE_NO_SYMLINKS || link.mount.isNoSymlinkFollow) return -ELOOP
  const magic = link.inode.magicLink(caller)
  if (magic !== null && flags & RESOLVE_NO_MAGICLINKS) return -ELOOP
  return magic !== null && flags & (RESOLVE_BENEATH | RESOLVE_IN_ROOT) ? -EXDEV : magic
}

/** The entry `name` of a directory, through mounts; -ENOENT when it is not there. */
export function lookupChild(caller: Caller, directory: Path, name: string): Path | number {
  const found = lookupEntry(caller, directory, name)
  if (typeof found === 'number' || !found.dentry.mounts) return found
  const top = found.covered(caller)
  return top.mount.refusal || top
}

/** The entry itself, whatever is mounted on it: what unlink(2) and rename(2) are about. */
export function lookupEntry(caller: Caller, directory: Path, name: string): Path | number {
  if (name.length > NAME_MAX) return -ENAMETOOLONG
  const dentry = directory.dentry
  const ghost = dentry.ghosts === null ? null : directory.ghost(caller, name)
  if (ghost !== null) return ghost
  const known = dentry.children?.get(name)
  if (known && dentry.inode.fs.stable) return new Path(directory.mount, known)
  const inode = dentry.inode.lookup(caller, name)
  if (typeof inode !== 'number') return new Path(directory.mount, dentry.child(name, inode))
  if (inode === -ENOENT && known && !known.mounts) dentry.forget(name)
  return inode
}

/** Resolves a whole name. `flags`: FOLLOW, DIRECTORY, KEEP_EXPIRY. */
export function walkPath(
  caller: Caller,
  root: Path,
  start: Path,
  name: string,
  flags: number,
  scope: WalkScope | null = null,
): Path | number {
  if (name === '') return -ENOENT
  const walk = new Walk(caller, root, start, scope)
  const result = walk.run(name, WHOLE, flags)
  if (result !== 0) return result
  if (!(flags & KEEP_EXPIRY)) walk.path.mount.expiring = false
  return walk.path
}

/** Resolves all but the last component. */
export function walkParent(
  caller: Caller,
  root: Path,
  start: Path,
  name: string,
  scope: WalkScope | null = null,
): LastComponent | number {
  if (name === '') return -ENOENT
  const walk = new Walk(caller, root, start, scope)
  const result = walk.run(name, PARENT, FOLLOW)
  if (result !== 0) return result
  return { parent: walk.path, name: walk.last, trailingSlash: walk.trailingSlash }
}
