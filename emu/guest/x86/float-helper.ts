/**
 * SSE float instructions as MXCSR says: rounding, flushing, sticky flags and traps. Translated code has its own way
 * for the usual MXCSR; this one runs in the interpreter (float-lanes.ts).
 * Reference: Intel SDM vol. 1, 11.5 (SIMD floating-point exceptions) and appendix E (their results).
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import * as F from '../softfloat.ts'
import { FLOAT_OPS, type FloatOp } from './float-lanes.ts'
import { quickFlags } from './float-quick.ts'
import { MXCSR_DAZ, MXCSR_FLUSHES, MXCSR_FTZ, MXCSR_MASK_SHIFT, MXCSR_ROUND_SHIFT } from './mxcsr.ts'
import { X86_STATE } from './state.ts'

const SCRATCH = STATE_BASE + X86_STATE.scratch
const SECOND = SCRATCH + 16
const RESULT = SCRATCH + 32
const MXCSR = STATE_BASE + X86_STATE.mxcsr
const FLAGS = 0x3f

/** One execution: MXCSR, and the flags collected. */
class Run {
  readonly mode: number
  readonly unmasked: number
  readonly daz: boolean
  readonly ftz: boolean
  /** Flags found in operands; then those found in results, which count only when the first do not trap. */
  before = 0
  after = 0
  /** An operand was flushed. */
  flushed = false

  constructor(mxcsr: number) {
    this.mode = (mxcsr >> MXCSR_ROUND_SHIFT) & 3
    this.unmasked = ~(mxcsr >> MXCSR_MASK_SHIFT) & FLAGS
    this.daz = (mxcsr & MXCSR_DAZ) !== 0
    this.ftz = (mxcsr & MXCSR_FTZ) !== 0 && !(this.unmasked & F.UE)
  }

  /** An operand: a denormal is zero with DAZ. */
  operand(bits: bigint, format: F.Format): F.Float {
    const x = F.unpack(bits, format)
    if (!this.daz || x.kind !== F.FINITE || !x.special) return x
    this.flushed = true
    return F.zero(x.negative)
  }

  denormals(...operands: F.Float[]): void {
    for (const x of operands) if (x.kind === F.FINITE && x.special) this.before |= F.DE
  }

  /** The NaN of two operands, or null; signalling ones are invalid. */
  nanOf(x: F.Float, y: F.Float): F.Float | null {
    if (x.kind !== F.NAN && y.kind !== F.NAN) return null
    if ((x.kind === F.NAN && x.special) || (y.kind === F.NAN && y.special)) this.before |= F.IE
    return F.quieted(x.kind === F.NAN ? x : y)
  }

  invalid(): F.Float {
    this.before |= F.IE
    return F.DEFAULT_NAN
  }

  rounded(x: F.Float, format: F.Format): F.Float {
    if (x.kind !== F.FINITE) return x
    const { value, flags } = F.round(x, format, this.mode, this.unmasked)
    this.after |= flags
    if (this.ftz && this.isTiny(x, format)) {
      this.after |= F.UE | F.PE
      return F.zero(x.negative)
    }
    return value
  }

  /** Tiny after rounding as if the exponent had no bound. */
  private isTiny(x: F.Float, format: F.Format): boolean {
    const wide = F.round(x, { ...format, least: -100_000 }, this.mode, 0).value
    return wide.exponent + F.bitLength(wide.significand) - 1 < format.least
  }
}

