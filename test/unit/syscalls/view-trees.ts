/**
 * Trees for the tests of views: directories in memory, what can be done to them, and what they look like. Changes go
 * through vfs/change.ts and open.ts, as a program's would.
 */

import { O_APPEND, O_RDWR } from '../../../syscalls/abi/fcntl.ts'
import { isSymlink, S_IFDIR, S_IFREG } from '../../../syscalls/abi/stat.ts'
import { LP64 } from '../../../syscalls/abi/struct.ts'
import type { World } from '../../../syscalls/engines/world.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { topOf, type ViewFs } from '../../../syscalls/fs/viewfs/viewfs.ts'
import type { Clock } from '../../../syscalls/kernel/clock.ts'
import { Credentials } from '../../../syscalls/kernel/credentials.ts'
import type { Caller } from '../../../syscalls/vfs/caller.ts'
import * as change from '../../../syscalls/vfs/change.ts'
import { RegularFile } from '../../../syscalls/vfs/file-description.ts'
import { type AttributeChange, type Inode, Timestamp } from '../../../syscalls/vfs/inode.ts'
import type { Path } from '../../../syscalls/vfs/path.ts'
import { type LastComponent, walkParent, walkPath } from '../../../syscalls/vfs/walk.ts'

/** A clock that stands until it is told. */
export class TestClock {
  sec = 1000
  nsec = 0
  readRealtime(): void {}
  /** Another one: files of the host get the times of this. */
  readonly kernelClock = null
}

export function testCaller(clock: TestClock, uid = 0): Caller {
  return {
    world: { clock: clock as unknown as Clock } as World,
    credentials: new Credentials(uid, uid),
    processId: 0,
    threadId: 0,
    memory: { model: LP64, copyOut: () => false, copyIn: () => null, getU32: () => -1, setU32: () => false },
    blockOn: () => -11,
    signalPending: () => false,
    brokenPipe: () => {},
    settle: () => -11,
  }
}

export const stamp = (sec: number, nsec = 0): Timestamp => {
  const time = new Timestamp()
  time.set(sec, nsec)
  return time
}

/** A tree and who changes it. */
export class Tree {
  readonly top: Path
  caller: Caller
  /** Whether hard links are made. */
  links = true

  constructor(top: Path, caller: Caller) {
    this.top = top
    this.caller = caller
  }

  static inMemory(caller: Caller): Tree {
    return new Tree(topOf(new Tmpfs(caller.world.clock)), caller)
  }

  static of(fs: ViewFs, caller: Caller): Tree {
    return new Tree(topOf(fs), caller)
  }

  find(name: string): Path | number {
    return name === '/' ? this.top : walkPath(this.caller, this.top, this.top, name, 0)
  }

  private at(name: string, act: (path: Path) => number): number {
    const path = this.find(name)
    return typeof path === 'number' ? path : act(path)
  }

  private last(name: string, act: (last: LastComponent) => number): number {
    const last = walkParent(this.caller, this.top, this.top, name)
    return typeof last === 'number' ? last : act(last)
  }

  mkdir(name: string, mode = 0o755): number {
    return this.last(name, (last) => change.makeDirectory(this.caller, last, S_IFDIR | mode))
  }

  mknod(name: string, mode: number, rdev = 0): number {
    return this.last(name, (last) => change.makeNode(this.caller, last, mode, rdev))
  }

  create(name: string, text = '', mode = 0o644): number {
    return this.mknod(name, S_IFREG | mode) || (text === '' ? 0 : Math.min(0, this.write(name, text)))
  }

  symlink(name: string, target: string): number {
    return this.last(name, (last) => change.makeSymlink(this.caller, last, target))
  }

  link(from: string, to: string): number {
    return this.at(from, (path) => this.last(to, (last) => change.makeLink(this.caller, path, last)))
  }

  unlink(name: string): number {
    return this.last(name, (last) => change.removeFile(this.caller, last))
  }

  rmdir(name: string): number {
    return this.last(name, (last) => change.removeDirectory(this.caller, last))
  }

  rename(from: string, to: string, flags = 0): number {
    return this.last(from, (a) => this.last(to, (b) => change.renameName(this.caller, a, b, flags)))
  }

  set(name: string, what: AttributeChange): number {
    return this.at(name, (path) => {
      if (what.size !== undefined && !path.inode.isRegular) return -21
      if (what.mode !== undefined && isSymlink(path.inode.mode)) return -95
      return path.inode.setAttributes(this.caller, what)
    })
  }

