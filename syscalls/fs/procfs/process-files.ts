/** What /proc/PID holds: proc(5). Each file is text made from a task at the moment of open. */

import { latin1 } from '../../abi/bytes.ts'
import { ENOENT } from '../../abi/errno.ts'
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import { CLOCK_TICKS } from '../../exec/stack.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { ENGINE_STOPPED, RUNNABLE, RUNNING, STOPPED, type Task, WAITING } from '../../kernel/task.ts'
import { GROUP_ZOMBIE, type ThreadGroup } from '../../kernel/thread-group.ts'
import type { Vma } from '../../mm/vma.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import type { FileSystem } from '../../vfs/inode.ts'
import { Dentry, Mount, Path } from '../../vfs/path.ts'
import { ProcDirectory, type ProcEntry, ProcFile, ProcLink } from './nodes.ts'

/** Inode numbers: a range for each process. */
const INO_PER_PROCESS = 0x10000
const FD_INO = 0x1000

const ticks = (ns: number): number => Math.floor((ns / 1e9) * CLOCK_TICKS)
const PAGE = 4096

function stateLetter(group: ThreadGroup): string {
  if (group.state === GROUP_ZOMBIE) return 'Z'
  const task = group.leader
  if (!task) return 'S'
  if (task.state === RUNNABLE || task.state === RUNNING) return 'R'
  if (task.state === STOPPED) return 'T'
  return task.state === ENGINE_STOPPED ? 't' : task.state === WAITING ? 'S' : 'D'
}

const STATE_WORDS: Record<string, string> = {
  R: 'R (running)',
  S: 'S (sleeping)',
  T: 'T (stopped)',
  t: 't (tracing stop)',
  Z: 'Z (zombie)',
  D: 'D (disk sleep)',
}

const nameOf = (group: ThreadGroup): string =>
  group.leader?.comm ?? (group.pid === 1 ? 'init' : group.lastComm)

function sizes(task: Task | undefined): { total: number; resident: number } {
  if (!task) return { total: 0, resident: 0 }
  let resident = 0
  for (const vma of task.mm.vmas.all)
    for (const [from, to] of task.mm.presentRuns(vma.start, vma.end)) resident += to - from
  return { total: task.mm.totalSize, resident }
}

function statText(kernel: Kernel, group: ThreadGroup): string {
  const task = group.leader
  const { total, resident } = sizes(task)
  const mm = task?.mm
  const fields = [
    group.pid,
    `(${nameOf(group)})`,
    stateLetter(group),
    group.parent?.pid ?? 0,
    group.processGroup,
    group.sessionId,
    group.terminal?.rdev ?? 0, group.terminal?.foreground ?? -1, 0, 0, 0, 0, 0,
    ticks(kernel.groupCpuNs(group)), 0, ticks(group.childrenCpuNs), 0, 20, 0,
    Math.max(1, group.tasks.length), 0, ticks(group.startNs),
    total, Math.floor(resident / PAGE), '18446744073709551615',
    1, 1, mm?.stackTop ?? 0, 0, 0,
    0, (task?.blocked.lo ?? 0) >>> 0, 0, 0, 0, 0, 0, group.exitSignal, 0, 0, 0, 0, 0, 0, 0,
    mm?.brkStart ?? 0, mm?.brkStart ?? 0, mm?.argStart ?? 0, mm?.argEnd ?? 0, mm?.envStart ?? 0, mm?.envEnd ?? 0,
    group.status,
  ] // biome-ignore format: the order of proc(5)
  return `${fields.join(' ')}\n`
}

const hex16 = (set: { lo: number; hi: number }): string =>
  (set.hi >>> 0).toString(16).padStart(8, '0') + (set.lo >>> 0).toString(16).padStart(8, '0')

function statusText(group: ThreadGroup): string {
  const task = group.leader
  const who = task?.credentials
  const { total, resident } = sizes(task)
  const kib = (bytes: number): string => `${String(Math.floor(bytes / 1024)).padStart(8)} kB`
  const lines = [
    `Name:\t${nameOf(group)}`,
    `Umask:\t${(task?.fs.umask ?? 0o22).toString(8).padStart(4, '0')}`,
    `State:\t${STATE_WORDS[stateLetter(group)]}`,
    `Tgid:\t${group.pid}`,
    'Ngid:\t0',
    `Pid:\t${group.pid}`,
    `PPid:\t${group.parent?.pid ?? 0}`,
    'TracerPid:\t0',
    `Uid:\t${who ? [who.uid, who.euid, who.suid, who.fsuid].join('\t') : '0\t0\t0\t0'}`,
    `Gid:\t${who ? [who.gid, who.egid, who.sgid, who.fsgid].join('\t') : '0\t0\t0\t0'}`,
    `FDSize:\t${Math.max(64, task?.fds.size ?? 0)}`,
    `Groups:\t${who?.groups.join(' ') ?? ''} `,
    `VmPeak:\t${kib(total)}`,
    `VmSize:\t${kib(total)}`,
    `VmRSS:\t${kib(resident)}`,
    `Threads:\t${Math.max(1, group.tasks.length)}`,
  ]
  if (task)
    lines.push(
      `SigPnd:\t${hex16(task.pending.set)}`,
      `ShdPnd:\t${hex16(group.pending.set)}`,
      `SigBlk:\t${hex16(task.blocked)}`,
      `NoNewPrivs:\t${task.noNewPrivileges ? 1 : 0}`,
    )
  return `${lines.join('\n')}\n`
}

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