function arithmetic(
  run: Run,
  op: 'add' | 'sub' | 'mul' | 'div',
  x: F.Float,
  right: F.Float,
  format: F.Format,
): F.Float {
  const found = run.nanOf(x, right)
  if (found) return found
  const y = op === 'sub' ? { ...right, negative: !right.negative } : right
  const negative = x.negative !== y.negative
  const infinite = x.kind === F.INFINITE || y.kind === F.INFINITE
  if (op === 'add' || op === 'sub') {
    if (infinite) {
      if (x.kind === y.kind && negative) return run.invalid()
      run.denormals(x, right)
      return x.kind === F.INFINITE ? x : y
    }
    run.denormals(x, right)
    return run.rounded(F.add(x, y, run.mode), format)
  }
  if (op === 'mul') {
    if (infinite) {
      if (x.kind === F.ZERO || y.kind === F.ZERO) return run.invalid()
      run.denormals(x, y)
      return F.infinity(negative)
    }
    run.denormals(x, y)
    return run.rounded(F.multiply(x, y), format)
  }
  if (x.kind === y.kind && (x.kind === F.ZERO || x.kind === F.INFINITE)) return run.invalid()
  if (y.kind === F.ZERO) {
    if (x.kind === F.FINITE) run.before |= F.ZE
    return F.infinity(negative)
  }
  run.denormals(x, y)
  if (x.kind === F.INFINITE) return F.infinity(negative)
  if (y.kind === F.INFINITE) return F.zero(negative)
  return run.rounded(F.divide(x, y), format)
}

function squareRoot(run: Run, x: F.Float, format: F.Format): F.Float {
  const found = run.nanOf(x, x)
  if (found) return found
  if (x.kind === F.ZERO) return x
  if (x.negative) return run.invalid()
  run.denormals(x)
  return x.kind === F.INFINITE ? x : run.rounded(F.squareRoot(x), format)
}

/** The relation of two numbers: -1, 0, 1, or 2 when unordered. Quiet NaNs are invalid for `signalling` compares. */
function relation(run: Run, x: F.Float, y: F.Float, signalling: boolean): number {
  if (x.kind === F.NAN || y.kind === F.NAN) {
    if (signalling) run.before |= F.IE
    run.nanOf(x, y)
    return 2
  }
  run.denormals(x, y)
  return F.compare(x, y)
}

function compareMask(run: Run, predicate: number, x: F.Float, y: F.Float): boolean {
  const signalling = [1, 2, 5, 6].includes(predicate & 7)
  const r = relation(run, x, y, signalling)
  const holds = [r === 0, r === -1, r === -1 || r === 0, r === 2][predicate & 3]!
  return predicate & 4 ? !holds : holds
}

/** To an integer of `bits`; the integer indefinite when it does not fit. */
function toInteger(run: Run, x: F.Float, bits: bigint, mode: number): bigint {
  const limit = 1n << (bits - 1n)
  if (x.kind === F.ZERO) return 0n
  if (x.kind === F.FINITE) {
    const { value, inexact } = F.toInteger(x, mode)
    if (value >= -limit && value < limit) {
      if (inexact) run.after |= F.PE
      return BigInt.asUintN(Number(bits), value)
    }
  }
  run.before |= F.IE
  return limit
}

function roundToIntegral(run: Run, x: F.Float, control: number): F.Float {
  const found = run.nanOf(x, x)
  if (found) return found
  if (x.kind !== F.FINITE) return x
  const { value, inexact } = F.toInteger(x, control & 4 ? run.mode : control & 3)
  if (inexact && !(control & 8)) run.after |= F.PE
  if (x.exponent >= 0) return x
  return F.finite(x.negative, value < 0n ? -value : value, 0)
}

const FORMATS = { f32: F.FORMAT32, f64: F.FORMAT64 }

/** Lanes of the two operand vectors and of the result. */
class Lanes {
  private readonly view: DataView
  readonly bytes: number

  constructor(view: DataView, bytes: number) {
    this.view = view
    this.bytes = bytes
  }

  get(base: number, lane: number): bigint {
    return this.bytes === 4
      ? BigInt(this.view.getUint32(base + 4 * lane, true))
      : this.view.getBigUint64(base + 8 * lane, true)
  }

  set(base: number, lane: number, bits: bigint): void {
    if (this.bytes === 4) this.view.setUint32(base + 4 * lane, Number(bits), true)
    else this.view.setBigUint64(base + 8 * lane, bits, true)
  }
}

interface Call {
  op: FloatOp
  format: F.Format
  count: number
  control: number
  lanes: Lanes
  view: DataView
}

