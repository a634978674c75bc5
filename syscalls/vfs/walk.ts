/**
 * Path walk: from a name to a Path, one component at a time. path_resolution(7), Linux fs/namei.c.
 * Path: every syscall with a name comes here; here mounts, symlinks and search permission are obeyed. Symlinks
 * are always resolved by this file, never by the host, so a link cannot lead out of what is mounted.
 */

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../abi/errno.ts'
import { NAME_MAX, SYMLINK_COUNT_MAX } from '../abi/fcntl.ts'
import { isSymlink } from '../abi/stat.ts'
import type { Caller } from './caller.ts'
import type { Inode } from './inode.ts'
import { Path } from './path.ts'
import { MAY_EXEC, permission } from './permission.ts'

/** Follow a symlink in the last component. */
export const FOLLOW = 1
/** The last component must be a directory. */
export const DIRECTORY = 2

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
  private linksLeft = SYMLINK_COUNT_MAX
  last = ''
  trailingSlash = false

  constructor(caller: Caller, root: Path, start: Path) {
    this.caller = caller
    this.root = root
    this.at = start
  }

  get path(): Path {
    return this.at
  }

  /** Walks `name`; 0, or an errno. With PARENT it stops before the last component and leaves it in `last`. */
  run(name: string, stop: typeof WHOLE | typeof PARENT, flags: number): number {
    if (name.charCodeAt(0) === 47) this.at = this.root
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
      this.at = directory.parent(this.root)
      return 0
    }
    const next = lookupChild(this.caller, directory, name)
    if (typeof next === 'number') return next
    if (!isSymlink(next.inode.mode) || !(flags & FOLLOW)) {
      this.at = next
      return 0
    }
    return this.follow(directory, next.inode, flags)
  }

  private follow(directory: Path, link: Inode, flags: number): number {
    if (this.linksLeft-- === 0) return -ELOOP
    const magic = link.magicLink(this.caller)
    if (typeof magic === 'number') return magic
    if (magic) {
      this.at = magic
      return 0
    }
    const target = link.readlink(this.caller)
    if (typeof target === 'number') return target
    if (target === '') return -ENOENT
    this.at = directory
    return this.run(target, WHOLE, flags)
  }
}

/** The entry `name` of a directory, through mounts; -ENOENT when it is not there. */
export function lookupChild(caller: Caller, directory: Path, name: string): Path | number {
  if (name.length > NAME_MAX) return -ENAMETOOLONG
  const dentry = directory.dentry
  const fs = dentry.inode.fs
  const known = dentry.children?.get(name)
  if (known && fs.stable)
    return known.mounts ? new Path(directory.mount, known).covered() : new Path(directory.mount, known)
  const inode = dentry.inode.lookup(caller, name)
  if (typeof inode === 'number') {
    if (inode === -ENOENT && known && !known.mounts) dentry.forget(name)
    return inode
  }
  const child = dentry.child(name, inode)
  const path = new Path(directory.mount, child)
  return child.mounts ? path.covered() : path
}

/** Resolves a whole name. `flags`: FOLLOW, DIRECTORY. */
export function walkPath(
  caller: Caller,
  root: Path,
  start: Path,
  name: string,
  flags: number,
): Path | number {
  if (name === '') return -ENOENT
  const walk = new Walk(caller, root, start)
  const result = walk.run(name, WHOLE, flags)
  return result === 0 ? walk.path : result
}

/** Resolves all but the last component. */
export function walkParent(caller: Caller, root: Path, start: Path, name: string): LastComponent | number {
  if (name === '') return -ENOENT
  const walk = new Walk(caller, root, start)
  const result = walk.run(name, PARENT, FOLLOW)
  if (result !== 0) return result
  return { parent: walk.path, name: walk.last, trailingSlash: walk.trailingSlash }
}