function mountsText(kernel: Kernel, task: Task | undefined): string {
  const root = task?.fs.root ?? kernel.root
  return kernel.mounts
    .map((mount) => {
      const at = mount.at ? mount.at.name(root) : '/'
      const mode = mount.readOnly || mount.fs.readOnly ? 'ro' : 'rw'
      return `${mount.source} ${at} ${mount.fs.type} ${mode},relatime${mount.options ? `,${mount.options}` : ''} 0 0\n`
    })
    .join('')
}

function mountInfoText(kernel: Kernel, task: Task | undefined): string {
  const root = task?.fs.root ?? kernel.root
  return kernel.mounts
    .map((mount, i) => {
      const parent = mount.at ? kernel.mounts.indexOf(mount.at.mount) + 20 : 1
      const mode = mount.readOnly ? 'ro' : 'rw'
      const at = mount.at ? mount.at.name(root) : '/'
      return `${i + 20} ${parent} 0:${mount.fs.dev} / ${at} ${mode},relatime - ${mount.fs.type} ${mount.source} ${mode}\n`
    })
    .join('')
}

/** How a descriptor is shown, and where its link leads. */
function fdTarget(task: Task, file: FileDescription): string {
  return file.path ? pathName(task, file.path) : file.label
}

function fdPath(file: FileDescription): Path {
  if (file.path) return file.path
  const dentry = new Dentry(file.label, null, file.inode)
  return new Path(new Mount(file.inode.fs, dentry, null, 'none', false), dentry)
}

/** The directory of one process. */
export function processDirectory(fs: FileSystem, kernel: Kernel, pid: number): ProcDirectory {
  const base = (pid + 16) * INO_PER_PROCESS
  return new ProcDirectory(fs, base, () => {
    const group = kernel.groups.get(pid)
    return group ? processEntries(fs, kernel, group, base) : []
  })
}

function processEntries(fs: FileSystem, kernel: Kernel, group: ThreadGroup, base: number): ProcEntry[] {
  const task = group.leader
  let next = base
  const file = (
    name: string,
    text: () => string,
    store: ((t: string) => number) | null = null,
  ): ProcEntry => {
    const ino = ++next
    return {
      name,
      ino,
      mode: S_IFREG | 0o444,
      make: () =>
        own(group, new ProcFile(fs, ino, text, store ? (_caller, written) => store(written) : null)),
    }
  }
  const link = (name: string, path: () => Path | null): ProcEntry => {
    const ino = ++next
    const target = (): string | number => {
      const at = path()
      return at && task ? pathName(task, at) : -ENOENT
    }
    return {
      name,
      ino,
      mode: S_IFLNK | 0o777,
      make: () => own(group, new ProcLink(fs, ino, target, () => path() ?? -ENOENT)),
    }
  }
  const directory = (name: string, list: () => ProcEntry[]): ProcEntry => {
    const ino = ++next
    return { name, ino, mode: S_IFDIR | 0o555, make: () => own(group, new ProcDirectory(fs, ino, list)) }
  }
  return [
    file('cmdline', () => range(task, task?.mm.argStart ?? 0, task?.mm.argEnd ?? 0)),
    file('environ', () => range(task, task?.mm.envStart ?? 0, task?.mm.envEnd ?? 0)),
    file(
      'comm',
      () => `${nameOf(group)}\n`,
      (text) => {
        if (task) task.comm = text.replace(/\n$/, '').slice(0, 15)
        return 0
      },
    ),
    file('stat', () => statText(kernel, group)),
    file('status', () => statusText(group)),
    file('statm', () => {
      const { total, resident } = sizes(task)
      return `${Math.floor(total / PAGE)} ${Math.floor(resident / PAGE)} 0 0 0 0 0\n`
    }),
    file('maps', () => (task ? task.mm.vmas.all.map((vma) => mapsLine(task, vma)).join('') : '')),
    file('mounts', () => mountsText(kernel, task)),
    file('mountinfo', () => mountInfoText(kernel, task)),
    file('auxv', () => (task ? latin1(task.mm.auxv) : '')),
    file('limits', () => limitsText(group)),
    file(
      'oom_score_adj',
      () => '0\n',
      () => 0,
    ),
    file('cgroup', () => '0::/\n'),
    link('exe', () => task?.mm.exe ?? null),
    link('cwd', () => task?.fs.cwd ?? null),
    link('root', () => task?.fs.root ?? null),
    directory('fd', () => fdEntries(fs, group, base)),
    directory('fdinfo', () => fdInfoEntries(fs, group, base)),
    directory('task', () =>
      group.tasks.map((member) => ({
        name: String(member.tid),
        ino: base + 0x8000 + (member.tid % 0x4000),
        mode: S_IFDIR | 0o555,
        make: () => processDirectory(fs, kernel, group.pid),
      })),
    ),
  ]
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
      return own(
        group,
        new ProcLink(
          fs,
          base + FD_INO + number,
          () => fdTarget(task, file),
          () => fdPath(file),
          mode,
        ),
      )
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
            `pos:\t${file.pos}\nflags:\t0${file.flags.toString(8)}\nmnt_id:\t1\nino:\t${file.inode.ino}\n${file.details}`,
        ),
      )
    },
  }))
}