  open(name: string, flags = O_RDWR): RegularFile | number {
    const path = this.find(name)
    if (typeof path === 'number') return path
    return path.inode.isRegular ? new RegularFile(flags, path) : -21
  }

  write(name: string, text: string, pos = 0): number {
    const file = this.open(name)
    return typeof file === 'number' ? file : this.writeTo(file, text, pos, true)
  }

  append(name: string, text: string): number {
    const file = this.open(name, O_RDWR | O_APPEND)
    if (typeof file === 'number') return file
    const done = file.write(this.caller, Buffer.from(text, 'latin1'), 0, text.length)
    file.release()
    return done
  }

  writeTo(file: RegularFile, text: string, pos: number, closes = false): number {
    const done = file.writeAt(this.caller, pos, Buffer.from(text, 'latin1'), 0, text.length)
    if (closes) file.release()
    return done
  }

  setXattr(name: string, attribute: string, value: string | null): number {
    return this.at(name, ({ inode }) => {
      if (!inode.isRegular && !inode.isDirectory) return -1
      inode.xattrs ??= new Map()
      if (value === null) inode.xattrs.delete(attribute)
      else inode.xattrs.set(attribute, Uint8Array.from(Buffer.from(value)))
      return inode.attributesChanged(this.caller)
    })
  }

  read(name: string): string | number {
    const path = this.find(name)
    return typeof path === 'number' ? path : contentsOf(this.caller, path.inode)
  }

  names(name: string): string[] {
    const path = this.find(name)
    if (typeof path === 'number') throw new Error(`${name}: ${path}`)
    return namesOf(this.caller, path.inode)
  }

  /** Every name, and all that can be seen of its file. Files with several names are told by the first. */
  look(): Map<string, string> {
    const seen = new Map<string, string>()
    const firsts = new Map<number, string>()
    this.lookInto(this.top, '', seen, firsts)
    return seen
  }

  private lookInto(path: Path, name: string, seen: Map<string, string>, firsts: Map<number, string>): void {
    const { inode } = path
    inode.refresh(this.caller)
    const { mode, uid, gid, rdev, mtime } = inode
    const xattrs = [...(inode.xattrs ?? [])].map(([key, value]) => `${key}=${Buffer.from(value)}`).sort()
    const common = `${mode.toString(8)} ${uid}:${gid} ${mtime.sec}.${mtime.nsec} [${xattrs}]`
    if (inode.isDirectory) {
      seen.set(name || '/', common)
      for (const child of namesOf(this.caller, inode).sort()) {
        const found = walkPath(this.caller, this.top, path, child, 0)
        if (typeof found === 'number') seen.set(`${name}/${child}`, `listed, but ${found}`)
        else this.lookInto(found, `${name}/${child}`, seen, firsts)
      }
      return
    }
    const first = firsts.get(inode.ino) ?? name
    firsts.set(inode.ino, first)
    const contents = isSymlink(mode)
      ? inode.readlink(this.caller)
      : inode.isRegular
        ? contentsOf(this.caller, inode)
        : rdev
    seen.set(name, `${common} ${inode.size} ${first} ${JSON.stringify(contents)}`)
  }
}

/** Files of a tree in memory that have another number of names than they say. */
export function wrongLinkCounts(tree: Tree): string[] {
  const counts = new Map<Inode, string[]>()
  const visit = (path: Path, name: string): void => {
    for (const child of namesOf(tree.caller, path.inode)) {
      const found = walkPath(tree.caller, tree.top, path, child, 0) as Path
      const below = `${name}/${child}`
      if (found.inode.isDirectory) visit(found, below)
      else counts.set(found.inode, [...(counts.get(found.inode) ?? []), below])
    }
  }
  visit(tree.top, '')
  return [...counts]
    .filter(([inode, names]) => inode.nlink !== names.length)
    .map(([{ nlink }, names]) => `${names}: ${nlink}`)
}

function namesOf(caller: Caller, inode: Inode): string[] {
  const names: string[] = []
  const add = (name: string): boolean => {
    names.push(name)
    return true
  }
  const result = inode.readdir(caller, 0, { add })
  if (result < 0) throw new Error(`readdir: ${result}`)
  return names
}

function contentsOf(caller: Caller, inode: Inode): string {
  const bytes = new Uint8Array(inode.size)
  const got = inode.read(caller, 0, bytes, 0, bytes.length)
  return got < 0 ? `error ${got}` : Buffer.from(bytes.subarray(0, got)).toString('latin1')
}
