/**
 * The arithmetic flags as the state block holds them: the operation that set them and two values (ccOp, ccDst,
 * ccSrc), so that an operation stores no flag that nobody reads. translate/flags.ts makes the same of them in IR.
 * Path: kernel (signal frames), interpreter's oracle, tests. Reference: Intel SDM vol. 1, 3.4.3.
 */

import type { StateBlock } from '../../memory/state-block.ts'
import { X86_STATE } from './state.ts'

export const CF = 1,
  PF = 4,
  AF = 16,
  ZF = 64,
  SF = 128,
  DF = 1024,
  OF = 2048
export const ARITHMETIC_FLAGS = CF | PF | AF | ZF | SF | OF

/** ccOp kinds; the operand size's log2 (0-3) is added for all but CC_BITS. */
/** ccDst holds the flags themselves at their EFLAGS places. */
export const CC_BITS = 0
/** ccDst = result, ccSrc = second operand. */
export const CC_ADD = 4
/** ccDst = first operand, ccSrc = second operand. */
export const CC_SUB = 8
/** ccDst = result; CF = OF = AF = 0. */
export const CC_LOGIC = 12
/** ccDst = result, ccSrc = CF before (0 or 1). */
export const CC_INC = 16
export const CC_DEC = 20
/** ccDst = result (gives SF, ZF, PF); ccSrc = CF, OF and AF at their EFLAGS places. */
export const CC_RESULT = 24

const parity = (low: number): number => {
  let bits = low & 0xff
  bits ^= bits >> 4
  bits ^= bits >> 2
  bits ^= bits >> 1
  return bits & 1 ? 0 : PF
}

/** SF, ZF and PF of a result of 32 bits or fewer, or of the halves of a 64-bit one. */
function ofResult(size: number, low: number, high: number): number {
  const sign = size === 3 ? high : low << (32 - (8 << size))
  const zero = size === 3 ? (low | high) === 0 : low << (32 - (8 << size)) === 0
  return (zero ? ZF : 0) | (sign < 0 ? SF : 0) | parity(low)
}

/** The sign bit of a value given in halves. */
const isNegative = (size: number, low: number, high: number): boolean =>
  (size === 3 ? high : low << (32 - (8 << size))) < 0

/** first < second, unsigned, at a size. */
function isBelow(size: number, low: number, high: number, otherLow: number, otherHigh: number): boolean {
  const cut = 32 - (8 << Math.min(size, 2))
  if (size === 3 && high !== otherHigh) return high >>> 0 < otherHigh >>> 0
  return (low << cut) >>> 0 < (otherLow << cut) >>> 0
}

/**
 * The six arithmetic flags, at their EFLAGS places, of a lazy triple whose 64-bit values come in halves: a system call
 * and a rare condition ask for it, so it makes no bigints.
 */
export function arithmeticFlags(
  ccOp: number,
  dstLow: number,
  dstHigh: number,
  srcLow: number,
  srcHigh: number,
): number {
  if (ccOp === CC_BITS) return dstLow & ARITHMETIC_FLAGS
  const kind = ccOp & ~3
  const size = ccOp & 3
  const others = srcLow & (CF | OF | AF)
  switch (kind) {
    case CC_ADD: {
      const low = (dstLow - srcLow) | 0
      const high = (dstHigh - srcHigh - (dstLow >>> 0 < srcLow >>> 0 ? 1 : 0)) | 0
      const overflow = isNegative(
        size,
        (low ^ dstLow) & (srcLow ^ dstLow),
        (high ^ dstHigh) & (srcHigh ^ dstHigh),
      )
      const carry = isBelow(size, dstLow, dstHigh, srcLow, srcHigh)
      return (
        ofResult(size, dstLow, dstHigh) |
        (carry ? CF : 0) |
        (overflow ? OF : 0) |
        ((low ^ srcLow ^ dstLow) & AF)
      )
    }
    case CC_SUB: {
      const low = (dstLow - srcLow) | 0
      const high = (dstHigh - srcHigh - (dstLow >>> 0 < srcLow >>> 0 ? 1 : 0)) | 0
      const overflow = isNegative(
        size,
        (dstLow ^ srcLow) & (dstLow ^ low),
        (dstHigh ^ srcHigh) & (dstHigh ^ high),
      )
      const carry = isBelow(size, dstLow, dstHigh, srcLow, srcHigh)
      return (
        ofResult(size, low, high) | (carry ? CF : 0) | (overflow ? OF : 0) | ((dstLow ^ srcLow ^ low) & AF)
      )
    }
    case CC_LOGIC:
      return ofResult(size, dstLow, dstHigh)
    case CC_INC:
    case CC_DEC: {
      // INC overflows to the smallest number, DEC to the largest.
      const one = kind === CC_INC ? 0 : 1
      const low = (dstLow + one) | 0
      const high = (dstHigh + (one === 1 && low === 0 ? 1 : 0)) | 0
      const smallest =
        size === 3 ? low === 0 && high === -0x8000_0000 : low << (32 - (8 << size)) === -0x8000_0000
      const half = (dstLow & 15) === (kind === CC_INC ? 0 : 15)
      return ofResult(size, dstLow, dstHigh) | (srcLow & CF) | (smallest ? OF : 0) | (half ? AF : 0)
    }
    default:
      return ofResult(size, dstLow, dstHigh) | others
  }
}

/** EFLAGS as a program sees it; bit 1 and IF are always set in user mode. */
export function readEflags(state: StateBlock): number {
  const arithmetic = arithmeticFlags(
    state.getU32(X86_STATE.ccOp),
    state.getU32(X86_STATE.ccDst) | 0,
    state.getU32(X86_STATE.ccDst + 4) | 0,
    state.getU32(X86_STATE.ccSrc) | 0,
    state.getU32(X86_STATE.ccSrc + 4) | 0,
  )
  return arithmetic | (state.getU32(X86_STATE.df) ? DF : 0) | state.getU32(X86_STATE.otherFlags) | 0x202
}

const OTHER_FLAGS = 0x240000 // AC, ID

/** Sets what user mode may change: the arithmetic flags, DF, AC and ID. */
export function writeEflags(state: StateBlock, eflags: number): void {
  state.setU32(X86_STATE.ccOp, CC_BITS)
  state.setU64(X86_STATE.ccDst, BigInt(eflags & ARITHMETIC_FLAGS))
  state.setU32(X86_STATE.df, eflags & DF ? 1 : 0)
  state.setU32(X86_STATE.otherFlags, eflags & OTHER_FLAGS)
}
