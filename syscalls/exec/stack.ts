/**
 * The first stack of a program: strings, auxiliary vector, envp, argv, argc. System V psABI 3.4.1, getauxval(3).
 * Path: exec.ts, after load.ts made the memory.
 */

import { PAGE_SIZE, PROT_READ, PROT_WRITE } from '../../emu/memory/layout.ts'
import { E2BIG, ENOMEM } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { putInteger } from '../abi/struct.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Task } from '../kernel/task.ts'
import { pageDown } from '../mm/mapping.ts'
import { Vma } from '../mm/vma.ts'
import { ARGUMENTS_SIZE_MAX } from './arguments.ts'
import { type Loaded, STACK_START_SIZE } from './load.ts'
import type { Program } from './program.ts'

/** Ticks a second that times(2) counts in. */
export const CLOCK_TICKS = 100
const AUXV_SIZE_MAX = 768

/** Writes the stack; the stack pointer at entry, or an errno. */
export function buildStack(
  task: Task,
  loaded: Loaded,
  program: Program,
  env: readonly string[],
  who: Credentials,
  secure: boolean,
): number {
  const { mm } = loaded
  const { argv, execName } = program
  let strings = execName.length + 1 + 96
  for (const text of argv) strings += text.length + 1
  for (const text of env) strings += text.length + 1
  const { wordSize } = mm.arch.model
  const pointers = (argv.length + env.length + 3) * wordSize + AUXV_SIZE_MAX
  if (strings + pointers > Math.min(ARGUMENTS_SIZE_MAX, mm.stackSizeMax / 4)) return -E2BIG
  const top = mm.stackTop
  const area = new Vma(
    pageDown(top - STACK_START_SIZE - strings - pointers),
    top,
    PROT_READ | PROT_WRITE,
    false,
  )
  area.growsDown = true
  area.label = '[stack]'
  if (mm.populate(area, area.start, top) < 0) return -ENOMEM
  mm.vmas.insert(area)

  const writer = new StackWriter(mm.space.bytes, mm.space.view, top - 8)
  const execAddr = writer.string(execName)
  mm.envEnd = execAddr
  const envAddrs = writer.strings(env)
  mm.envStart = mm.argEnd = writer.at
  const argAddrs = writer.strings(argv)
  mm.argStart = writer.at
  const platform = writer.string(mm.arch.platform)
  const basePlatform = mm.arch.basePlatform === null ? 0 : writer.string(mm.arch.basePlatform)
  writer.align(16)
  writer.at -= 16
  const random = writer.at
  task.kernel.host.random.fill(mm.space.bytes, random, 16)
  const auxv = auxiliaryVector(loaded, program, who, secure, { execAddr, platform, basePlatform, random })
  const words = 1 + argv.length + 1 + env.length + 1 + auxv.length
  writer.align(16)
  // The stack pointer itself must be a multiple of 16.
  const sp = Math.floor((writer.at - words * wordSize) / 16) * 16
  let at = sp
  for (const value of [argv.length, ...argAddrs, 0, ...envAddrs, 0, ...auxv]) {
    putInteger(mm.space.view, at, wordSize, value, mm.model)
    at += wordSize
  }
  mm.auxv = mm.space.bytes.slice(at - auxv.length * wordSize, at)
  return sp
}

class StackWriter {
  private readonly bytes: Uint8Array
  readonly view: DataView
  at: number

  constructor(bytes: Uint8Array, view: DataView, at: number) {
    this.bytes = bytes
    this.view = view
    this.at = at
  }

  string(text: string): number {
    this.at -= text.length + 1
    for (let i = 0; i < text.length; i++) this.bytes[this.at + i] = text.charCodeAt(i)
    this.bytes[this.at + text.length] = 0
    return this.at
  }

  /** In memory the first string lies lowest. */
  strings(texts: readonly string[]): number[] {
    const addrs: number[] = []
    for (let i = texts.length - 1; i >= 0; i--) addrs.unshift(this.string(texts[i]!))
    return addrs
  }

  align(size: number): void {
    this.at = Math.floor(this.at / size) * size
  }
}

function auxiliaryVector(
  loaded: Loaded,
  program: Program,
  who: Credentials,
  secure: boolean,
  at: { execAddr: number; platform: number; basePlatform: number; random: number },
): number[] {
  const { image } = program.file
  const { arch } = loaded.mm
  const { vdso } = loaded.mm
  // No AT_SYSINFO_EHDR: where the vDSO has no clocks, every clock read is a system call, so engines see it.
  return [
    ...(arch.vdso && arch.vdso.sysinfo !== null ? [[P.AT_SYSINFO, vdso + arch.vdso.sysinfo]] : []),
    ...arch.auxv,
    [P.AT_HWCAP, arch.hwcap],
    [P.AT_PAGESZ, PAGE_SIZE],
    [P.AT_CLKTCK, CLOCK_TICKS],
    [P.AT_PHDR, loaded.phdr],
    [P.AT_PHENT, image.phentsize],
    [P.AT_PHNUM, image.phnum],
    [P.AT_BASE, loaded.base],
    [P.AT_FLAGS, 0],
    [P.AT_ENTRY, loaded.programEntry],
    [P.AT_UID, who.userns.shownUid(who.uid)],
    [P.AT_EUID, who.userns.shownUid(who.euid)],
    [P.AT_GID, who.userns.shownGid(who.gid)],
    [P.AT_EGID, who.userns.shownGid(who.egid)],
    [P.AT_SECURE, secure ? 1 : 0],
    [P.AT_RANDOM, at.random],
    [P.AT_HWCAP2, arch.hwcap2],
    [P.AT_EXECFN, at.execAddr],
    [P.AT_PLATFORM, at.platform],
    ...(at.basePlatform ? [[P.AT_BASE_PLATFORM, at.basePlatform]] : []),
    [P.AT_NULL, 0],
  ].flat()
}
