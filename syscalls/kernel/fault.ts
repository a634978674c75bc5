/**
 * CPU exits that are no system call become signals, with Linux's codes: sigaction(2), Linux arch/x86/mm/fault.c.
 * Path: task-run.ts hands over the exit; a page fault on an area that allows it makes the page and goes on.
 */

import { PAGE_SIZE } from '../../emu/memory/layout.ts'
import {
  EXIT_ALIGNMENT,
  EXIT_BREAKPOINT,
  EXIT_DIVIDE,
  EXIT_EXCEPTION,
  EXIT_FLOAT,
  EXIT_ILLEGAL,
  EXIT_PAGE_FAULT,
  EXIT_PROTECTION,
  EXIT_STACK,
  EXIT_TRAP,
  EXIT_UNDEFINED,
  type ExitKind,
  FAULT_FETCH,
  FAULT_WRITE,
} from '../../emu/run/cpu.ts'
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts'
import {
  BUS_ADRALN,
  BUS_ADRERR,
  FPE_INTDIV,
  ILL_ILLOPN,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SI_KERNEL,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  type SigInfo,
  sigInfo,
  TRAP_BRKPT,
} from '../abi/signal.ts'
import { FAULT_BUS, FAULT_FIXED, FAULT_LATE, FAULT_NO_MEMORY, FAULT_REFUSED } from '../mm/faults.ts'
import { pageDown } from '../mm/mapping.ts'
import { killLargest } from './oom.ts'
import { forceSignal } from './signal.ts'
import { STAGE_SIGNALS, type Task } from './task.ts'

// x86 exception vectors, for gregs[REG_TRAPNO]; other ISAs' frames make their own numbers of them.
const TRAP_DIVIDE = 0
const TRAP_BREAKPOINT = 3
const TRAP_UNDEFINED = 6
const TRAP_NOT_PRESENT = 11
const TRAP_STACK = 12
const TRAP_PROTECTION = 13
const TRAP_PAGE = 14
const TRAP_FLOAT = 16
const TRAP_ALIGNMENT = 17

/** Handles one exit. The task stays in STAGE_USER when the instruction can simply be tried again. */
export function handleFault(task: Task, exit: ExitKind): void {
  const { arch, state } = task.mm
  const pc = arch.pc(state)
  switch (exit) {
    case EXIT_PAGE_FAULT:
      pageFault(task, arch.exitAddress(state), arch.exitCode(state))
      return
    case EXIT_UNDEFINED:
      raise(task, sigInfo(SIGILL, arch.undefinedCode, { addr: pc, trapno: TRAP_UNDEFINED }))
      return
    case EXIT_ILLEGAL:
      raise(task, sigInfo(SIGILL, arch.exitCode(state), { addr: pc, trapno: TRAP_UNDEFINED }))
      return
    case EXIT_TRAP:
      raise(task, sigInfo(SIGTRAP, TRAP_BRKPT, { addr: pc, trapno: TRAP_BREAKPOINT }))
      return
    case EXIT_ALIGNMENT:
      raise(task, sigInfo(SIGBUS, BUS_ADRALN, { addr: arch.exitAddress(state), trapno: TRAP_ALIGNMENT }))
      return
    case EXIT_DIVIDE:
      raise(task, sigInfo(SIGFPE, FPE_INTDIV, { addr: pc, trapno: TRAP_DIVIDE }))
      return
    case EXIT_BREAKPOINT:
      raise(task, sigInfo(SIGTRAP, SI_KERNEL, { trapno: TRAP_BREAKPOINT }))
      return
    case EXIT_PROTECTION:
      raise(task, sigInfo(SIGSEGV, SI_KERNEL, { trapno: TRAP_PROTECTION }))
      return
    case EXIT_STACK:
      raise(task, sigInfo(SIGBUS, SI_KERNEL, { trapno: TRAP_STACK }))
      return
    case EXIT_EXCEPTION:
      exception(task, arch.exitCode(state))
      return
    case EXIT_FLOAT:
      raise(task, sigInfo(SIGFPE, arch.exitCode(state), { addr: pc, trapno: TRAP_FLOAT }))
      return
    default:
      task.kernel.host.diagnostics(`the CPU returned exit ${exit}, which nobody knows`)
      raise(task, sigInfo(SIGILL, ILL_ILLOPN, { addr: pc }))
  }
}

/** An exception by its vector and error code. */
function exception(task: Task, code: number): void {
  const trapno = code >>> 16
  const signal = trapno === TRAP_NOT_PRESENT || trapno === TRAP_STACK ? SIGBUS : SIGSEGV
  raise(task, sigInfo(signal, SI_KERNEL, { trapno, trapError: code & 0xffff }))
}

function raise(task: Task, info: SigInfo): void {
  forceSignal(task, info)
  task.stage = STAGE_SIGNALS
}

function pageFault(task: Task, addr: number, code: number): void {
  const wanted = code & FAULT_WRITE ? PROT_WRITE : code & FAULT_FETCH ? PROT_EXEC : PROT_READ
  const { mm } = task
  const hadPage = mm.isPresent(addr)
  let result = mm.faultIn(addr, wanted, task)
  // An access that crosses into the next page is refused for that page's sake.
  if (result === FAULT_FIXED && hadPage) result = mm.faultIn(pageDown(addr) + PAGE_SIZE, wanted, task)
  if (result === FAULT_FIXED) {
    task.forgetSettled()
    return
  }
  // The task waits for its file, and then the access is tried again.
  if (result === FAULT_LATE) return
  if (result === FAULT_NO_MEMORY) {
    killLargest(task.kernel)
    // The access is tried again once the victim has gone, unless this is the victim.
    task.yielded = true
    return
  }
  // Error code bits: 1 the page was there, 2 write, 4 user, 16 fetch.
  const present = result === FAULT_REFUSED ? 1 : 0
  const trapError = present | (code & FAULT_WRITE ? 2 : 0) | 4 | (code & FAULT_FETCH ? 16 : 0)
  const rest = { addr, trapno: TRAP_PAGE, trapError }
  if (result === FAULT_BUS) raise(task, sigInfo(SIGBUS, BUS_ADRERR, rest))
  else raise(task, sigInfo(SIGSEGV, result === FAULT_REFUSED ? SEGV_ACCERR : SEGV_MAPERR, rest))
}
