/** Conversions between x87 registers and the formats in memory: floats, integers, packed decimals, the environment. */

import { STATE_BASE } from '../../../memory/layout.ts'
import * as F from '../../softfloat.ts'
import { X86_STATE } from '../state.ts'
import { denormals } from './arithmetic.ts'
import { type Fpu, SCRATCH, unpack80 } from './fpu.ts'

/** Where an operand lies: a register, or the scratch field in a format. */
export const SOURCES = ['st', 'f32', 'f64', 'f80', 'i16', 'i32', 'i64', 'bcd'] as const
export type Source = (typeof SOURCES)[number]

/** The operand of an instruction; null for an empty register. */
export function operand(fpu: Fpu, source: Source, i: number): F.Float | null {
  const { view } = fpu
  switch (source) {
    case 'st':
      return fpu.isEmpty(i) ? null : fpu.get(i)
    case 'f32':
      return F.unpack(BigInt(view.getUint32(SCRATCH, true)), F.FORMAT32)
    case 'f64':
      return F.unpack(view.getBigUint64(SCRATCH, true), F.FORMAT64)
    case 'f80':
      return unpack80(view.getBigUint64(SCRATCH, true), view.getUint16(SCRATCH + 8, true))
    case 'i16':
      return ofInteger(BigInt(view.getInt16(SCRATCH, true)))
    case 'i32':
      return ofInteger(BigInt(view.getInt32(SCRATCH, true)))
    case 'i64':
      return ofInteger(view.getBigInt64(SCRATCH, true))
    default:
      return decimal(fpu)
  }
}

const ofInteger = (value: bigint): F.Float => F.finite(value < 0n, value < 0n ? -value : value, 0)

function decimal(fpu: Fpu): F.Float {
  const { view } = fpu
  let value = 0n
  for (let k = 8; k >= 0; k--) {
    const byte = view.getUint8(SCRATCH + k)
    value = value * 100n + BigInt((byte >> 4) * 10 + (byte & 15))
  }
  return F.finite((view.getUint8(SCRATCH + 9) & 0x80) !== 0, value, 0)
}

/** FLD, FILD, FBLD. */
export function load(fpu: Fpu, source: Source, i: number): void {
  // A register or an 80-bit operand goes as it is, whatever it is.
  if (source === 'st' || source === 'f80') {
    const empty = source === 'st' && fpu.isEmpty(i)
    const raw =
      source === 'st'
        ? fpu.raw(i)
        : ([fpu.view.getBigUint64(SCRATCH, true), fpu.view.getUint16(SCRATCH + 8, true)] as [bigint, number])
    fpu.setC1(false)
    // Both faults at once are an underflow where the source is empty.
    if (empty && !fpu.stackFault(false)) return
    if (empty && fpu.isEmpty(7)) {
      fpu.push(F.DEFAULT_NAN)
      fpu.setC1(false)
      return
    }
    if (empty) {
      fpu.top = (fpu.top - 1) & 7
      fpu.set(0, F.DEFAULT_NAN)
      return
    }
    const full = !fpu.isEmpty(7)
    if (fpu.push(F.zero(false)) && !full) fpu.setRaw(0, raw[0], raw[1])
    return
  }
  const x = operand(fpu, source, i)!
  if (!fpu.isEmpty(7)) {
    fpu.push(x)
    return
  }
  fpu.setC1(false)
  if (x.kind === F.NAN && x.special) {
    if (fpu.raise(F.IE)) fpu.push(F.quieted(x))
    return
  }
  // A denormal is loaded even when its exception traps.
  denormals(fpu, x)
  fpu.push(x)
}

const FORMATS: Partial<Record<Source, F.Format>> = { f32: F.FORMAT32, f64: F.FORMAT64 }
const INTEGER_BITS: Partial<Record<Source, number>> = { i16: 16, i32: 32, i64: 64 }

