/**
 * Maps a program into a fresh Mm: segments, heap, stack, mmap area. Linux fs/binfmt_elf.c; System V psABI.
 * Path: program.ts → here → stack.ts; exec.ts then swaps the task over. Everything lies in [2 MiB, 4 GiB):
 *
 *   image │ heap, up to 256 MiB │ guard │ stack, 8 MiB │ guard │ mmap, bottom up
 */

import type { ElfImage } from '../../emu/elf/elf.ts'
import { AddressSpace } from '../../emu/memory/address-space.ts'
import { GUEST_MAX, GUEST_MIN, PAGE_SIZE, PROT_EXEC, PROT_READ } from '../../emu/memory/layout.ts'
import type { ProgramStart } from '../abi/arch/arch.ts'
import { ENOEXEC, ENOMEM } from '../abi/errno.ts'
import { RLIM_INFINITY, RLIMIT_AS, RLIMIT_STACK } from '../abi/process.ts'
import type { Task } from '../kernel/task.ts'
import { install, pageDown, pageUp, placeFor } from '../mm/mapping.ts'
import { destroyMm, Mm } from '../mm/mm.ts'
import { imageKey, MMAP_END } from '../mm/placement.ts'
import { Vma } from '../mm/vma.ts'
import { denyWrites } from '../vfs/executing.ts'
import type { Path } from '../vfs/path.ts'
import { type ElfFile, explainToChannel, type Program } from './program.ts'

/** Where position-independent programs go: from here in steps of 64 KiB, each by its contents. */
const DYN_BASE = 0x400000
const DYN_STEP = 1 << 16
const DYN_PLACES = 256
const MIB = 1 << 20
/** Room for brk above the image. */
const HEAP_ROOM = 32 * MIB
/** Unmapped below the stack at its largest, as Linux's stack_guard_gap. */
const STACK_GUARD = MIB
const STACK_ROOM_MAX = 64 * MIB
/** The stack's area at the start, besides the arguments. */
export const STACK_START_SIZE = 132 * 1024

export interface Loaded {
  mm: Mm
  start: ProgramStart
  /** AT_PHDR, AT_ENTRY, AT_BASE. */
  phdr: number
  programEntry: number
  base: number
}

/** A new memory with the program in it; -ENOMEM, -ENOEXEC. */
export function loadProgram(task: Task, program: Program): Loaded | number {
  const { kernel } = task
  let space: AddressSpace
  try {
    space = new AddressSpace(kernel.memoryPool)
  } catch {
    kernel.execProblem = 'the host has no memory left for another process'
    return -ENOMEM
  }
  const mm = new Mm(space, kernel.caller, program.file.calls)
  const result = fill(task, mm, program)
  if (typeof result === 'number') destroyMm(mm)
  return result
}

function fill(task: Task, mm: Mm, program: Program): Loaded | number {
  const { kernel } = task
  const { file } = program
  const { image } = file
  const bias = image.type === 'dyn' ? programBase(file) : 0
  const limit = task.group.limits[RLIMIT_AS]!.soft
  mm.sizeMax = limit >= RLIM_INFINITY ? Infinity : limit
  const end = mapImage(task, mm, file, bias)
  if (end < 0) return end
  layOut(task, mm, end)
  const bad = mapVdso(mm)
  if (bad < 0) return bad
  mm.elfFlags = image.flags
  let entry = image.entry + bias
  let base = 0
  if (program.interpreter) {
    const loader = program.interpreter
    const size = imageSize(loader.image)
    const at = loader.image.type === 'dyn' ? placeFor(mm, 0, size, 0, fileKey(loader)) : 0
    if (at < 0) return at
    base = at
    const loaded = mapImage(task, mm, loader, at)
    if (loaded < 0) return loaded
    entry = loader.image.entry + at
  }
  const start = enter(task, mm, entry, program.interpreter ? base : bias)
  if (typeof start === 'number') return start
  mm.exe = file.path
  mm.programKey = `${fileKey(file).toString(16)}-${file.path.inode.size.toString(16)}`
  denyWrites(file.path.inode)
  if (kernel.options.explainFaults && entry === 0) kernel.diagnoseOnce('the program has no entry point')
  return { mm, start, phdr: phdrAddress(image, bias), programEntry: image.entry + bias, base }
}

/** Where the program begins: where functions have descriptors its entry point is one, and must be there. */
function enter(task: Task, mm: Mm, entry: number, bias: number): ProgramStart | number {
  const { arch } = mm
  const sizeBytes = arch.descriptorSize(mm.elfFlags)
  const area = sizeBytes > 0 ? mm.vmas.find(entry) : null
  if (area) {
    const made = mm.populate(area, pageDown(entry), Math.min(area.end, pageUp(entry + sizeBytes)), task)
    if (made < 0) return made
  }
  return arch.programStart(mm, entry, bias)
}

/**
 * Stack, heap and mmap area above the image, close together: a Memory is as large as its highest address, and hosts
 * charge for growing it (a Memory of 280 MB instead of 20 made fork four times slower). Programs that want more heap
 * than its room get it from mmap, as their allocators do.
 */
