/** What /proc/PID and /proc/PID/task/TID hold: proc(5). Each file is text made at the moment of open. */

import { latin1 } from '../../abi/bytes.ts'
import { EACCES, EINVAL, ENOENT, EPERM } from '../../abi/errno.ts'
import { O_CLOEXEC } from '../../abi/fcntl.ts'
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { COMM_SIZE, type Task } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import type { Vma } from '../../mm/vma.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import type { FileSystem } from '../../vfs/inode.ts'
import { Dentry, Mount, Path } from '../../vfs/path.ts'
import { MemoryNode } from './memory-file.ts'
import { mountInfoText, mountStatsText, mountsText } from './mounts.ts'
import { netEntries } from './net.ts'
import { ProcDirectory, type ProcEntry, ProcFile, type ProcInode, ProcLink } from './nodes.ts'
import { nameOf, PAGE, sizes, statText, statusText } from './status.ts'

/** Inode numbers: a range for each process. */
const INO_PER_PROCESS = 0x10000
const FD_INO = 0x1000
const NET_INO = 0x7e00

const hex = (n: number): string => n.toString(16).padStart(8, '0')

function mapsLine(task: Task, vma: Vma): string {
  const prot = `${vma.prot & 1 ? 'r' : '-'}${vma.prot & 2 ? 'w' : '-'}${vma.prot & 4 ? 'x' : '-'}${vma.shared ? 's' : 'p'}`
  const dev = vma.inode ? vma.inode.fs.dev : 0
  const device = `${(dev >> 8).toString(16).padStart(2, '0')}:${(dev & 0xff).toString(16).padStart(2, '0')}`
  const head = `${hex(vma.start)}-${hex(vma.end)} ${prot} ${hex(vma.inode ? vma.offset : 0)} ${device} ${vma.inode?.ino ?? 0}`
  const name = vma.path ? pathName(task, vma.path) : vma.label
  return name ? `${head.padEnd(72)} ${name}\n` : `${head} \n`
}

function pathName(task: Task, path: Path): string {
  const name = path.name(task.fs.root)
  return path.removed ? `${name} (deleted)` : name
}

const range = (task: Task | undefined, from: number, to: number): string =>
  task && to > from ? latin1(task.mm.copyIn(from, to - from) ?? new Uint8Array(0)) : ''

/** How a descriptor is shown, and where its link leads. */
function fdTarget(task: Task, file: FileDescription): string {
  return file.path ? pathName(task, file.path) : file.label
}

function fdPath(file: FileDescription): Path {
  if (file.path) return file.path
  const dentry = new Dentry(file.label, null, file.inode)
  return new Path(new Mount(file.inode.fs, dentry, 'none'), dentry)
}

/** May the caller look into this task: its own user's, or anybody's for root. ptrace(2). */
function mayInspect(caller: Caller, task: Task | undefined): number {
  const { credentials: who } = caller
  const of = task?.credentials
  if (who.isPrivileged || !of) return 0
  const same =
    [of.uid, of.euid, of.suid].every((id) => id === who.fsuid) &&
    [of.gid, of.egid, of.sgid].every((id) => id === who.fsgid)
  return same ? 0 : -EACCES
}

/** The directory of one process. */
export function processDirectory(fs: FileSystem, kernel: Kernel, pid: number): ProcDirectory {
  const base = (pid + 16) * INO_PER_PROCESS
  return new ProcDirectory(fs, base, () => {
    const group = kernel.groups.get(pid)
    if (!group) return []
    return [...taskEntries(fs, kernel, group, group.leader, base), taskDirectory(fs, kernel, group, base)]
  })
}

/** The directory of a thread under its own number: it can be named, but is not listed. */
export function threadDirectory(fs: FileSystem, kernel: Kernel, tid: number): ProcDirectory | null {
  const task = kernel.tasks.get(tid)
  if (!task) return null
  const { group } = task
  const base = (group.pid + 16) * INO_PER_PROCESS
  return new ProcDirectory(fs, base + 0x8000 + (tid % 0x4000), () => [
    ...taskEntries(fs, kernel, group, task, base),
    taskDirectory(fs, kernel, group, base),
  ])
}

