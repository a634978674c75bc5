/** Random processor states for an encoding: operands in memory mostly lie in the data page. */

import { NO_REGISTER, SEG_NONE } from '../../emu/guest/x86/decode.ts'
import { CS, DS, ES, SS } from '../../emu/guest/x86/state.ts'
import type { Insn } from './encode.ts'
import { CODE, CODE_SIZE, DATA, DATA_SIZE, FLAGS_AT, FX_AT, STATE_BYTES } from './layout.ts'
import type { Random } from './random.ts'
import {
  baseOf,
  FAR_STRIDE,
  operandSelector,
  type Selectors,
  usesSelectors,
  writeSelectors,
} from './segments.ts'

const RBX = 3,
  RSP = 4,
  RBP = 5,
  RSI = 6,
  RDI = 7,
  RCX = 1
const ARITHMETIC_FLAGS = 0x8d5
const MXCSR_DEFAULT = 0x1f80

export function dataPage(random: Random): Uint8Array {
  const page = new Uint8Array(DATA_SIZE)
  const view = new DataView(page.buffer)
  for (let at = 0; at < DATA_SIZE; at += 8) view.setBigUint64(at, random.word(), true)
  return page
}

/** An address in the data page; now and then one that lies across its edge or off alignment. */
function address(random: Random): number {
  if (random.chance(16))
    return (
      DATA +
      random.pick([-1, -4, -8, -16, DATA_SIZE - 1, DATA_SIZE - 4, DATA_SIZE - 8, DATA_SIZE - 15, DATA_SIZE])
    )
  if (random.chance(4)) return DATA + random.below(DATA_SIZE - 512)
  return DATA + 16 * random.below((DATA_SIZE - 512) / 16)
}

const usesX87 = (insn: Insn): boolean =>
  /x87|mmx/.test(insn.row!.feature) || insn.row!.operands.some((o) => /^[PQN]/.test(o))

/** `selectors`: what the segment registers hold, where the case says so. */
export function randomState(random: Random, insns: readonly Insn[], selectors?: Selectors): Uint8Array {
  const bytes = new Uint8Array(STATE_BYTES)
  const view = new DataView(bytes.buffer)
  const gpr: bigint[] = Array.from({ length: 16 }, () =>
    random.chance(6) ? BigInt(address(random)) : random.integer(),
  )
  const { mode } = insns[0]!
  const base = (segment: number): number => (selectors ? baseOf(selectors, segment, mode) : 0)
  gpr[RSP] = BigInt((random.chance(16) ? address(random) : DATA + 8 * (16 + random.below(400))) - base(SS))
  // The last instruction's wishes come last, for most blocks have one.
  for (const insn of insns) place(random, gpr, insn, base)
  if (selectors) for (const insn of insns) placeSelectors(random, gpr, insn, base)
  gpr.forEach((value, k) => {
    if (mode === 64 || k < 8) view.setBigUint64(8 * k, BigInt.asUintN(mode, value), true)
  })
  const direction = random.chance(8) ? 0x400 : 0
  view.setBigUint64(FLAGS_AT, BigInt((random.u32() & ARITHMETIC_FLAGS) | 0x202 | direction), true)
  fillFloat(random, view, insns.some(usesX87))
  for (const insn of insns) boundX87(view, insn)
  if (selectors) writeSelectors(view, selectors)
  return bytes
}

/** F2XM1 and FYL2XP1 are undefined for operands that are not small: makes ST(0) small. */
function boundX87(view: DataView, insn: Insn): void {
  if (insn.isMemory || insn.row!.opcode !== 0xd9 || insn.row!.map !== 0) return
  const isF2xm1 = insn.row!.extension === 6 && (insn.rm & 7) === 0
  const isFyl2xp1 = insn.row!.extension === 7 && (insn.rm & 7) === 1
  const at = FX_AT + 40
  const signExponent = view.getUint16(at, true)
  const exponent = signExponent & 0x7fff
  const most = isF2xm1 ? 0x3ffe : 0x3ffc
  if ((isF2xm1 || isFyl2xp1) && exponent > most)
    view.setUint16(at, (signExponent & 0x8000) | (most - (exponent % 100)), true)
}

/** Sets the registers an instruction's memory operand is made of, and those that strings and the like use. */
function place(random: Random, gpr: bigint[], insn: Insn, baseOfSegment: (segment: number) => number): void {
  const row = insn.row!
  const source = insn.segment === SEG_NONE ? DS : insn.segment
  if (row.hasModrm && insn.isMemory && insn.base !== 16) {
    const isStack = insn.segment === SEG_NONE && (insn.base === RSP || insn.base === RBP)
    // Linux stores these in the CPU's place, and stops in the middle where a page ends.
    const isInside = /^(SGDT|SIDT|STR|SLDT|SMSW)$/.test(row.mnemonic)
    const isFar = /^(JMPF|CALLF)$/.test(row.mnemonic)
    let at = isFar ? farPlace(random) : address(random)
    if (isInside) at = DATA + random.below(DATA_SIZE - 16)
    let rest = BigInt(at - insn.disp - baseOfSegment(isStack ? SS : source))
    const { base, index } = insn
    if (index !== NO_REGISTER && index !== base) {
      const value = base === NO_REGISTER ? rest >> BigInt(insn.scale) : BigInt(random.below(64))
      gpr[index] = value
      rest -= value << BigInt(insn.scale)
    }
    if (base !== NO_REGISTER) gpr[base] = rest
    if (base === index && base !== NO_REGISTER) gpr[base] = rest / BigInt(1 + (1 << insn.scale))
  }
  if (/^(MOVS|STOS|LODS|SCAS|CMPS)$/.test(row.mnemonic)) {
    gpr[RSI] = BigInt(address(random) - baseOfSegment(source))
    gpr[RDI] = BigInt(address(random) - baseOfSegment(ES))
    gpr[RCX] = random.chance(8) ? random.integer() & 0xffffn : BigInt(random.below(40))
  }
  if (/^MASKMOV/.test(row.mnemonic))
    gpr[RDI] = BigInt(
      (random.chance(2) ? address(random) : DATA + random.below(DATA_SIZE - 16)) - baseOfSegment(source),
    )
  if (/^SH[LR]D$/.test(row.mnemonic) && insn.size === 16) gpr[RCX]! &= ~0x10n
  // AMD's CPUs have loaded some of the registers when a later one faults.
  if (row.mnemonic === 'POPA') gpr[RSP] = BigInt(DATA + 8 * random.below(400) - baseOfSegment(SS))
  if (row.mnemonic === 'XLAT') gpr[RBX] = BigInt(DATA + 1024 - baseOfSegment(source))
  if (row.mnemonic === 'LEAVE') gpr[RBP] = BigInt(DATA + random.below(DATA_SIZE) - baseOfSegment(SS))
  if (/-value/.test(row.flow) && row.hasModrm && !insn.isMemory && insn.rm !== RSP)
    gpr[insn.rm] = BigInt(CODE + random.below(CODE_SIZE) - baseOfSegment(CS))
}

