/**
 * What /proc/PID and /proc/PID/task/TID hold: proc(5). Each file is text made at the moment of reading; task-files.ts
 * lists them. Here are the directories, links and what is no text.
 */

import { EACCES, ENOENT, EPERM } from '../../abi/errno.ts'
import { O_CLOEXEC } from '../../abi/fcntl.ts'
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import { SUID_DUMP_USER } from '../../kernel/change-credentials.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { FSCREDS, mayAccess } from '../../kernel/ptrace-access.ts'
import type { Task } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import { Dentry, Mount, Path } from '../../vfs/path.ts'
import { MemoryNode } from './memory-file.ts'
import { pathName } from './memory-maps.ts'
import { namespaceEntries } from './namespaces.ts'
import { netEntries } from './net.ts'
import { type KernelFs, ProcDirectory, type ProcEntry, ProcFile, type ProcInode, ProcLink } from './nodes.ts'
import { childrenText } from './process-state.ts'
import { TASK_FILES } from './task-files.ts'

/** Inode numbers: a range for each process. */
const INO_PER_PROCESS = 0x10000
const FD_INO = 0x1000
const CHILDREN_INO = 0x200
const NET_INO = 0x7e00
const NAMESPACE_INO = 0x7f00

/** How a descriptor is shown, and where its link leads. */
function fdTarget(task: Task, file: FileDescription): string {
  return file.path ? pathName(task, file.path) : file.label
}

function fdPath(file: FileDescription): Path {
  if (file.path) return file.path
  const dentry = new Dentry(file.label, null, file.inode)
  return new Path(new Mount(file.inode.fs, dentry, 'none'), dentry)
}

/** 0 when the caller may look into this task, or -EACCES. */
function mayInspect(caller: Caller, task: Task | undefined): number {
  return !task || mayAccess(caller.credentials, caller.processId, task, FSCREDS) ? 0 : -EACCES
}

/** The directory of one process. */
export class ProcessDirectory extends ProcDirectory {
  readonly group: ThreadGroup

  constructor(fs: KernelFs, kernel: Kernel, group: ThreadGroup) {
    const base = (group.pid + 16) * INO_PER_PROCESS
    super(fs, base, () =>
      kernel.groups.get(group.pid) === group
        ? [...taskEntries(fs, kernel, group, group.leader, base), taskDirectory(fs, kernel, group, base)]
        : [],
    )
    this.group = group
  }
}

/** The directory of a thread under its own number: it can be named, but is not listed. */
export function threadDirectory(
  fs: KernelFs,
  kernel: Kernel,
  number: number,
  caller: Caller,
): ProcDirectory | null {
  const tid = fs.pids.machinePid(number)
  const task = kernel.tasks.get(tid)
  if (!task || caller.world.reach?.(task.group) === false) return null
  const { group } = task
  const base = (group.pid + 16) * INO_PER_PROCESS
  return new ProcDirectory(fs, base + 0x8000 + (tid % 0x4000), () => [
    ...taskEntries(fs, kernel, group, task, base),
    taskDirectory(fs, kernel, group, base),
  ])
}

/** /proc/PID/task: as /proc/PID for each thread. */
function taskDirectory(fs: KernelFs, kernel: Kernel, group: ThreadGroup, base: number): ProcEntry {
  const list = (): ProcEntry[] =>
    group.tasks.map((member) => {
      const ino = base + 0x8000 + (member.tid % 0x4000)
      const list = (): ProcEntry[] => [...taskEntries(fs, kernel, group, member, ino), children(member, ino)]
      const make = (): ProcDirectory => own(group, new ProcDirectory(fs, ino, list))
      return { name: String(fs.pids.shown(member.tid)), ino, mode: S_IFDIR | 0o555, make }
    })
  const children = (member: Task, above: number): ProcEntry => {
    const ino = above + CHILDREN_INO
    const make = (): ProcFile => own(group, new ProcFile(fs, ino, () => childrenText(member, group, fs.pids)))
    return { name: 'children', ino, mode: S_IFREG | 0o444, make }
  }
  const ino = base + 0x7fff
  return {
    name: 'task',
    ino,
    mode: S_IFDIR | 0o555,
    make: () => own(group, new ProcDirectory(fs, ino, list)),
  }
}

/** A directory that its process reads whoever the owner is. Linux proc_fd_permission. */
class OwnDirectory extends ProcDirectory {
  private readonly group: ThreadGroup

  constructor(fs: KernelFs, ino: number, list: () => ProcEntry[], group: ThreadGroup) {
    super(fs, ino, list)
    this.group = group
  }

  override admits(who: Credentials): boolean {
    return this.group.tasks.some((task) => task.credentials === who)
  }
}

