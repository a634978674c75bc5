/**
 * nsfs: namespaces as files. An open file, or a bind of one, keeps its namespace alive. namespaces(7),
 * ioctl_nsfs(2), Linux fs/nsfs.c.
 * Path: the links of /proc/PID/ns lead here; setns(2) takes what was opened.
 */

import { EFAULT, EINVAL, ENOTTY, EPERM, ESPIPE } from '../../abi/errno.ts'
import { NS_GET_NSTYPE, NS_GET_OWNER_UID, NS_GET_PARENT, NS_GET_USERNS } from '../../abi/namespace.ts'
import { NSFS_MAGIC, S_IFDIR, S_IFREG } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { NAMESPACE_FLAGS, Namespace, type NamespaceKind } from '../../kernel/namespace.ts'
import { PidNamespace } from '../../kernel/pid-namespace.ts'
import { Task } from '../../kernel/task.ts'
import { FIRST_USER_NAMESPACE, UserNamespace } from '../../kernel/user-namespace.ts'
import type { Caller } from '../../vfs/caller.ts'
import { type FileDescription, RegularFile } from '../../vfs/file-description.ts'
import { FileSystem, Inode, type StatFs } from '../../vfs/inode.ts'
import type { OpensItself } from '../../vfs/open.ts'
import { Dentry, Mount, Path } from '../../vfs/path.ts'

/** What the first namespaces of a machine have as inode numbers. */
const FIRST_NUMBERS: Readonly<Record<NamespaceKind, number>> = {
  mnt: 0xeffffff8,
  net: 0xeffffff9,
  time: 0xeffffffa,
  cgroup: 0xeffffffb,
  pid: 0xeffffffc,
  user: 0xeffffffd,
  uts: 0xeffffffe,
  ipc: 0xefffffff,
}
/** And all others from here on. */
const NEXT_NUMBER = 0xf0000000

/** One of which there is no other. */
class OnlyNamespace extends Namespace {
  readonly kind: NamespaceKind

  constructor(kind: NamespaceKind) {
    super()
    this.kind = kind
  }
}

class NsFs extends FileSystem {
  override readonly keepsOwners = false
  readonly type = 'nsfs'
  readonly root: Inode = new NsRoot(this)
  private readonly only = new Map<NamespaceKind, Namespace>()
  private readonly paths = new WeakMap<Namespace, Path>()
  /** Where its files are until somebody binds them. */
  private readonly mount = new Mount(this, new Dentry('', null, this.root), 'nsfs', 0)
  private nextNumber = NEXT_NUMBER

  constructor(kernel: Kernel) {
    super()
    this.dev = kernel.mountTree.table.newDev()
    const { uts, ipc, pids } = kernel.world
    for (const first of [kernel.mountTree, uts, ipc, pids, FIRST_USER_NAMESPACE])
      this.makePath(first, FIRST_NUMBERS[first.kind])
  }

  statfs(): StatFs {
    return { type: NSFS_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }

  onlyOf(kind: NamespaceKind): Namespace {
    let only = this.only.get(kind)
    if (!only) {
      this.only.set(kind, (only = new OnlyNamespace(kind)))
      this.makePath(only, FIRST_NUMBERS[kind])
    }
    return only
  }

  pathOf(namespace: Namespace): Path {
    return this.paths.get(namespace) ?? this.makePath(namespace, this.nextNumber++)
  }

  private makePath(namespace: Namespace, number: number): Path {
    const inode = new NamespaceInode(this, namespace, number)
    const path = new Path(this.mount, new Dentry(inode.label, null, inode))
    this.paths.set(namespace, path)
    return path
  }
}

class NsRoot extends Inode {
  readonly fs: FileSystem

  constructor(fs: FileSystem) {
    super(S_IFDIR | 0o755)
    this.fs = fs
    this.ino = 1
  }
}

export class NamespaceInode extends Inode implements OpensItself {
  readonly fs: NsFs
  readonly namespace: Namespace

  constructor(fs: NsFs, namespace: Namespace, number: number) {
    super(S_IFREG | 0o444)
    this.fs = fs
    this.ino = number
    this.namespace = namespace
  }

  /** `mnt:[4026531840]`. */
  get label(): string {
    return `${this.namespace.kind}:[${this.ino}]`
  }

  override get isImmutable(): boolean {
    return true
  }

  override get holdsMountTree(): boolean {
    return this.namespace.kind === 'mnt'
  }

  openFile(_caller: Caller, flags: number, path: Path): FileDescription {
    return new NamespaceFile(flags, path, this.namespace)
  }

  override setAttributes(): number {
    return -EPERM
  }

  override opened(): void {
    super.opened()
    this.namespace.hold()
  }

  override released(): void {
    super.released()
    this.namespace.drop()
  }
}

/** An open namespace. */
export class NamespaceFile extends RegularFile {
  readonly namespace: Namespace

  constructor(flags: number, path: Path, namespace: Namespace) {
    super(flags, path)
    this.namespace = namespace
  }

  override seek(): number {
    return -ESPIPE
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    const { kind } = this.namespace
    switch (request) {
      case NS_GET_NSTYPE:
        return NAMESPACE_FLAGS[kind]
      case NS_GET_USERNS:
        return ownerOf(caller, this.namespace)
      case NS_GET_PARENT:
        return parentOf(caller, this.namespace)
      case NS_GET_OWNER_UID:
        return putOwner(caller, this.namespace, argument)
      default:
        return -ENOTTY
    }
  }
}

/** NS_GET_USERNS: the user namespace that owns one, not above the caller's own. */
function ownerOf(caller: Caller, namespace: Namespace): number {
  const owner =
    namespace instanceof UserNamespace ? namespace.parent : (namespace.owner ?? FIRST_USER_NAMESPACE)
  if (!owner || !(caller instanceof Task)) return -EPERM
  for (let one: UserNamespace | null = owner; one; one = one.parent)
    if (one === caller.credentials.userns) return openNamespace(caller, owner)
  return -EPERM
}

/** NS_GET_OWNER_UID. */
function putOwner(caller: Caller, namespace: Namespace, at: number): number {
  if (!(namespace instanceof UserNamespace)) return -EINVAL
  const uid = caller.credentials.userns.shownUid(namespace.ownerUid)
  return caller.memory.setU32(at, uid) ? 0 : -EFAULT
}

/** NS_GET_PARENT: not for one above what the caller is in. */
function parentOf(caller: Caller, namespace: Namespace): number {
  if (namespace instanceof UserNamespace) return ownerOf(caller, namespace)
  if (!(namespace instanceof PidNamespace)) return -EINVAL
  const { parent } = namespace
  return parent && caller instanceof Task && caller.pids.isAbove(parent)
    ? openNamespace(caller, parent)
    : -EPERM
}

const instances = new WeakMap<Kernel, NsFs>()

function nsfsOf(kernel: Kernel): NsFs {
  let fs = instances.get(kernel)
  if (!fs) instances.set(kernel, (fs = new NsFs(kernel)))
  return fs
}

/** The namespace of a kind that there is only one of. */
export const onlyNamespace = (kernel: Kernel, kind: NamespaceKind): Namespace => nsfsOf(kernel).onlyOf(kind)

/** Its file. */
export const namespacePath = (kernel: Kernel, namespace: Namespace): Path => nsfsOf(kernel).pathOf(namespace)

/** A new descriptor of its file. */
function openNamespace(task: Task, namespace: Namespace): number {
  const path = namespacePath(task.kernel, namespace)
  return task.fds.installNew(new NamespaceFile(0, path, namespace), true)
}
