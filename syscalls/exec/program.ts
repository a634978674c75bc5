/**
 * From a name to a program that can be loaded: permission, contents, `#!` scripts, ELF. execve(2), Linux
 * fs/exec.c, fs/binfmt_script.c.
 * Path: execve → here → load.ts. Nothing of the caller has changed when this fails.
 */

import { ElfError, type ElfImage, isElf, parseElf } from '../../emu/elf/elf.ts'
import type { CallTable } from '../abi/arch/call-table.ts'
import { latin1 } from '../abi/bytes.ts'
import { EACCES, EINVAL, EIO, ELIBBAD, ELOOP, ENOENT, ENOEXEC, ETXTBSY } from '../abi/errno.ts'
import { AT_FDCWD } from '../abi/fcntl.ts'
import type { Task } from '../kernel/task.ts'
import { resolveName } from '../sys/names.ts'
import type { Inode } from '../vfs/inode.ts'
import type { Path } from '../vfs/path.ts'
import { MAY_EXEC, permission } from '../vfs/permission.ts'
import { FOLLOW } from '../vfs/walk.ts'

/** Interpreters of interpreters: Linux gives up after five. */
const SCRIPT_DEPTH_MAX = 5
/** BINPRM_BUF_SIZE: how much of a script's first line counts. */
const SCRIPT_LINE_SIZE = 256
/** The formats before ELF, by their magic numbers: a.out(5). */
const AOUT = new Map([
  [0o407, 'OMAGIC'],
  [0o410, 'NMAGIC'],
  [0o413, 'ZMAGIC'],
  [0o314, 'QMAGIC'],
])
/** Programs larger than this are refused (ENOEXEC). */
const PROGRAM_SIZE_MAX = 1 << 30
/** How much of a file is read to know what it is. Few have their program headers elsewhere. */
const HEAD_SIZE = 4096

export interface ElfFile {
  path: Path
  image: ElfImage
  /** Its first bytes, HEAD_SIZE at most. */
  head: Uint8Array
  /** Of its ISA. */
  calls: CallTable
}

export interface Program {
  /** The ELF file that is mapped. */
  file: ElfFile
  /** PT_INTERP's file. */
  interpreter: ElfFile | null
  argv: string[]
  /** AT_EXECFN: the name given to execve. */
  execName: string
}

/** A program, an errno, or BLOCKED. */
export function findProgram(task: Task, start: Path, name: string, argv: string[]): Program | number {
  task.kernel.execProblem = ''
  let path = start
  let words = argv.length > 0 ? argv : ['']
  let scriptName = name
  for (let depth = 0; ; depth++) {
    const bytes = readProgram(task, path)
    if (typeof bytes === 'number') return bytes
    const script = formatOf(task, bytes, scriptName) ?? scriptLine(bytes)
    if (!script) return finish(task, path, bytes, words, name)
    if (depth >= SCRIPT_DEPTH_MAX) {
      task.kernel.execProblem = `a script whose #! line leads to a script, more than ${SCRIPT_DEPTH_MAX} times over`
      return -ELOOP
    }
    if (script.interpreter === '') {
      task.kernel.execProblem = 'a script whose #! line names no interpreter'
      return -ENOEXEC
    }
    const keeps = script.keepsArgv0 ? words.slice(0, 1) : []
    const argument = script.argument ? [script.argument] : []
    words = [script.interpreter, ...argument, scriptName, ...keeps, ...words.slice(1)]
    const next = resolveName(task, AT_FDCWD, script.interpreter, FOLLOW)
    if (typeof next === 'number') {
      if (next === -ENOENT) task.kernel.execProblem = `its interpreter ${script.interpreter} does not exist`
      return next
    }
    path = next
    scriptName = script.interpreter
  }
}

function readProgram(task: Task, path: Path): Uint8Array | number {
  const { inode } = path
  if (!inode.isRegular) {
    task.kernel.execProblem = inode.isDirectory ? 'a directory, not a program' : 'not a regular file'
    return -EACCES
  }
  if (path.mount.isNoExec) {
    task.kernel.execProblem = 'it is on a file system mounted noexec'
    return -EACCES
  }
  const refused = permission(task.credentials, inode, MAY_EXEC)
  if (refused) {
    task.kernel.execProblem = 'the file is not marked executable'
    return refused
  }
  if (inode.writerCount > 0) return -ETXTBSY
  return readHead(task, inode, HEAD_SIZE)
}