/** What describes one task: the leader's stands for the process. */
function taskEntries(
  fs: KernelFs,
  kernel: Kernel,
  group: ThreadGroup,
  task: Task | undefined,
  base: number,
): ProcEntry[] {
  let next = base
  const entry = (name: string, mode: number, make: (ino: number) => ProcInode): ProcEntry => {
    const ino = ++next
    return { name, ino, mode, make: () => own(group, make(ino)) }
  }
  const inspects = (caller: Caller): number => mayInspect(caller, task)
  const of = { kernel, pids: fs.pids, group, task }
  const files = Object.entries(TASK_FILES).map(([name, { mode = 0o444, isGuarded, text, store }]) => {
    const write = store ? (caller: Caller, written: string) => store(of, caller, written) : null
    // Whoever has it open may outlive the task, which has no memory then.
    const read = (caller: Caller): string => (task && !task.alive ? '' : text(of, caller))
    return entry(
      name,
      S_IFREG | mode,
      (ino) => new ProcFile(fs, ino, read, write, mode, isGuarded ? inspects : undefined),
    )
  })
  const link = (name: string, path: () => Path | null): ProcEntry =>
    entry(name, S_IFLNK | 0o777, (ino) => {
      const find = (caller: Caller): Path | number => inspects(caller) || (path() ?? -ENOENT)
      const target = (caller: Caller): string | number => {
        const at = find(caller)
        return typeof at === 'number' ? at : pathName(task!, at)
      }
      return new ProcLink(fs, ino, target, find)
    })
  const directory = (name: string, mode: number, list: () => ProcEntry[]): ProcEntry =>
    entry(name, S_IFDIR | mode, (ino) => {
      const made = new OwnDirectory(fs, ino, list, group)
      made.mode = S_IFDIR | mode
      return made
    })
  // What is in memory where is the host's business.
  const pagemap = (ino: number): ProcFile =>
    new ProcFile(
      fs,
      ino,
      () => '',
      null,
      0o400,
      () => -EPERM,
    )
  return [
    ...files,
    entry('pagemap', S_IFREG | 0o400, pagemap),
    ...(task ? [entry('mem', S_IFREG | 0o600, (ino) => new MemoryNode(fs, ino, task, inspects))] : []),
    link('exe', () => task?.mm.exe ?? null),
    link('cwd', () => task?.fs.cwd ?? null),
    link('root', () => task?.fs.root ?? null),
    directory('fd', 0o500, () => fdEntries(fs, group, base)),
    directory('fdinfo', 0o555, () => fdInfoEntries(fs, group, base)),
    directory('net', 0o555, () => netEntries(fs, kernel, base + NET_INO)),
    directory('ns', 0o511, () =>
      namespaceEntries(fs, kernel, task, base + NAMESPACE_INO, inspects, (inode) => own(group, inode)),
    ),
  ]
}

/** Root's, where nobody else may look into the process; but a directory that all may read tells whose process it is. */
export function own<T extends ProcInode>(group: ThreadGroup, inode: T): T {
  const task = group.leader
  const who = group.credentials?.bottom
  const isTold = inode.mode === (S_IFDIR | 0o555) || task?.mm.dumpable === SUID_DUMP_USER
  if (isTold) inode.process = group
  inode.uid = isTold ? (who?.euid ?? 0) : 0
  inode.gid = isTold ? (who?.egid ?? 0) : 0
  return inode
}

function fdEntries(fs: KernelFs, group: ThreadGroup, base: number): ProcEntry[] {
  const task = group.leader
  if (!task) return []
  return task.fds.open().map((number) => ({
    name: String(number),
    ino: base + FD_INO + number,
    mode: S_IFLNK | 0o777,
    make: () => {
      const file = task.fds.get(number)!
      const mode = (file.readable ? 0o500 : 0) | (file.writable ? 0o300 : 0)
      const link = own(
        group,
        new ProcLink(
          fs,
          base + FD_INO + number,
          () => fdTarget(task, file),
          () => fdPath(file),
          mode,
        ),
      )
      // As Linux shows it, whatever the name's length.
      link.size = 64
      return link
    },
  }))
}

function fdInfoEntries(fs: KernelFs, group: ThreadGroup, base: number): ProcEntry[] {
  const task = group.leader
  if (!task) return []
  return task.fds.open().map((number) => ({
    name: String(number),
    ino: base + FD_INO * 2 + number,
    mode: S_IFREG | 0o400,
    make: () => {
      const file = task.fds.get(number)!
      return own(
        group,
        new ProcFile(
          fs,
          base + FD_INO * 2 + number,
          () =>
            `pos:\t${file.pos}\nflags:\t0${(file.flags | (task.fds.isCloseOnExec(number) ? O_CLOEXEC : 0)).toString(8)}\nmnt_id:\t${file.path?.mount.id ?? 0}\nino:\t${file.inode.ino}\n${file.details(fs.pids)}`,
        ),
      )
    },
  }))
}
