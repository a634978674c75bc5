/**
 * What translated x86 code calls instead of doing it itself: rare or long operations. Helpers work on the state
 * block (scratch fields, and all registers for those called at a block's end) and guest memory; the interpreter
 * calls the same ones. Numbers are in helper-ids.ts.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import { StateBlock } from '../../memory/state-block.ts'
import { cpuid } from './cpuid.ts'
import { farTransfer } from './far-transfer.ts'
import { arithmeticFlags } from './flags.ts'
import { sseFlags, sseFloat } from './float-helper.ts'
import { fxrstor, fxsave } from './fxsave.ts'
import {
  HELPER_CC_BITS,
  HELPER_CPUID,
  HELPER_DESCRIPTOR,
  HELPER_DIVIDE128,
  HELPER_FAR,
  HELPER_FXSAVE,
  HELPER_RDTSC,
  HELPER_SEGMENT_CHECK,
  HELPER_SEGMENT_LOAD,
  HELPER_SSE_FLAGS,
  HELPER_SSE_FLOAT,
  HELPER_SSE_STRING,
  HELPER_STRING,
  HELPER_X87,
  HELPER_X87_PENDING,
} from './helper-ids.ts'
import { descriptorOf, segmentCheck, segmentLoad } from './segment-helpers.ts'
import { compareStrings } from './sse-string.ts'
import { X86_STATE } from './state.ts'
import { runString } from './string-ops.ts'
import { x87, x87Pending } from './x87/execute.ts'

/**
 * A helper: two i32 arguments as its id says. Those called at a block's end get the instruction's pc as the second
 * and return 0 to go on, else they have stored exit kind and pc.
 */
export type Helper = (space: AddressSpace, a: number, b: number) => number

const SCRATCH = STATE_BASE + X86_STATE.scratch

function ccBits(space: AddressSpace, op: number): number {
  const { view } = space
  return arithmeticFlags(
    op,
    view.getInt32(SCRATCH, true),
    view.getInt32(SCRATCH + 4, true),
    view.getInt32(SCRATCH + 8, true),
    view.getInt32(SCRATCH + 12, true),
  )
}

function divide128(space: AddressSpace, signed: number): number {
  const { view } = space
  const low = view.getBigUint64(SCRATCH, true)
  const high = signed ? view.getBigInt64(SCRATCH + 8, true) : view.getBigUint64(SCRATCH + 8, true)
  const divisor = signed ? view.getBigInt64(SCRATCH + 16, true) : view.getBigUint64(SCRATCH + 16, true)
  if (divisor === 0n) return 1
  const dividend = (high << 64n) | low
  const quotient = dividend / divisor
  if ((signed ? BigInt.asIntN(64, quotient) : BigInt.asUintN(64, quotient)) !== quotient) return 1
  view.setBigUint64(SCRATCH, BigInt.asUintN(64, quotient), true)
  view.setBigUint64(SCRATCH + 8, BigInt.asUintN(64, dividend % divisor), true)
  return 0
}

function cpuidHelper(space: AddressSpace): number {
  const state = new StateBlock(space)
  const { gpr } = X86_STATE
  const [a, b, c, d] = cpuid(state.getU32(gpr))
  // Encoding order: rax, rcx, rdx, rbx.
  state.setU64(gpr, BigInt(a >>> 0))
  state.setU64(gpr + 8, BigInt(c >>> 0))
  state.setU64(gpr + 16, BigInt(d >>> 0))
  state.setU64(gpr + 24, BigInt(b >>> 0))
  return 0
}

/** RDTSC counts its own uses: a clock that is the same in every run. */
function rdtsc(space: AddressSpace): number {
  const state = new StateBlock(space)
  const ticks = state.getU64(X86_STATE.tsc) + 1000n
  state.setU64(X86_STATE.tsc, ticks)
  state.setU64(X86_STATE.gpr, ticks & 0xffff_ffffn)
  state.setU64(X86_STATE.gpr + 16, ticks >> 32n)
  return 0
}

/** The helper functions by number. */
export const X86_HELPERS: (Helper | undefined)[] = []
X86_HELPERS[HELPER_CC_BITS] = ccBits
X86_HELPERS[HELPER_DIVIDE128] = divide128
X86_HELPERS[HELPER_CPUID] = cpuidHelper
X86_HELPERS[HELPER_RDTSC] = rdtsc
X86_HELPERS[HELPER_STRING] = runString
X86_HELPERS[HELPER_SSE_FLOAT] = sseFloat
X86_HELPERS[HELPER_SSE_FLAGS] = sseFlags
X86_HELPERS[HELPER_X87] = x87
X86_HELPERS[HELPER_X87_PENDING] = x87Pending
X86_HELPERS[HELPER_SSE_STRING] = compareStrings
X86_HELPERS[HELPER_SEGMENT_CHECK] = segmentCheck
X86_HELPERS[HELPER_SEGMENT_LOAD] = segmentLoad
X86_HELPERS[HELPER_DESCRIPTOR] = descriptorOf
X86_HELPERS[HELPER_FAR] = farTransfer
X86_HELPERS[HELPER_FXSAVE] = (space, restore, pc) => (restore ? fxrstor(space, pc) : fxsave(space, pc))