/** /proc/PID/task: as /proc/PID for each thread. */
function taskDirectory(fs: FileSystem, kernel: Kernel, group: ThreadGroup, base: number): ProcEntry {
  const list = (): ProcEntry[] =>
    group.tasks.map((member) => {
      const ino = base + 0x8000 + (member.tid % 0x4000)
      const list = (): ProcEntry[] => taskEntries(fs, kernel, group, member, ino)
      const make = (): ProcDirectory => own(group, new ProcDirectory(fs, ino, list))
      return { name: String(member.tid), ino, mode: S_IFDIR | 0o555, make }
    })
  const ino = base + 0x7fff
  return {
    name: 'task',
    ino,
    mode: S_IFDIR | 0o555,
    make: () => own(group, new ProcDirectory(fs, ino, list)),
  }
}

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']
/** Where Linux begins to number namespaces. */
const NAMESPACE_INO = 0xf0000000

/** What describes one task: the leader's stands for the process. */
function taskEntries(
  fs: FileSystem,
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
  const file = (name: string, text: () => string, store: Store | null = null, mode = 0o444): ProcEntry =>
    entry(name, S_IFREG | mode, (ino) => new ProcFile(fs, ino, text, store, mode))
  /** Only for who may look into the task. */
  const guarded = (name: string, text: () => string, mode = 0o400): ProcEntry =>
    entry(name, S_IFREG | mode, (ino) => new ProcFile(fs, ino, text, null, mode, (c) => mayInspect(c, task)))
  const link = (name: string, path: () => Path | null): ProcEntry =>
    entry(name, S_IFLNK | 0o777, (ino) => {
      const find = (caller: Caller): Path | number => mayInspect(caller, task) || (path() ?? -ENOENT)
      return new ProcLink(
        fs,
        ino,
        (caller) => {
          const at = find(caller)
          return typeof at === 'number' ? at : pathName(task!, at)
        },
        find,
      )
    })
  const directory = (name: string, mode: number, list: () => ProcEntry[]): ProcEntry =>
    entry(name, S_IFDIR | mode, (ino) => {
      const made = new ProcDirectory(fs, ino, list)
      made.mode = S_IFDIR | mode
      return made
    })
  const mapped = (): readonly Vma[] => task?.mm.vmas.all ?? []
  return [
    file('cmdline', () => range(task, task?.mm.argStart ?? 0, task?.mm.argEnd ?? 0)),
    guarded('environ', () => range(task, task?.mm.envStart ?? 0, task?.mm.envEnd ?? 0)),
    file(
      'comm',
      () => `${nameOf(task, group)}\n`,
      (caller, text) => rename(caller, task, text),
      0o644,
    ),
    file('stat', () => statText(kernel, task, group)),
    file('status', () => statusText(task, group)),
    file('statm', () => statmText(task)),
    guarded(
      'maps',
      () =>
        mapped()
          .map((vma) => mapsLine(task!, vma))
          .join(''),
      0o444,
    ),
    guarded('smaps_rollup', () => rollupText(task), 0o444),
    file('mounts', () => mountsText(kernel, task)),
    file('mountinfo', () => mountInfoText(kernel, task)),
    file('mountstats', () => mountStatsText(kernel, task)),
    guarded('auxv', () => (task ? latin1(task.mm.auxv) : '')),
    file('limits', () => limitsText(group)),
    guarded('io', ioText),
    file('wchan', () => '0'),
    guarded('personality', () => `${(task?.personality ?? 0).toString(16).padStart(8, '0')}\n`),
    // What is in memory where is the host's business.
    entry(
      'pagemap',
      S_IFREG | 0o400,
      (ino) =>
        new ProcFile(
          fs,
          ino,
          () => '',
          null,
          0o400,
          () => -EPERM,
        ),
    ),
    ...(task
      ? [entry('mem', S_IFREG | 0o600, (ino) => new MemoryNode(fs, ino, task, (c) => mayInspect(c, task)))]
      : []),
    file('oom_score', () => '0\n'),
    file(
      'oom_score_adj',
      () => `${group.oomScoreAdj}\n`,
      (_c, text) => setOomScore(group, text, 1000),
      0o644,
    ),
    file(
      'oom_adj',
      () => `${Math.trunc((group.oomScoreAdj * 17) / 1000)}\n`,
      (_c, text) => setOomScore(group, text, 17),
      0o644,
    ),
    file(
      'loginuid',
      () => '4294967295',
      () => -EPERM,
      0o644,
    ),
    file('cgroup', () => '0::/\n'),
    link('exe', () => task?.mm.exe ?? null),
    link('cwd', () => task?.fs.cwd ?? null),
    link('root', () => task?.fs.root ?? null),
    directory('fd', 0o500, () => fdEntries(fs, group, base)),
    directory('fdinfo', 0o555, () => fdInfoEntries(fs, group, base)),
    directory('net', 0o555, () => netEntries(fs, kernel, base + NET_INO)),
    directory('ns', 0o511, () => namespaceEntries(fs, group, base)),
  ]
}