/** Where fillSelectors put a far pointer. */
const farPlace = (random: Random): number =>
  DATA + FAR_STRIDE * random.below(Math.floor(DATA_SIZE / FAR_STRIDE))

/** Operands of rows that load selectors: one in a register, or far pointers where fillSelectors put them. */
function placeSelectors(
  random: Random,
  gpr: bigint[],
  insn: Insn,
  baseOfSegment: (segment: number) => number,
): void {
  const { mnemonic } = insn.row!
  if (!usesSelectors(insn)) return
  if (/^(RETF|IRET)$/.test(mnemonic)) gpr[RSP] = BigInt(farPlace(random) - baseOfSegment(SS))
  else if (insn.row!.hasModrm && !insn.isMemory) gpr[insn.rm] = BigInt(operandSelector(random, insn))
}

function fillFloat(random: Random, view: DataView, x87: boolean): void {
  const at = FX_AT
  view.setUint16(at, 0x37f, true)
  if (x87) fillX87(random, view)
  const special = random.chance(8) ? random.u32() & 0xe000 : 0
  const masks = random.chance(16) ? random.u32() & MXCSR_DEFAULT : MXCSR_DEFAULT
  view.setUint32(
    at + 24,
    (special & 0x6000) |
      masks |
      (random.chance(4) ? random.u32() & 0x8040 : 0) |
      (random.chance(2) ? random.u32() & 0x3f : 0),
    true,
  )
  // All registers from one kind of value, or each its own.
  const kind = random.below(6)
  for (let k = 0; k < 32; k++) {
    const value =
      kind === 0
        ? (random.float(8, 23) << 32n) | random.float(8, 23)
        : kind === 1
          ? random.float(11, 52)
          : kind === 2
            ? random.integer()
            : random.word()
    view.setBigUint64(at + 160 + 8 * k, value, true)
  }
}

/** An 80-bit value: mostly normal numbers, also every kind of unusual one. */
function extended(random: Random): { significand: bigint; exponent: number } {
  const sign = random.below(2) << 15
  const top = 1n << 63n
  switch (random.below(12)) {
    case 0:
      return { significand: 0n, exponent: sign }
    case 1:
      return { significand: top, exponent: sign | 0x7fff }
    case 2:
      return { significand: top | (random.u64() >> BigInt(random.below(64))), exponent: sign | 0x7fff }
    case 3:
      return { significand: random.u64() >> BigInt(random.below(64)), exponent: sign }
    case 4:
      // Unnormal, pseudo-denormal, pseudo-NaN and so on.
      return { significand: random.u64(), exponent: sign | random.pick([0, 1, 0x3fff, 0x7ffe, 0x7fff]) }
    case 5:
      return { significand: top | random.u64(), exponent: sign | random.below(0x7fff) }
    case 6:
      return {
        significand: BigInt.asUintN(64, random.integer()) | top,
        exponent: sign | (0x3fff + random.below(70)),
      }
    case 7:
      return {
        significand: top | (random.u64() & ~0x7ffn),
        exponent: sign | (0x3fff + random.below(21) - 10),
      }
    default:
      return { significand: top | random.u64(), exponent: sign | (0x3fff + random.below(9) - 4) }
  }
}

function fillX87(random: Random, view: DataView): void {
  const at = FX_AT
  const precision = random.chance(4) ? random.pick([0x000, 0x200, 0x300]) : 0x300
  const rounding = random.chance(4) ? random.below(4) << 10 : 0
  const masks = random.chance(8) ? random.below(64) : 0x3f
  view.setUint16(at, precision | rounding | masks | 0x40, true)
  const top = random.below(8)
  const flags = random.chance(4) ? random.below(128) : 0
  const pending = flags & ~masks & 0x3f ? 0x8080 : 0
  view.setUint16(
    at + 2,
    (top << 11) | ((random.below(16) & 7) << 8) | flags | pending | (random.chance(2) ? 0x4000 : 0),
    true,
  )
  view.setUint8(at + 4, random.chance(2) ? 0xff : random.chance(2) ? 0 : random.below(256))
  for (let k = 0; k < 8; k++) {
    const { significand, exponent } = extended(random)
    view.setBigUint64(at + 32 + 16 * k, significand, true)
    view.setUint16(at + 40 + 16 * k, exponent, true)
  }
}
