/**
 * The flags of the common float operations without bigints: scalar operations between normal numbers far from the
 * format's bounds are at most inexact, and whether they are is what double arithmetic says of its own error.
 * Reference: J.-M. Muller et al., Handbook of Floating-Point Arithmetic, chapter 4 (2Sum, and Dekker's product).
 */

import { STATE_BASE } from '../../memory/layout.ts'
import { FLOAT_OPS } from './float-lanes.ts'
import { FLAG_PE } from './mxcsr.ts'
import { X86_STATE } from './state.ts'

const FIRST = STATE_BASE + X86_STATE.scratch
const SECOND = FIRST + 16
/** The error terms of operands between these are exact, and no result leaves the normal numbers. */
const LEAST = { f32: 2 ** -40, f64: 2 ** -400 }
const MOST = { f32: 2 ** 40, f64: 2 ** 400 }
const SPLIT = 2 ** 27 + 1
const [ADD, SUB, MUL, DIV, SQRT] = (['add', 'sub', 'mul', 'div', 'sqrt'] as const).map((name) =>
  FLOAT_OPS.indexOf(name),
) as [number, number, number, number, number]

/** Whether x + y is no double. */
function losesSum(x: number, y: number): boolean {
  const sum = x + y
  const part = sum - x
  return x - (sum - part) + (y - part) !== 0
}

/** Whether x × y is another number than `product`, the double next to it. */
function losesProduct(x: number, y: number, product: number): boolean {
  const cx = SPLIT * x
  const cy = SPLIT * y
  const xh = cx - (cx - x)
  const yh = cy - (cy - y)
  const xl = x - xh
  const yl = y - yh
  return xl * yl - (product - xh * yh - xl * yh - xh * yl) !== 0
}

const loses64 = (op: number, x: number, y: number): boolean => {
  switch (op) {
    case ADD:
      return losesSum(x, y)
    case SUB:
      return losesSum(x, -y)
    case MUL:
      return losesProduct(x, y, x * y)
    case DIV: {
      const quotient = x / y
      return quotient * y !== x || losesProduct(quotient, y, x)
    }
    default: {
      const root = Math.sqrt(y)
      return root * root !== y || losesProduct(root, root, y)
    }
  }
}

/** As loses64 for singles, whose products are doubles. */
const loses32 = (op: number, x: number, y: number): boolean => {
  switch (op) {
    case ADD:
      return Math.fround(x + y) !== x + y || losesSum(x, y)
    case SUB:
      return Math.fround(x - y) !== x - y || losesSum(x, -y)
    case MUL:
      return Math.fround(x * y) !== x * y
    case DIV:
      return Math.fround(x / y) * y !== x
    default: {
      const root = Math.fround(Math.sqrt(y))
      return root * root !== y
    }
  }
}

/** The flags of an operation packed as for the exact helper, its operands in scratch; -1 when only that one can tell. */
export function quickFlags(view: DataView, packed: number): number {
  const op = packed & 0xff
  if (((packed >> 9) & 7) !== 1 || !(op === ADD || op === SUB || op === MUL || op === DIV || op === SQRT))
    return -1
  const type = packed & 0x100 ? 'f64' : 'f32'
  const y = type === 'f64' ? view.getFloat64(SECOND, true) : view.getFloat32(SECOND, true)
  const x = op === SQRT ? y : type === 'f64' ? view.getFloat64(FIRST, true) : view.getFloat32(FIRST, true)
  const [least, most] = [LEAST[type], MOST[type]]
  if (!(Math.abs(y) > least && Math.abs(y) < most && Math.abs(x) > least && Math.abs(x) < most)) return -1
  if (op === SQRT && y < 0) return -1
  return (type === 'f64' ? loses64 : loses32)(op, x, y) ? FLAG_PE : 0
}
