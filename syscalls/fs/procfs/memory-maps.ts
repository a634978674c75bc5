/**
 * /proc/PID/maps, smaps, smaps_rollup and statm: a process's areas and what of them is in memory. proc(5), Linux
 * fs/proc/task_mmu.c. A page belongs to one process here, so proportional sizes are the whole ones.
 */

import * as M from '../../abi/mman.ts'
import type { Task } from '../../kernel/task.ts'
import type { Vma } from '../../mm/vma.ts'
import type { Path } from '../../vfs/path.ts'
import { NamespaceInode } from '../nsfs/nsfs.ts'
import { PAGE, sizes } from './status.ts'

const hex = (n: number): string => n.toString(16).padStart(8, '0')
/** Where the names of areas begin. */
const NAME_COLUMN = 73

export function pathName(task: Task, path: Path): string {
  // What was made without a directory, and is bound nowhere, shows as itself: mnt:[4026531840].
  const { inode, isMountRoot } = path
  if (inode instanceof NamespaceInode && !isMountRoot) return inode.label
  const name = path.name(task.fs.root)
  return path.removed ? `${name} (deleted)` : name
}

function mapsLine(task: Task, vma: Vma): string {
  const prot = `${vma.prot & 1 ? 'r' : '-'}${vma.prot & 2 ? 'w' : '-'}${vma.prot & 4 ? 'x' : '-'}${vma.shared ? 's' : 'p'}`
  const dev = vma.inode ? vma.inode.fs.dev : 0
  const device = `${(dev >> 8).toString(16).padStart(2, '0')}:${(dev & 0xff).toString(16).padStart(2, '0')}`
  const head = `${hex(vma.start)}-${hex(vma.end)} ${prot} ${hex(vma.inode ? vma.offset : 0)} ${device} ${vma.inode?.ino ?? 0}`
  const name = vma.path ? pathName(task, vma.path) : vma.label
  return name ? `${head.padEnd(NAME_COLUMN - 1)} ${name}\n` : `${head} \n`
}

export const mapsText = (task: Task | undefined): string =>
  task?.mm.vmas.all.map((vma) => mapsLine(task, vma)).join('') ?? ''

const sizeLine = (name: string, bytes: number): string =>
  `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`

/** Bytes of an area that are in memory, by what Linux would call them. */
interface Resident {
  total: number
  anonymous: number
  shared: number
  locked: number
}

function residentOf(task: Task, vma: Vma): Resident {
  let total = 0
  for (const [from, to] of task.mm.presentRuns(vma.start, vma.end)) total += to - from
  const isAnonymous = !vma.shared && (vma.inode === null || (vma.prot & M.PROT_WRITE) !== 0)
  return {
    total,
    anonymous: isAnonymous ? total : 0,
    shared: vma.shared ? total : 0,
    locked: vma.isLocked ? total : 0,
  }
}

/** What smaps and smaps_rollup have in common. `byKind`: the proportional size is told of each kind. */
function sizeLines({ total, anonymous, shared, locked }: Resident, byKind: boolean): string {
  const dirty = anonymous + shared
  const kinds: [string, number][] = byKind
    ? [['Pss_Anon', anonymous], ['Pss_File', total - dirty], ['Pss_Shmem', shared]]
    : [] // biome-ignore format: a table
  const rows: [string, number][] = [
    ['Rss', total], ['Pss', total], ['Pss_Dirty', dirty], ...kinds, ['Shared_Clean', 0], ['Shared_Dirty', 0],
    ['Private_Clean', total - dirty], ['Private_Dirty', dirty], ['Referenced', total], ['Anonymous', anonymous],
    ['KSM', 0], ['LazyFree', 0], ['AnonHugePages', 0], ['ShmemPmdMapped', 0], ['FilePmdMapped', 0],
    ['Shared_Hugetlb', 0], ['Private_Hugetlb', 0], ['Swap', 0], ['SwapPss', 0], ['Locked', locked],
  ] // biome-ignore format: a table
  return rows.map(([name, bytes]) => sizeLine(name, bytes)).join('')
}