function layOut(task: Task, mm: Mm, imageEnd: number): void {
  const limit = task.group.limits[RLIMIT_STACK]!.soft
  const stackSize = pageUp(Math.min(Math.max(limit, STACK_START_SIZE), STACK_ROOM_MAX))
  const room = STACK_GUARD + stackSize + PAGE_SIZE + HEAP_ROOM
  let start = pageUp(imageEnd)
  // A program at the very end of the addresses gets stack and heap below it.
  if (start + room + 16 * MIB > MMAP_END) start = mm.vmas.findGap(room, GUEST_MIN * 2, MMAP_END)
  mm.stackSizeMax = stackSize
  mm.stackTop = start + STACK_GUARD + stackSize
  mm.brkStart = mm.brk = mm.stackTop + PAGE_SIZE
  mm.brkLimit = mm.brkStart + HEAP_ROOM
  mm.mmapBase = mm.brkLimit + PAGE_SIZE
}

/** The kernel's own page of code, where the ISA has one; 0 or an errno. */
function mapVdso(mm: Mm): number {
  const { vdso } = mm.arch
  if (!vdso) return 0
  const area = new Vma(mm.mmapBase, mm.mmapBase + PAGE_SIZE, PROT_READ | PROT_EXEC, false)
  area.label = '[vdso]'
  const result = install(mm, area)
  if (result < 0) return result
  mm.vdso = area.start
  mm.space.bytes.set(vdso.code, area.start)
  mm.mmapBase = area.end
  return 0
}

const fileKey = ({ head, path }: ElfFile): number => imageKey(head, path.inode.size)

const programBase = (file: ElfFile): number => DYN_BASE + (fileKey(file) % DYN_PLACES) * DYN_STEP

const imageSize = (image: ElfImage): number => {
  let end = 0
  for (const s of image.segments) if (s.type === 'load') end = Math.max(end, s.vaddr + s.memSizeBytes)
  return pageUp(end)
}

/** Where the program headers are in memory. */
function phdrAddress(image: ElfImage, bias: number): number {
  for (const s of image.segments) if (s.type === 'phdr') return s.vaddr + bias
  for (const s of image.segments)
    if (s.type === 'load' && image.phoff >= s.fileOffset && image.phoff < s.fileOffset + s.fileSizeBytes)
      return s.vaddr + bias + (image.phoff - s.fileOffset)
  return 0
}

/** Maps every PT_LOAD; one past the highest address, or an errno. */
function mapImage(task: Task, mm: Mm, file: ElfFile, bias: number): number {
  const { path, image } = file
  let highest = 0
  for (const segment of image.segments) {
    if (segment.type !== 'load' || segment.memSizeBytes === 0) continue
    const start = segment.vaddr + bias
    const end = start + segment.memSizeBytes
    if (start < GUEST_MIN || end > GUEST_MAX) {
      task.kernel.execProblem = `it wants to lie at 0x${start.toString(16)}, outside 2 MiB to 4 GiB`
      explainToChannel(task, path)
      return -ENOMEM
    }
    if (segment.fileSizeBytes > segment.memSizeBytes) return -ENOEXEC
    if (segment.fileSizeBytes > 0 && (start - segment.fileOffset) % PAGE_SIZE !== 0) return -ENOEXEC
    const fileEnd = segment.fileSizeBytes > 0 ? pageUp(start + segment.fileSizeBytes) : pageDown(start)
    const failed =
      mapFilePart(task, mm, path, pageDown(start), fileEnd, segment.prot, pageDown(segment.fileOffset)) ||
      mapZeroPart(mm, fileEnd, pageUp(end), segment.prot)
    if (failed) return failed
    if (segment.memSizeBytes > segment.fileSizeBytes) {
      const cleared = clearTail(task, mm, start + segment.fileSizeBytes, fileEnd)
      if (cleared < 0) return cleared
    }
    highest = Math.max(highest, end)
  }
  return highest > 0 ? highest : -ENOEXEC
}

function mapFilePart(
  task: Task,
  mm: Mm,
  path: Path,
  start: number,
  end: number,
  prot: number,
  offset: number,
): number {
  if (end <= start) return 0
  const vma = new Vma(start, end, prot, false)
  vma.inode = path.inode
  vma.path = path
  vma.offset = offset
  return Math.min(0, install(mm, vma, task))
}

/** What lies behind a segment's end in its last file page belongs to .bss. */
function clearTail(task: Task, mm: Mm, from: number, fileEnd: number): number {
  if (from >= fileEnd) return 0
  const result = mm.populate(mm.vmas.find(from)!, pageDown(from), fileEnd, task)
  if (result === 0) mm.space.bytes.fill(0, from, fileEnd)
  return result
}

function mapZeroPart(mm: Mm, start: number, end: number, prot: number): number {
  if (end <= start) return 0
  return Math.min(0, install(mm, new Vma(start, end, prot, false)))
}
