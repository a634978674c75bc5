/**
 * The vector operations of evaluate.ts, by the WebAssembly specification, chapter 4.3.3 (relaxed ones are not used).
 * The same function makes an operation's rule for each lane type that has it; those of floats are in
 * evaluate-float.ts.
 */

import type { Evaluate, NodeValues } from './evaluate.ts'

type Rules = Record<string, Evaluate>
type Lanes = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array

/** A lane type of up to 32 bits: how many lanes, and its views. */
interface LaneType {
  readonly name: string
  readonly lanes: number
  readonly bits: number
  signed(v: NodeValues): Lanes
  unsigned(v: NodeValues): Lanes
}

const I8: LaneType = { name: 'i8x16', lanes: 16, bits: 8, signed: (v) => v.i8, unsigned: (v) => v.bytes }
const I16: LaneType = { name: 'i16x8', lanes: 8, bits: 16, signed: (v) => v.i16, unsigned: (v) => v.u16 }
const I32: LaneType = { name: 'i32x4', lanes: 4, bits: 32, signed: (v) => v.i32, unsigned: (v) => v.u32 }
const NARROW = [I8, I16, I32]

const clamp = (x: number, least: number, most: number): number => Math.max(least, Math.min(x, most))
const signedClamp = (x: number, bits: number): number => clamp(x, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
const unsignedClamp = (x: number, bits: number): number => clamp(x, 0, 2 ** bits - 1)

/** f on every pair of lanes, seen as signed or unsigned; typed arrays cut the result to the lane. */
const pairs =
  (type: LaneType, view: 'signed' | 'unsigned', f: (x: number, y: number) => number): Evaluate =>
  (v, n, a, b) => {
    const lanes = type[view](v)
    const { lanes: count } = type
    for (let k = 0; k < count; k++) lanes[n * count + k] = f(lanes[a * count + k]!, lanes[b * count + k]!)
  }

const each =
  (type: LaneType, view: 'signed' | 'unsigned', f: (x: number) => number): Evaluate =>
  (v, n, a) => {
    const lanes = type[view](v)
    const { lanes: count } = type
    for (let k = 0; k < count; k++) lanes[n * count + k] = f(lanes[a * count + k]!)
  }

/** By a count modulo the lane's width. */
const shift =
  (type: LaneType, view: 'signed' | 'unsigned', f: (x: number, by: number) => number): Evaluate =>
  (v, n, a, b) => {
    const by = v.i32[b * 4]! & (type.bits - 1)
    const lanes = type[view](v)
    const { lanes: count } = type
    for (let k = 0; k < count; k++) lanes[n * count + k] = f(lanes[a * count + k]!, by)
  }

const mask =
  (f: (x: number, y: number) => boolean) =>
  (x: number, y: number): number =>
    f(x, y) ? -1 : 0

function laneRules(rules: Rules, type: LaneType): void {
  const { name, bits, lanes: count } = type
  const add = (op: string, rule: Evaluate): void => {
    rules[`${name}.${op}`] = rule
  }
  add(
    'eq',
    pairs(
      type,
      'signed',
      mask((x, y) => x === y),
    ),
  )
  add(
    'ne',
    pairs(
      type,
      'signed',
      mask((x, y) => x !== y),
    ),
  )
  add(
    'lt_s',
    pairs(
      type,
      'signed',
      mask((x, y) => x < y),
    ),
  )
  add(
    'lt_u',
    pairs(
      type,
      'unsigned',
      mask((x, y) => x < y),
    ),
  )
  add(
    'gt_s',
    pairs(
      type,
      'signed',
      mask((x, y) => x > y),
    ),
  )
  add(
    'gt_u',
    pairs(
      type,
      'unsigned',
      mask((x, y) => x > y),
    ),
  )
  add(
    'abs',
    each(type, 'signed', (x) => (x < 0 ? -x : x)),
  )
  add(
    'neg',
    each(type, 'signed', (x) => -x),
  )
  add(
    'shl',
    shift(type, 'signed', (x, by) => x << by),
  )
  add(
    'shr_s',
    shift(type, 'signed', (x, by) => x >> by),
  )
  add(
    'shr_u',
    shift(type, 'unsigned', (x, by) => x >>> by),
  )
  add(
    'add',
    pairs(type, 'signed', (x, y) => x + y),
  )
  add(
    'sub',
    pairs(type, 'signed', (x, y) => x - y),
  )
  add('mul', pairs(type, 'signed', Math.imul))
  add(
    'add_sat_s',
    pairs(type, 'signed', (x, y) => signedClamp(x + y, bits)),
  )
  add(
    'add_sat_u',
    pairs(type, 'unsigned', (x, y) => unsignedClamp(x + y, bits)),
  )
  add(
    'sub_sat_s',
    pairs(type, 'signed', (x, y) => signedClamp(x - y, bits)),
  )
  add(
    'sub_sat_u',
    pairs(type, 'unsigned', (x, y) => unsignedClamp(x - y, bits)),
  )
  add('min_s', pairs(type, 'signed', Math.min))
  add('min_u', pairs(type, 'unsigned', Math.min))
  add('max_s', pairs(type, 'signed', Math.max))
  add('max_u', pairs(type, 'unsigned', Math.max))
  add(
    'avgr_u',
    pairs(type, 'unsigned', (x, y) => (x + y + 1) >> 1),
  )
  add('splat', (v, n, a) => {
    const x = v.i32[a * 4]!
    const lanes = type.signed(v)
    for (let k = 0; k < count; k++) lanes[n * count + k] = x
  })
  const suffixes = bits < 32 ? (['_s', '_u'] as const) : ([''] as const)
  for (const suffix of suffixes)
    add(`extract_lane${suffix}`, (v, n, a, _b, lane) => {
      v.i32[n * 4] = type[suffix === '_u' ? 'unsigned' : 'signed'](v)[a * count + lane]!
    })
  add('replace_lane', (v, n, a, b, lane) => {
    copyVector(v, n, a)
    type.signed(v)[n * count + lane] = v.i32[b * 4]!
  })
  add('all_true', (v, n, a) => {
    const lanes = type.signed(v)
    let all = 1
    for (let k = 0; k < count; k++) if (lanes[a * count + k] === 0) all = 0
    v.i32[n * 4] = all
  })
  add('bitmask', (v, n, a) => {
    const lanes = type.signed(v)
    let bitsSet = 0
    for (let k = 0; k < count; k++) if (lanes[a * count + k]! < 0) bitsSet |= 1 << k
    v.i32[n * 4] = bitsSet
  })
}

function copyVector(v: NodeValues, n: number, from: number): void {
  for (let k = 0; k < 4; k++) v.i32[n * 4 + k] = v.i32[from * 4 + k]!
}

/** Operations between a lane type and the one twice as wide (up to 32 bits). */
function widthRules(rules: Rules, narrow: LaneType, wide: LaneType): void {
  const half = wide.lanes
  for (const sign of ['s', 'u'] as const) {
    const view = sign === 's' ? 'signed' : 'unsigned'
    // Both kinds of narrowing read signed lanes.
    const saturate = sign === 's' ? signedClamp : unsignedClamp
    rules[`${narrow.name}.narrow_${wide.name}_${sign}`] = (v, n, a, b) => {
      const from = wide.signed(v)
      const to = narrow.signed(v)
      for (let k = 0; k < half; k++) {
        to[n * 2 * half + k] = saturate(from[a * half + k]!, narrow.bits)
        to[n * 2 * half + half + k] = saturate(from[b * half + k]!, narrow.bits)
      }
    }
    for (const part of ['low', 'high'] as const) {
      const start = part === 'low' ? 0 : half
      rules[`${wide.name}.extend_${part}_${narrow.name}_${sign}`] = (v, n, a) => {
        const from = narrow[view](v)
        const to = wide.signed(v)
        for (let k = 0; k < half; k++) to[n * half + k] = from[a * 2 * half + start + k]!
      }
      rules[`${wide.name}.extmul_${part}_${narrow.name}_${sign}`] = (v, n, a, b) => {
        const from = narrow[view](v)
        const to = wide.signed(v)
        for (let k = 0; k < half; k++)
          to[n * half + k] = Math.imul(from[a * 2 * half + start + k]!, from[b * 2 * half + start + k]!)
      }
    }
    rules[`${wide.name}.extadd_pairwise_${narrow.name}_${sign}`] = (v, n, a) => {
      const from = narrow[view](v)
      const to = wide.signed(v)
      for (let k = 0; k < half; k++)
        to[n * half + k] = from[a * 2 * half + 2 * k]! + from[a * 2 * half + 2 * k + 1]!
    }
  }
}

const eachWide =
  (f: (x: bigint) => bigint): Evaluate =>
  (v, n, a) => {
    for (let k = 0; k < 2; k++) v.i64[n * 2 + k] = f(v.i64[a * 2 + k]!)
  }
const pairsWide =
  (f: (x: bigint, y: bigint) => bigint): Evaluate =>
  (v, n, a, b) => {
    for (let k = 0; k < 2; k++) v.i64[n * 2 + k] = f(v.i64[a * 2 + k]!, v.i64[b * 2 + k]!)
  }
const maskWide = (f: (x: bigint, y: bigint) => boolean): Evaluate => pairsWide((x, y) => (f(x, y) ? -1n : 0n))

/** i64x2, which JavaScript has bigints for only. */
function wideRules(rules: Rules): void {
  Object.assign(rules, {
    'i64x2.neg': eachWide((x) => -x),
    'i64x2.add': pairsWide((x, y) => x + y),
    'i64x2.sub': pairsWide((x, y) => x - y),
    'i64x2.mul': pairsWide((x, y) => x * y),
    'i64x2.eq': maskWide((x, y) => x === y),
    'i64x2.gt_s': maskWide((x, y) => x > y),
    'i64x2.bitmask': (v, n, a) => {
      v.i32[n * 4] = (v.i32[a * 4 + 1]! < 0 ? 1 : 0) | (v.i32[a * 4 + 3]! < 0 ? 2 : 0)
    },
    'i64x2.splat': (v, n, a) => {
      for (let k = 0; k < 2; k++) v.i64[n * 2 + k] = v.i64[a * 2]!
    },
    'i64x2.extract_lane': (v, n, a, _b, lane) => {
      v.i64[n * 2] = v.i64[a * 2 + lane]!
    },
    'i64x2.replace_lane': (v, n, a, b, lane) => {
      copyVector(v, n, a)
      v.i64[n * 2 + lane] = v.i64[b * 2]!
    },
  } satisfies Rules)
  const shifts: Record<string, (x: bigint, by: bigint) => bigint> = {
    shl: (x, by) => x << by,
    shr_s: (x, by) => x >> by,
    shr_u: (x, by) => BigInt.asUintN(64, x) >> by,
  }
  for (const [name, f] of Object.entries(shifts))
    rules[`i64x2.${name}`] = (v, n, a, b) => {
      const by = BigInt(v.i32[b * 4]! & 63)
      for (let k = 0; k < 2; k++) v.i64[n * 2 + k] = f(v.i64[a * 2 + k]!, by)
    }
  for (const sign of ['s', 'u'] as const) {
    const lanes = (v: NodeValues): Lanes => (sign === 's' ? v.i32 : v.u32)
    for (const part of ['low', 'high'] as const) {
      const start = part === 'low' ? 0 : 2
      rules[`i64x2.extend_${part}_i32x4_${sign}`] = (v, n, a) => {
        for (let k = 0; k < 2; k++) v.i64[n * 2 + k] = BigInt(lanes(v)[a * 4 + start + k]!)
      }
      rules[`i64x2.extmul_${part}_i32x4_${sign}`] = (v, n, a, b) => {
        for (let k = 0; k < 2; k++)
          v.i64[n * 2 + k] = BigInt(lanes(v)[a * 4 + start + k]!) * BigInt(lanes(v)[b * 4 + start + k]!)
      }
    }
  }
}

const bitwise =
  (f: (x: number, y: number, z: number) => number): Evaluate =>
  (v, n, a, b, c) => {
    for (let k = 0; k < 4; k++) v.i32[n * 4 + k] = f(v.i32[a * 4 + k]!, v.i32[b * 4 + k]!, v.i32[c * 4 + k]!)
  }

/** Float lanes as their bits, and conversions between lanes. */
const CONVERSIONS: Rules = {
  'f32x4.splat': (v, n, a) => {
    for (let k = 0; k < 4; k++) v.i32[n * 4 + k] = v.i32[a * 4]!
  },
  'f32x4.extract_lane': (v, n, a, _b, lane) => {
    v.i32[n * 4] = v.i32[a * 4 + lane]!
  },
  'f32x4.convert_i32x4_s': (v, n, a) => {
    for (let k = 0; k < 4; k++) v.f32[n * 4 + k] = v.i32[a * 4 + k]!
  },
  'f32x4.convert_i32x4_u': (v, n, a) => {
    for (let k = 0; k < 4; k++) v.f32[n * 4 + k] = v.u32[a * 4 + k]!
  },
  'f64x2.convert_low_i32x4_s': (v, n, a) => {
    for (let k = 0; k < 2; k++) v.f64[n * 2 + k] = v.i32[a * 4 + k]!
  },
  'i32x4.trunc_sat_f32x4_s': (v, n, a) => {
    for (let k = 0; k < 4; k++) v.i32[n * 4 + k] = saturated32(v.f32[a * 4 + k]!)
  },
  'i32x4.trunc_sat_f32x4_u': (v, n, a) => {
    for (let k = 0; k < 4; k++) {
      const x = v.f32[a * 4 + k]!
      v.u32[n * 4 + k] = x > 0 ? Math.trunc(unsignedClamp(x, 32)) : 0
    }
  },
  'i32x4.trunc_sat_f64x2_s_zero': (v, n, a) => {
    for (let k = 0; k < 2; k++) v.i32[n * 4 + k] = saturated32(v.f64[a * 2 + k]!)
    v.i32[n * 4 + 2] = 0
    v.i32[n * 4 + 3] = 0
  },
}

const saturated32 = (x: number): number => (Number.isNaN(x) ? 0 : Math.trunc(signedClamp(x, 32)))

const WHOLE: Rules = {
  'v128.const': (v, n, a, _b, _c, region) => v.copyFrom(n, region.vectors[a]!, 0),
  'v128.not': bitwise((x) => ~x),
  'v128.and': (v, n, a, b) => {
    for (let k = 0; k < 4; k++) v.i32[n * 4 + k] = v.i32[a * 4 + k]! & v.i32[b * 4 + k]!
  },
  'v128.andnot': bitwise((x, y) => x & ~y),
  'v128.or': bitwise((x, y) => x | y),
  'v128.xor': bitwise((x, y) => x ^ y),
  'v128.bitselect': bitwise((x, y, z) => (x & z) | (y & ~z)),
  'v128.any_true': (v, n, a) => {
    v.i32[n * 4] = v.i32[a * 4]! | v.i32[a * 4 + 1]! | v.i32[a * 4 + 2]! | v.i32[a * 4 + 3]! ? 1 : 0
  },
  'select.v128': (v, n, a, b, c) => copyVector(v, n, v.i32[c * 4] ? a : b),
  'choose.v128': (v, n, a, b, c) => copyVector(v, n, v.i32[a * 4] ? b : c),
  'i8x16.shuffle': (v, n, a, b, c, region) => {
    const lanes = region.vectors[c]!
    for (let k = 0; k < 16; k++)
      v.bytes[n * 16 + k] = v.bytes[(lanes[k]! < 16 ? a * 16 : b * 16 - 16) + lanes[k]!]!
  },
  'i8x16.swizzle': (v, n, a, b) => {
    for (let k = 0; k < 16; k++) {
      const from = v.bytes[b * 16 + k]!
      v.bytes[n * 16 + k] = from < 16 ? v.bytes[a * 16 + from]! : 0
    }
  },
  'i8x16.popcnt': each(I8, 'unsigned', (x) => {
    let count = 0
    for (let rest = x; rest !== 0; rest &= rest - 1) count++
    return count
  }),
  'i16x8.q15mulr_sat_s': pairs(I16, 'signed', (x, y) => signedClamp((x * y + 0x4000) >> 15, 16)),
  'i32x4.dot_i16x8_s': (v, n, a, b) => {
    for (let k = 0; k < 4; k++) {
      const [x, y] = [a * 8 + 2 * k, b * 8 + 2 * k]
      v.i32[n * 4 + k] = v.i16[x]! * v.i16[y]! + v.i16[x + 1]! * v.i16[y + 1]!
    }
  },
}

/** All vector rules that ops.ts has operations for. */
export function vectorRules(): Rules {
  const rules: Rules = { ...WHOLE, ...CONVERSIONS }
  for (const type of NARROW) laneRules(rules, type)
  widthRules(rules, I8, I16)
  widthRules(rules, I16, I32)
  wideRules(rules)
  // Float lanes are moved as their bits.
  rules['f32x4.replace_lane'] = rules['i32x4.replace_lane']!
  rules['f64x2.splat'] = rules['i64x2.splat']!
  rules['f64x2.extract_lane'] = rules['i64x2.extract_lane']!
  rules['f64x2.replace_lane'] = rules['i64x2.replace_lane']!
  return rules
}