/** The two letters of each flag, in Linux's order. */
const VM_FLAGS: readonly (readonly [letters: string, isSet: (vma: Vma) => boolean])[] = [
  ['rd', (vma) => (vma.prot & M.PROT_READ) !== 0],
  ['wr', (vma) => (vma.prot & M.PROT_WRITE) !== 0],
  ['ex', (vma) => (vma.prot & M.PROT_EXEC) !== 0],
  ['sh', (vma) => vma.shared],
  ['mr', () => true],
  ['mw', (vma) => vma.mayWrite],
  ['me', (vma) => vma.mayExec],
  ['ms', (vma) => vma.shared],
  ['gd', (vma) => vma.growsDown],
  ['lo', (vma) => vma.isLocked],
  ['sr', (vma) => (vma.advice & M.VM_SEQ_READ) !== 0],
  ['rr', (vma) => (vma.advice & M.VM_RAND_READ) !== 0],
  ['dc', (vma) => (vma.advice & M.VM_DONTCOPY) !== 0],
  ['ac', (vma) => !vma.shared && (vma.prot & M.PROT_WRITE) !== 0],
  ['wf', (vma) => (vma.advice & M.VM_WIPEONFORK) !== 0],
  ['dd', (vma) => (vma.advice & M.VM_DONTDUMP) !== 0],
  ['hg', (vma) => (vma.advice & M.VM_HUGEPAGE) !== 0],
  ['nh', (vma) => (vma.advice & M.VM_NOHUGEPAGE) !== 0],
  ['mg', (vma) => (vma.advice & M.VM_MERGEABLE) !== 0],
]

function smapsArea(task: Task, vma: Vma): string {
  const page = sizeLine('KernelPageSize', PAGE) + sizeLine('MMUPageSize', PAGE)
  const flags = VM_FLAGS.map(([letters, isSet]) => (isSet(vma) ? `${letters} ` : '')).join('')
  return `${mapsLine(task, vma)}${sizeLine('Size', vma.size)}${page}${sizeLines(residentOf(task, vma), false)}THPeligible:           0\nVmFlags: ${flags}\n`
}

export const smapsText = (task: Task | undefined): string =>
  task?.mm.vmas.all.map((vma) => smapsArea(task, vma)).join('') ?? ''

export function rollupText(task: Task | undefined): string {
  const areas = task?.mm.vmas.all ?? []
  const first = areas[0]
  if (!task || !first) return ''
  const sum: Resident = { total: 0, anonymous: 0, shared: 0, locked: 0 }
  for (const vma of areas) {
    const part = residentOf(task, vma)
    sum.total += part.total
    sum.anonymous += part.anonymous
    sum.shared += part.shared
    sum.locked += part.locked
  }
  const head = `${hex(first.start)}-${hex(areas.at(-1)!.end)} ---p 00000000 00:00 0`
  return `${head.padEnd(NAME_COLUMN - 1)} [rollup]\n${sizeLines(sum, true)}`
}

export function statmText(task: Task | undefined): string {
  const { total, resident } = sizes(task)
  const sum = (keep: (vma: Vma) => boolean): number =>
    (task?.mm.vmas.all.reduce((bytes, vma) => (keep(vma) ? bytes + vma.size : bytes), 0) ?? 0) / PAGE
  const shared = Math.min(
    Math.floor(resident / PAGE),
    sum((vma) => vma.shared || (vma.inode !== null && !(vma.prot & M.PROT_WRITE))),
  )
  const text = sum((vma) => (vma.prot & M.PROT_EXEC) !== 0 && vma.inode === task?.mm.exe?.inode)
  const data = sum((vma) => (vma.prot & M.PROT_WRITE) !== 0 && !vma.shared)
  return `${total / PAGE} ${Math.floor(resident / PAGE)} ${shared} ${text} 0 ${data} 0\n`
}
