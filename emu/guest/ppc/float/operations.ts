/**
 * The float operations by number: what rows, the exact helpers and the state block's last operation call them.
 */

/** Numbers stay below 128; 0 is none. */
export const FLOAT_OPS = [
  'none',
  'add',
  'sub',
  'mul',
  'div',
  'sqrt',
  'madd',
  'msub',
  'nmadd',
  'nmsub',
  'round',
  'estimate',
  'rootEstimate',
  'toI32',
  'toI32z',
  'toU32',
  'toU32z',
  'toI64',
  'toI64z',
  'toU64',
  'toU64z',
  'fromI32',
  'fromU32',
  'fromI64',
  'fromU64',
  'integralNear',
  'integralZero',
  'integralUp',
  'integralDown',
  'integral',
  'compare',
  'compareOrdered',
  'testDivide',
  'testRoot',
  'max',
  'min',
  'equal',
  'greater',
  'greaterEqual',
] as const
export type FloatOp = (typeof FLOAT_OPS)[number]

/** A code of 8 bits: the operation, and whether its result is rounded to single precision. */
export const floatCode = (op: FloatOp, isSingle: boolean): number =>
  2 * FLOAT_OPS.indexOf(op) + (isSingle ? 1 : 0)

export const opOf = (code: number): FloatOp => FLOAT_OPS[(code & 0xff) >> 1]!
export const isSingle = (code: number): boolean => (code & 1) !== 0

/** The exact helpers' argument: the code and vector-scalar registers. */
export const packCall = (code: number, t: number, a: number, b: number, c: number): number =>
  code | (t << 8) | (a << 14) | (b << 20) | (c << 26)

/** In the state block's last operation: a comparison came behind it. */
export const COMPARED_LAST = 0x100