/** A result lane of the operations between lanes of one format. */
function laneResult(run: Run, call: Call, lane: number): bigint {
  const { op, format, lanes, control } = call
  const read = (base: number, k: number): F.Float => run.operand(lanes.get(base, k), format)
  const done = (x: F.Float): bigint => F.pack(x, format)
  const half = call.count / 2
  switch (op) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
      return done(arithmetic(run, op, read(SCRATCH, lane), read(SECOND, lane), format))
    case 'addsub':
      return done(arithmetic(run, lane & 1 ? 'add' : 'sub', read(SCRATCH, lane), read(SECOND, lane), format))
    case 'hadd':
    case 'hsub': {
      const base = lane < half ? SCRATCH : SECOND
      const from = (lane % half) * 2
      return done(
        arithmetic(run, op === 'hadd' ? 'add' : 'sub', read(base, from), read(base, from + 1), format),
      )
    }
    case 'min':
    case 'max': {
      const [x, y] = [read(SCRATCH, lane), read(SECOND, lane)]
      const r = relation(run, x, y, true)
      // The second operand comes as it is, but for a denormal that counts as zero.
      const first = r === (op === 'min' ? -1 : 1)
      const chosen = first ? x : y
      return chosen.kind === F.ZERO ? done(chosen) : lanes.get(first ? SCRATCH : SECOND, lane)
    }
    case 'cmp':
      return compareMask(run, control, read(SCRATCH, lane), read(SECOND, lane))
        ? (1n << BigInt(8 * lanes.bytes)) - 1n
        : 0n
    case 'sqrt':
      return done(squareRoot(run, read(SECOND, lane), format))
    default:
      return done(roundToIntegral(run, read(SECOND, lane), control))
  }
}

/** DPPS and DPPD: each step rounds for itself; one that traps ends the instruction. */
function dotProduct(run: Run, call: Call): void {
  const { format, lanes, control, count } = call
  const traps = (): boolean => {
    if ((run.before | run.after) & run.unmasked) return true
    // What a finished step flagged stays flagged whatever the next one meets.
    run.before |= run.after
    return false
  }
  const step = (op: 'add' | 'mul', x: F.Float, y: F.Float): F.Float => arithmetic(run, op, x, y, format)
  const products = Array.from({ length: count }, (_, k) =>
    (control >> (4 + k)) & 1
      ? step('mul', run.operand(lanes.get(SCRATCH, k), format), run.operand(lanes.get(SECOND, k), format))
      : F.zero(false),
  ).map((x) => reread(run, x, format))
  if (traps()) return
  let total = step('add', products[0]!, products[1]!)
  if (count === 4) {
    const other = step('add', products[2]!, products[3]!)
    if (traps()) return
    total = step('add', reread(run, total, format), reread(run, other, format))
  }
  for (let k = 0; k < count; k++) lanes.set(RESULT, k, (control >> k) & 1 ? F.pack(total, format) : 0n)
}

/** An intermediate result as an operand: denormals are seen as such. */
const reread = (run: Run, x: F.Float, format: F.Format): F.Float => run.operand(F.pack(x, format), format)

/** Conversions, whose source and destination lanes differ. */
function convert(run: Run, call: Call): void {
  const { op, format, count, lanes, view } = call
  const to = (type: 'f32' | 'f64'): Lanes => new Lanes(view, type === 'f32' ? 4 : 8)
  const source = (k: number): F.Float => run.operand(lanes.get(SECOND, k), format)
  const ints = new Lanes(view, op.endsWith('64') ? 8 : 4)
  for (let k = 0; k < count; k++) {
    switch (op) {
      case 'fromI32':
      case 'fromI64': {
        const value = BigInt.asIntN(8 * ints.bytes, ints.get(SECOND, k))
        const x = run.rounded(F.finite(value < 0n, value < 0n ? -value : value, 0), format)
        lanes.set(RESULT, k, F.pack(x, format))
        break
      }
      case 'toI32':
      case 'toI64':
      case 'truncI32':
      case 'truncI64': {
        const mode = op.startsWith('to') ? run.mode : F.ROUND_ZERO
        ints.set(RESULT, k, toInteger(run, source(k), BigInt(8 * ints.bytes), mode))
        break
      }
      default: {
        const type = op === 'toF32' ? 'f32' : 'f64'
        const x = source(k)
        const found = run.nanOf(x, x)
        if (!found) run.denormals(x)
        to(type).set(RESULT, k, F.pack(found ?? run.rounded(x, FORMATS[type]), FORMATS[type]))
      }
    }
  }
}