/** FST, FIST, FISTTP, FBSTP and their popping forms; the scratch field keeps its value when the store traps. */
export function store(fpu: Fpu, to: Source, pops: boolean, truncate: boolean): void {
  const empty = fpu.isEmpty(0)
  if (empty && !fpu.stackFault(false)) return
  const format = FORMATS[to]
  const bits = INTEGER_BITS[to]
  let stored: boolean
  if (to === 'f80') stored = storeRaw(fpu, empty)
  else if (format) stored = storeFloat(fpu, empty ? F.DEFAULT_NAN : fpu.get(0), format)
  else if (bits) stored = storeInteger(fpu, empty ? null : fpu.get(0), bits, truncate)
  else stored = storeDecimal(fpu, empty ? null : fpu.get(0))
  if (stored && pops) fpu.pop()
}

function storeRaw(fpu: Fpu, empty: boolean): boolean {
  const [significand, signExponent] = empty ? [3n << 62n, 0xffff] : fpu.raw(0)
  if (!empty) fpu.setC1(false)
  fpu.view.setBigUint64(SCRATCH, significand, true)
  fpu.view.setUint16(SCRATCH + 8, signExponent, true)
  return true
}

function storeFloat(fpu: Fpu, x: F.Float, format: F.Format): boolean {
  const { view } = fpu
  let value = x
  if (x.kind === F.UNSUPPORTED || (x.kind === F.NAN && x.special)) {
    fpu.setC1(false)
    if (!fpu.raise(F.IE)) return false
    value = x.kind === F.NAN ? F.quieted(x) : F.DEFAULT_NAN
  } else if (x.kind === F.FINITE) {
    const rounded = F.round(x, format, fpu.rounding, fpu.unmasked)
    if (rounded.flags & fpu.unmasked & (F.OE | F.UE)) {
      // Nothing is stored, so nothing was rounded.
      fpu.setC1(false)
      fpu.raise(rounded.flags & (F.OE | F.UE))
      return false
    }
    fpu.setC1(rounded.up)
    fpu.raise(rounded.flags)
    value = rounded.value
  } else if (x !== F.DEFAULT_NAN) fpu.setC1(false)
  const bits = F.pack(value, format)
  if (format === F.FORMAT32) view.setUint32(SCRATCH, Number(bits), true)
  else view.setBigUint64(SCRATCH, bits, true)
  return true
}

/** The integer an x87 value rounds to, or null when it does not fit `bits` (or is no number). */
function rounded(fpu: Fpu, x: F.Float | null, limit: bigint, mode: number): bigint | null {
  if (x === null || x.kind > F.FINITE) return null
  const { value, inexact, up } = F.toInteger(x, mode)
  if (value > limit - 1n || value < -limit) return null
  fpu.setC1(up)
  if (inexact) fpu.raise(F.PE)
  return value
}

function storeInteger(fpu: Fpu, x: F.Float | null, bits: number, truncate: boolean): boolean {
  const limit = 1n << BigInt(bits - 1)
  let value = rounded(fpu, x, limit, truncate ? F.ROUND_ZERO : fpu.rounding)
  if (value === null) {
    if (x !== null) {
      fpu.setC1(false)
      if (!fpu.raise(F.IE)) return false
    }
    value = -limit
  }
  const { view } = fpu
  if (bits === 16) view.setInt16(SCRATCH, Number(value), true)
  else if (bits === 32) view.setInt32(SCRATCH, Number(value), true)
  else view.setBigInt64(SCRATCH, value, true)
  return true
}

const DECIMAL_LIMIT = 10n ** 18n

function storeDecimal(fpu: Fpu, x: F.Float | null): boolean {
  const { view } = fpu
  const before = fpu.status
  let value = rounded(fpu, x, DECIMAL_LIMIT, fpu.rounding)
  if (value === -DECIMAL_LIMIT) {
    fpu.status = before
    value = null
  }
  if (value === null) {
    if (x !== null) {
      fpu.setC1(false)
      if (!fpu.raise(F.IE)) return false
    }
    // The decimal indefinite.
    view.setBigUint64(SCRATCH, 0xc000_0000_0000_0000n, true)
    view.setUint16(SCRATCH + 8, 0xffff, true)
    return true
  }
  let rest = value < 0n ? -value : value
  for (let k = 0; k < 9; k++, rest /= 100n) {
    const pair = Number(rest % 100n)
    view.setUint8(SCRATCH + k, (Math.floor(pair / 10) << 4) | (pair % 10))
  }
  view.setUint8(SCRATCH + 9, x!.negative ? 0x80 : 0)
  return true
}

// ---- the environment: seven fields

