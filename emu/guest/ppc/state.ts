/**
 * The PowerPC state block: where each register lies, as byte offsets from STATE_BASE.
 * Path: translated code loads from and spills to it at region boundaries; the kernel reads and writes it between
 * runs (system-call arguments, signal frames, ptrace). Reference: Power ISA 2.07B, Book I, 2.3, 3.2, 4.2, 6.3, 7.2.
 *
 * Fields are in the host's order (little-endian), whatever the guest's. In 32-bit mode the upper halves of general
 * registers, LR and CTR are zero.
 */

import { COMMON_STATE } from '../../memory/state-block.ts'

export const PPC_STATE = {
  ...COMMON_STATE,
  lr: 0x000,
  ctr: 0x008,
  /** XER: SO, OV and CA as u32 0 or 1, and the byte count of LSWX and STSWX. */
  so: 0x010,
  ov: 0x014,
  ca: 0x018,
  xerCount: 0x01c,
  /** FPSCR as in the book, u32, FX its uppermost bit: but for `floatLast`. */
  fpscr: 0x020,
  /** u32: NJ and SAT only. */
  vscr: 0x024,
  vrsave: 0x028,
  /** The reservation: bytes reserved (0: none), address, and what was there in guest order, 16 bytes. */
  reserveSize: 0x02c,
  reserveAddress: 0x030,
  reserveValue: 0x040,
  /** What the time base counts, u64. */
  timeBase: 0x050,
  /** The target address register. */
  tar: 0x058,
  /** The kernel's: r3 as it was before the system call, u64. */
  origR3: 0x060,
  /** 32 × u64 */
  gpr: 0x100,
  /** CR fields 0-7, each as what it was made from: see cr.ts. 8 × i64, 8 × i64, 8 × u32. */
  crLeft: 0x200,
  crRight: 0x240,
  crRest: 0x280,
  /** The last float operation that FPSCR's FPRF, FR and FI do not show yet, u32 (float/operations.ts), or 0; its three operands. */
  floatLast: 0x2a0,
  floatOperands: 0x2a8,
  /** Operands of the comparison behind it. */
  floatCompared: 0x2c0,
  /** 64 × 16 bytes: doubleword 0 in the low lane. Floating-point register k is doubleword 0 of k, vector register k is 32 + k. */
  vsr: 0x400,
} as const

/** Bytes of the state block that hold PowerPC state: what a thread switch or a snapshot copies. */
export const PPC_STATE_SIZE = 0x800

/** Where a general register lies. */
export const gprPlace = (index: number): number => PPC_STATE.gpr + 8 * index
/** Where a vector-scalar register lies. */
export const vsrPlace = (index: number): number => PPC_STATE.vsr + 16 * index
