/**
 * The x86 state block: where each register lies, as byte offsets from STATE_BASE.
 * Path: translated code loads from and spills to it at region boundaries; the kernel reads and writes it between
 * runs (system-call arguments, signal frames, ptrace). Reference: Intel SDM vol. 1, ch. 3, 8, 10.
 */

import { LDT_COUNT, STATE_BASE } from '../../memory/layout.ts'
import { COMMON_STATE } from '../../memory/state-block.ts'

/** General registers in the encoding's order; 8 bytes each. */
export const GPR_NAMES = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const
export const RAX = 0,
  RCX = 1,
  RDX = 2,
  RBX = 3,
  RSP = 4,
  RBP = 5,
  RSI = 6,
  RDI = 7
export const R8 = 8,
  R9 = 9,
  R10 = 10,
  R11 = 11,
  R12 = 12,
  R13 = 13,
  R14 = 14,
  R15 = 15

/** Segment registers in the encoding's order. */
export const ES = 0,
  CS = 1,
  SS = 2,
  DS = 3,
  FS = 4,
  GS = 5

export const X86_STATE = {
  ...COMMON_STATE,
  /** 16 × u64 */
  gpr: 0x000,
  /** Lazy flags: which operation (see flags.ts) and its two values. */
  ccOp: 0x088,
  ccDst: 0x090,
  ccSrc: 0x098,
  /** Direction flag, 0 or 1, u32. */
  df: 0x0a0,
  /** AC and ID as they stand in EFLAGS, u32. */
  otherFlags: 0x0a4,
  fsBase: 0x0a8,
  gsBase: 0x0b0,
  mxcsr: 0x0b8,
  /** 16 × 16 bytes */
  xmm: 0x100,
  /** 8 × 16 bytes: 64-bit significand, then sign and exponent as u16; physical registers. */
  fpr: 0x200,
  /** x87 control word u16, status word u16 without TOP, TOP u16 (0-7), tag bits u16 (bit i set: physical i is empty). */
  fpcw: 0x280,
  fpsw: 0x282,
  fptop: 0x284,
  fpempty: 0x286,
  /** Last x87 instruction's pc, operand address, opcode. */
  fpip: 0x288,
  fpdp: 0x290,
  fpop: 0x298,
  /** What RDTSC counts. */
  tsc: 0x2a0,
  /** Selectors of ES, CS, SS, DS, FS, GS: 6 × u16. */
  selectors: 0x2a8,
  /** 1 where segments are not as translated code assumes (segments.ts): the process is interpreted; u32. */
  segmented: 0x2b4,
  /** Descriptors of the GDT that are a thread's own, as the CPU has them: 3 × u64. */
  tls: 0x2b8,
  /** What loading a selector keeps of its descriptor, for each segment register: SEGMENT_CACHE fields. */
  segments: 0x380,
  /** The process's, not a thread's: whether the program has looked at MXCSR, so that its flags count; u32. */
  watchesFlags: 0xf04,
  /** The process's: descriptors in its LDT, which lies at LDT_BASE; u32. */
  ldtCount: LDT_COUNT - STATE_BASE,
} as const
/** Where a general register lies. */
export const gprPlace = (index: number): number => X86_STATE.gpr + 8 * index

/** One of X86_STATE.segments: three u32. */
export const SEGMENT_CACHE = {
  /** Of ES, CS, SS and DS; FS and GS have theirs in fsBase and gsBase. */
  base: 0,
  /** The last byte, or what is below the first in a segment that expands down. */
  limit: 4,
  /** Type, DPL, P and B as in a descriptor's upper half; 0 for a null selector. */
  rights: 8,
} as const
export const SEGMENT_CACHE_SIZE = 12
/** Bytes of the state block that hold x86 state: what a thread switch or a snapshot copies. */
export const X86_STATE_SIZE = 0x400
