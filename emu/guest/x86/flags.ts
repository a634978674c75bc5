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

const parity = (byte: bigint): number => {
  let bits = Number(byte & 0xffn)
  bits ^= bits >> 4
  bits ^= bits >> 2
  bits ^= bits >> 1
  return bits & 1 ? 0 : PF
}

/** The six arithmetic flags, at their EFLAGS places, of a lazy triple. */
export function arithmeticFlags(ccOp: number, ccDst: bigint, ccSrc: bigint): number {
  if (ccOp === CC_BITS) return Number(ccDst) & ARITHMETIC_FLAGS
  const kind = ccOp & ~3
  const bits = BigInt(8 << (ccOp & 3))
  const mask = (1n << bits) - 1n
  const sign = 1n << (bits - 1n)
  const dst = ccDst & mask
  const src = ccSrc & mask
  const ofResult = (result: bigint): number =>
    (result === 0n ? ZF : 0) | (result & sign ? SF : 0) | parity(result)
  switch (kind) {
    case CC_ADD: {
      const first = (dst - src) & mask
      const carry = dst < src ? CF : 0
      const overflow = (first ^ dst) & (src ^ dst) & sign ? OF : 0
      return ofResult(dst) | carry | overflow | Number((first ^ src ^ dst) & 16n)
    }
    case CC_SUB: {
      const result = (dst - src) & mask
      const carry = dst < src ? CF : 0
      const overflow = (dst ^ src) & (dst ^ result) & sign ? OF : 0
      return ofResult(result) | carry | overflow | Number((dst ^ src ^ result) & 16n)
    }
    case CC_LOGIC:
      return ofResult(dst)
    case CC_INC:
      return ofResult(dst) | Number(ccSrc & 1n) | (dst === sign ? OF : 0) | ((dst & 15n) === 0n ? AF : 0)
    case CC_DEC:
      return (
        ofResult(dst) | Number(ccSrc & 1n) | (dst === sign - 1n ? OF : 0) | ((dst & 15n) === 15n ? AF : 0)
      )
    default:
      return ofResult(dst) | (Number(ccSrc & 0xffffn) & (CF | OF | AF))
  }
}

/** EFLAGS as a program sees it; bit 1 and IF are always set in user mode. */
export function readEflags(state: StateBlock): number {
  const arithmetic = arithmeticFlags(
    state.getU32(X86_STATE.ccOp),
    state.getU64(X86_STATE.ccDst),
    state.getU64(X86_STATE.ccSrc),
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