const FPIP = STATE_BASE + X86_STATE.fpip
const FPDP = STATE_BASE + X86_STATE.fpdp
const FPOP = STATE_BASE + X86_STATE.fpop

/** Two bits a register: 0 valid, 1 zero, 2 special, 3 empty; by physical number. */
function tagWord(fpu: Fpu): number {
  let word = 0
  for (let i = 0; i < 8; i++) {
    const physical = (fpu.top + i) & 7
    let tag = 0
    if (fpu.isEmpty(i)) tag = 3
    else {
      const [significand, signExponent] = fpu.raw(i)
      const exponent = signExponent & 0x7fff
      if (exponent === 0 && significand === 0n) tag = 1
      else if (exponent === 0 || exponent === 0x7fff || !(significand >> 63n)) tag = 2
    }
    word |= tag << (2 * physical)
  }
  return word
}

/** How an environment lies in memory: bytes from field to field. The short one has half of each field and no opcode. */
export type EnvironmentFormat = 2 | 4
export const SHORT = 2
export const LONG = 4
const FIELDS = 7

export function storeEnvironment(fpu: Fpu, to: number, format: EnvironmentFormat): void {
  const { view } = fpu
  const fields = [
    fpu.control,
    (fpu.status & ~0x3800) | (fpu.top << 11),
    tagWord(fpu),
    view.getUint32(FPIP, true),
    format === SHORT ? 0 : (view.getUint16(FPOP, true) & 0x7ff) << 16,
    view.getUint32(FPDP, true),
    0,
  ]
  fields.forEach((value, k) => {
    // What belongs to no field is ones.
    const above = k < 3 || k === 6 ? 0xffff_0000 : 0
    if (format === SHORT) view.setUint16(to + 2 * k, value, true)
    else view.setUint32(to + 4 * k, (value | above) >>> 0, true)
  })
}

export function loadEnvironment(fpu: Fpu, from: number, format: EnvironmentFormat): void {
  const { view } = fpu
  const low = (field: number): number => view.getUint16(from + field * format, true)
  const pointer = (field: number): number =>
    format === SHORT ? low(field) : view.getUint32(from + 4 * field, true)
  fpu.control = (low(0) & 0x1f3f) | 0x40
  const status = low(1)
  fpu.status = status & ~0xb880
  if (fpu.status & fpu.unmasked) fpu.status |= 0x8080
  fpu.top = (status >> 11) & 7
  const tags = low(2)
  let valid = 0
  for (let k = 0; k < 8; k++) if (((tags >> (2 * k)) & 3) !== 3) valid |= 1 << k
  fpu.tags = valid
  view.setBigUint64(FPIP, BigInt(pointer(3)), true)
  view.setBigUint64(FPDP, BigInt(pointer(5)), true)
  view.setUint16(FPOP, format === SHORT ? 0 : (pointer(4) >> 16) & 0x7ff, true)
}

/** FNSAVE: environment and the eight registers from the top; then as after FNINIT. */
export function saveAll(fpu: Fpu, to: number, format: EnvironmentFormat): void {
  storeEnvironment(fpu, to, format)
  const registers = to + FIELDS * format
  for (let i = 0; i < 8; i++) {
    const [significand, signExponent] = fpu.raw(i)
    fpu.view.setBigUint64(registers + 10 * i, significand, true)
    fpu.view.setUint16(registers + 8 + 10 * i, signExponent, true)
  }
  initialise(fpu)
}

export function restoreAll(fpu: Fpu, from: number, format: EnvironmentFormat): void {
  loadEnvironment(fpu, from, format)
  const registers = from + FIELDS * format
  const { tags } = fpu
  for (let i = 0; i < 8; i++)
    fpu.setRaw(
      i,
      fpu.view.getBigUint64(registers + 10 * i, true),
      fpu.view.getUint16(registers + 8 + 10 * i, true),
    )
  fpu.tags = tags
}

export function initialise(fpu: Fpu): void {
  fpu.control = 0x37f
  fpu.status = 0
  fpu.top = 0
  fpu.freeAll()
  const { view } = fpu
  view.setBigUint64(FPIP, 0n, true)
  view.setBigUint64(FPDP, 0n, true)
  view.setUint16(FPOP, 0, true)
}
