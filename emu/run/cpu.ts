/**
 * The CPU as the kernel sees it: run a process until something needs the kernel.
 * Path: syscalls/kernel calls `run`; what it returns is a CpuExit kind, whose details are in the state block.
 * Back ends: the translator (jit.ts), the IR interpreter (interpreter.ts).
 */

import type { AddressSpace } from '../memory/address-space.ts'

/** Why `run` returned. Details: state block fields exitAddress and exitCode (emu/guest/<isa>/state.ts). */
export const EXIT_NONE = 0
/** A system-call instruction; pc is behind it. In 32-bit mode exitCode says which: SYSCALL_*. */
export const EXIT_SYSCALL = 1
/** A memory access or fetch was refused; exitAddress is where, exitCode holds FAULT_* bits; pc at the instruction. */
export const EXIT_PAGE_FAULT = 2
/** Undefined or privileged instruction; pc at it. SIGILL. */
export const EXIT_UNDEFINED = 3
/** Integer division error; pc at it. SIGFPE, FPE_INTDIV. */
export const EXIT_DIVIDE = 4
/** int3: pc behind it. SIGTRAP. */
export const EXIT_BREAKPOINT = 5
/** General protection: a non-canonical address, a privileged instruction, a misaligned SSE operand. SIGSEGV, SI_KERNEL. */
export const EXIT_PROTECTION = 6
/** Unmasked floating-point exception (x87 or SIMD); exitCode holds the FPE_* code. SIGFPE. */
export const EXIT_FLOAT = 7
/** The budget of back-edges and calls is used up: preemption point. */
export const EXIT_BUDGET = 8
/** What `step` or `stepBlock` asked for was executed. */
export const EXIT_STEP = 9
/** A non-canonical address off the stack's registers. SIGBUS, SI_KERNEL. */
export const EXIT_STACK = 11
/**
 * Another exception of the CPU's, pc as it leaves it: exitCode holds vector << 16 | error code. #NP and #SS (11, 12) are
 * SIGBUS, all others SIGSEGV; SI_KERNEL.
 */
export const EXIT_EXCEPTION = 12
/** A trap instruction whose condition holds; pc at it. SIGTRAP, TRAP_BRKPT. */
export const EXIT_TRAP = 13
/** A misaligned atomic access, at exitAddress; pc at the instruction. SIGBUS, BUS_ADRALN. */
export const EXIT_ALIGNMENT = 14
/** An instruction that may not be executed, or not so; exitCode holds the ILL_* code; pc at it. SIGILL. */
export const EXIT_ILLEGAL = 15
/** Never seen outside emu: a check refused and only the interpreter can execute the instruction exactly. */
export const EXIT_SLOW = 10
export type ExitKind = number

/** exitCode bits of EXIT_PAGE_FAULT. Mapped-but-refused against not-mapped is known by the kernel's VMAs. */
export const FAULT_WRITE = 1
export const FAULT_FETCH = 2

/** exitCode of EXIT_SYSCALL in 32-bit mode. */
export const SYSCALL_INT80 = 0
/** SYSENTER keeps neither EIP nor ESP: Linux goes on at its vDSO's landing pad, with ESP = EBP and EBP from there. */
export const SYSCALL_SYSENTER = 1

/** exitCode of EXIT_SYSCALL on PowerPC. */
export const SYSCALL_SC = 0
/** SCV 0: errors are told by a negative result, not by CR0. */
export const SYSCALL_SCV = 1

export interface Cpu {
  readonly name: string
  /** What it did so far, in a few words: `--stats`. */
  readonly summary: string
  /**
   * Runs the process whose registers are in `space`'s state block, until an exit. The budget field of the state
   * block bounds it: each taken back-edge and call takes one away.
   */
  run(space: AddressSpace): ExitKind
  /** Executes one instruction and returns EXIT_STEP or the exit it caused. A repeated string instruction is one. */
  step(space: AddressSpace): ExitKind
  /**
   * Executes up to the next branch, and that too, but no more than some dozens of instructions: EXIT_STEP, or the exit
   * that was caused. A call takes one of the budget here too.
   */
  stepBlock(space: AddressSpace): ExitKind
  /** Told that the space runs the program of that key from now on: what earlier runs translated for it is used. */
  begin(space: AddressSpace, program: string): void
  /** Forgets everything kept for a space that goes away (exec, exit). */
  release(space: AddressSpace): void
}