type Store = (caller: Caller, text: string) => number

/** A process names its own threads only. */
function rename(caller: Caller, task: Task | undefined, text: string): number {
  if (!task || task.group.pid !== caller.processId) return -EINVAL
  task.comm = text.slice(0, COMM_SIZE - 1)
  return 0
}

function setOomScore(group: ThreadGroup, text: string, most: number): number {
  const score = /^\s*-?\d+\s*$/.test(text) ? Number(text) : Number.NaN
  if (!(Math.abs(score) <= most)) return -EINVAL
  group.oomScoreAdj = most === 1000 ? score : Math.trunc((score * 1000) / most)
  return 0
}

function statmText(task: Task | undefined): string {
  const { total, resident } = sizes(task)
  const writable = task?.mm.vmas.all.reduce((sum, vma) => sum + (vma.prot & 2 ? vma.size : 0), 0) ?? 0
  return `${total / PAGE} ${Math.floor(resident / PAGE)} 0 0 0 ${writable / PAGE} 0\n`
}

function rollupText(task: Task | undefined): string {
  const areas = task?.mm.vmas.all ?? []
  const first = areas[0]
  if (!first) return ''
  const { resident } = sizes(task)
  const line = (name: string, bytes: number): string =>
    `${`${name}:`.padEnd(15)} ${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`
  return `${hex(first.start)}-${hex(areas.at(-1)!.end)} ---p 00000000 00:00 0${' '.repeat(26)}[rollup]\n${line('Rss', resident)}${line('Pss', resident)}${line('Private_Dirty', resident)}${line('Anonymous', resident)}${line('Swap', 0)}`
}

const ioText = (): string =>
  ['rchar', 'wchar', 'syscr', 'syscw', 'read_bytes', 'write_bytes', 'cancelled_write_bytes']
    .map((name) => `${name}: 0\n`)
    .join('')

/** There is one namespace of each kind. */
function namespaceEntries(fs: FileSystem, group: ThreadGroup, base: number): ProcEntry[] {
  return NAMESPACES.map((name, i) => {
    const ino = base + 0x7f00 + i
    const text = `${name}:[${NAMESPACE_INO + i}]`
    return { name, ino, mode: S_IFLNK | 0o777, make: () => own(group, new ProcLink(fs, ino, () => text)) }
  })
}

function own<T extends { uid: number; gid: number }>(group: ThreadGroup, inode: T): T {
  inode.uid = group.leader?.credentials.euid ?? 0
  inode.gid = group.leader?.credentials.egid ?? 0
  return inode
}

function limitsText(group: ThreadGroup): string {
  const shown = (n: number): string => (n >= 2 ** 63 ? 'unlimited' : String(n))
  const names = [
    'cpu time',
    'file size',
    'data size',
    'stack size',
    'core file size',
    'resident set',
    'processes',
    'open files',
    'locked memory',
    'address space',
    'file locks',
    'pending signals',
    'msgqueue size',
    'nice priority',
    'realtime priority',
    'realtime timeout',
  ]
  const rows = names.map((name, i) => {
    const { soft, hard } = group.limits[i]!
    return `${`Max ${name}`.padEnd(25)} ${shown(soft).padEnd(20)} ${shown(hard).padEnd(20)} \n`
  })
  return `${'Limit'.padEnd(25)} ${'Soft Limit'.padEnd(20)} ${'Hard Limit'.padEnd(20)} Units     \n${rows.join('')}`
}

function fdEntries(fs: FileSystem, group: ThreadGroup, base: number): ProcEntry[] {
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

function fdInfoEntries(fs: FileSystem, group: ThreadGroup, base: number): ProcEntry[] {
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
            `pos:\t${file.pos}\nflags:\t0${(file.flags | (task.fds.isCloseOnExec(number) ? O_CLOEXEC : 0)).toString(8)}\nmnt_id:\t${file.path?.mount.id ?? 0}\nino:\t${file.inode.ino}\n${file.details}`,
        ),
      )
    },
  }))
}
