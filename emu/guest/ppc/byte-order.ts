/**
 * Byte order: what is loaded or stored in the order that is not WebAssembly's.
 * Path: translate.ts, on each access of a big-endian guest and on loads and stores with byte reversal.
 */

import type { LoadKind, Region, Value } from '../../ir/region.ts'

/** Bytes of each 32 or 64 bits in the other order. */
const SWAP32 = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
const SWAP64 = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]

/** A value as it was loaded, or is to be stored, with its bytes in the other order. */
export function swapped(ir: Region, kind: LoadKind, value: Value): Value {
  switch (kind) {
    case 'u8':
    case 's8':
      return value
    case 'u16':
      return swap16(ir, value)
    case 's16':
      return ir.op1('i32.extend16_s', swap16(ir, value))
    case 32:
      return swap32(ir, value)
    case 64:
      return swap64(ir, value)
    case 'z32':
      return ir.shuffle(value, value, SWAP32)
    case 'z64':
    case 128:
      return ir.shuffle(value, value, SWAP64)
    default:
      throw new Error(`${kind} is not swapped`)
  }
}

/** The lower 16 bits, with zeros above. */
function swap16(ir: Region, value: Value): Value {
  const low = ir.op2('i32.and', value, ir.i32(0xffff))
  const moved = ir.op2('i32.or', ir.op2('i32.shl', low, ir.i32(8)), ir.op2('i32.shr_u', low, ir.i32(8)))
  return ir.op2('i32.and', moved, ir.i32(0xffff))
}

function swap32(ir: Region, value: Value): Value {
  const odd = ir.op2('i32.and', ir.op2('i32.rotl', value, ir.i32(8)), ir.i32(0x00ff_00ff))
  const even = ir.op2('i32.and', ir.op2('i32.rotl', value, ir.i32(24)), ir.i32(0xff00_ff00))
  return ir.op2('i32.or', odd, even)
}

function swap64(ir: Region, value: Value): Value {
  const lanes = ir.op1('i64x2.splat', value)
  return ir.lane('i64x2.extract_lane', 0, ir.shuffle(lanes, lanes, SWAP64))
}