/** A file's first `sizeBytes`, or all of a shorter one. */
function readHead(task: Task, inode: Inode, sizeBytes: number): Uint8Array | number {
  const fresh = inode.refresh(task)
  if (fresh < 0) return fresh
  if (inode.size > PROGRAM_SIZE_MAX) return -ENOEXEC
  const bytes = new Uint8Array(Math.min(inode.size, sizeBytes))
  for (let at = 0; at < bytes.length; ) {
    const got = inode.read(task, at, bytes, at, bytes.length - at)
    if (got < 0) return got
    if (got === 0) return -EIO
    at += got
  }
  return bytes
}

/** Who runs a file that is no ELF program, and how. */
interface Script {
  readonly interpreter: string
  readonly argument: string
  readonly keepsArgv0?: boolean
}

/** A format that the view knows, before any of the kernel's: binfmt_misc(5). */
function formatOf(task: Task, head: Uint8Array, name: string): Script | null {
  const format = task.world.services.binaryFormat(head, name)
  if (!format) return null
  return { interpreter: format.interpreter, argument: '', keepsArgv0: format.keepsArgv0 ?? false }
}

function scriptLine(bytes: Uint8Array): Script | null {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return null
  const head = latin1(bytes, 2, Math.min(bytes.length, SCRIPT_LINE_SIZE))
  const end = head.search(/[\n\0]/)
  const line = (end >= 0 ? head.slice(0, end) : head).replace(/^[ \t]+|[ \t]+$/g, '')
  const gap = line.search(/[ \t]/)
  if (gap < 0) return { interpreter: line, argument: '' }
  return { interpreter: line.slice(0, gap), argument: line.slice(gap).replace(/^[ \t]+/, '') }
}

/** An execve that fails inside a program is explained on the diagnostic channel; of the first, the machine speaks. */
export function explainToChannel(task: Task, path: Path): void {
  const { kernel, group } = task
  const isFirst = group.parent === kernel.init && !group.hasExeced
  if (!isFirst) kernel.diagnoseOnce(`${path.name(task.view.mounts.root)}: ${kernel.execProblem}`)
}

function parse(task: Task, path: Path, head: Uint8Array): ElfFile | number {
  if (!isElf(head)) {
    const older = AOUT.get((head[0] ?? 0) | ((head[1] ?? 0) << 8))
    task.kernel.execProblem = older
      ? `an a.out program (${older}), which Linux no longer runs`
      : 'neither an ELF program nor a #! script'
    return -ENOEXEC
  }
  const whole = head.length < path.inode.size ? () => readHead(task, path.inode, path.inode.size) : null
  try {
    const image = parseHead(head, path.inode.size, whole)
    if (typeof image === 'number') return image
    const calls = task.kernel.callTables.find(
      ({ arch }) => arch.elfMachine === image.machine && arch.littleEndian === image.littleEndian,
    )
    if (calls) return { path, image, head, calls }
    task.kernel.execProblem = `a program for ${image.machine}, which this machine does not run`
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    task.kernel.execProblem = error.message
  }
  explainToChannel(task, path)
  return -ENOEXEC
}

/** Parses the head; the whole file when it has its headers elsewhere. */
function parseHead(
  head: Uint8Array,
  sizeBytes: number,
  whole: (() => Uint8Array | number) | null,
): ElfImage | number {
  try {
    return parseElf(head, sizeBytes)
  } catch (error) {
    if (!(error instanceof ElfError) || !whole) throw error
  }
  const bytes = whole()
  return typeof bytes === 'number' ? bytes : parseElf(bytes)
}

function finish(
  task: Task,
  path: Path,
  head: Uint8Array,
  argv: string[],
  execName: string,
): Program | number {
  const file = parse(task, path, head)
  if (typeof file === 'number') return file
  const program: Program = { file, interpreter: null, argv, execName }
  const name = file.image.interpreter
  if (name === undefined) return program
  if (name === '') return -EINVAL
  const found = resolveName(task, AT_FDCWD, name, FOLLOW)
  if (typeof found === 'number') {
    if (found === -ENOENT) task.kernel.execProblem = `its interpreter ${name} does not exist`
    return found
  }
  const loaderHead = readProgram(task, found)
  if (typeof loaderHead === 'number') return loaderHead
  const loader = parse(task, found, loaderHead)
  if (typeof loader === 'number' || loader.calls !== file.calls) return -ELIBBAD
  program.interpreter = loader
  return program
}