function execute(run: Run, call: Call): void {
  const { op, count, lanes, format, view } = call
  if (op === 'ucomi' || op === 'comi') {
    const r = relation(
      run,
      run.operand(lanes.get(SCRATCH, 0), format),
      run.operand(lanes.get(SECOND, 0), format),
      op === 'comi',
    )
    view.setUint32(RESULT, [0x01, 0x40, 0x00, 0x45][r + 1]!, true)
  } else if (op === 'dp') dotProduct(run, call)
  else if (/^(from|to|trunc)/.test(op)) convert(run, call)
  else for (let k = 0; k < count; k++) lanes.set(RESULT, k, laneResult(run, call, k))
}

/** Executes with operands and result in scratch; `run` collects the flags. */
function compute(space: AddressSpace, packed: number, control: number, run: Run): void {
  const { view, bytes } = space
  const type = packed & 0x100 ? 'f64' : 'f32'
  // What the operation does not compute stays as it was in operand 0, or becomes zero.
  if (packed & 0x1000) bytes.fill(0, RESULT, RESULT + 16)
  else bytes.copyWithin(RESULT, SCRATCH, SCRATCH + 16)
  execute(run, {
    op: FLOAT_OPS[packed & 0xff]!,
    format: FORMATS[type],
    count: (packed >> 9) & 7,
    control,
    lanes: new Lanes(view, type === 'f64' ? 8 : 4),
    view,
  })
}

/** Helper: not zero when an unmasked exception traps; its FPE_* code is in the state block then. */
export function sseFloat(space: AddressSpace, packed: number, control: number): number {
  const { view } = space
  const mxcsr = view.getUint32(MXCSR, true)
  const run = new Run(mxcsr)
  compute(space, packed, control, run)
  const found = run.before & run.unmasked ? run.before : run.before | run.after
  const after = mxcsr | found
  view.setUint32(MXCSR, after, true)
  if (!(found & run.unmasked)) return 0
  view.setUint32(STATE_BASE + X86_STATE.exitCode, fpeCode(after & run.unmasked), true)
  return 1
}

/**
 * Helper: sets the flags of an instruction that translated code executes itself (float-flags.ts), all exceptions
 * masked; not zero, and nothing set, when FTZ or DAZ change its result.
 */
export function sseFlags(space: AddressSpace, argument: number): number {
  const { view } = space
  const packed = argument & 0xffff
  const control = argument >> 16
  const mxcsr = view.getUint32(MXCSR, true)
  const quick = quickFlags(view, packed)
  if (quick >= 0) {
    view.setUint32(MXCSR, mxcsr | quick, true)
    return 0
  }
  const run = new Run(mxcsr)
  compute(space, packed, control, run)
  if (mxcsr & MXCSR_FLUSHES) {
    if (run.flushed) return 1
    const [low, high] = [view.getBigUint64(RESULT, true), view.getBigUint64(RESULT + 8, true)]
    compute(space, packed, control, new Run(mxcsr & ~MXCSR_FLUSHES))
    if (low !== view.getBigUint64(RESULT, true) || high !== view.getBigUint64(RESULT + 8, true)) return 1
  }
  view.setUint32(MXCSR, mxcsr | run.before | run.after, true)
  return 0
}

/** FPE_FLT* as Linux derives it from the exceptions that are flagged and not masked. */
export function fpeCode(exceptions: number): number {
  if (exceptions & F.IE) return 7
  if (exceptions & F.ZE) return 3
  if (exceptions & F.OE) return 4
  if (exceptions & (F.UE | F.DE)) return 5
  return exceptions & F.PE ? 6 : 0
}
