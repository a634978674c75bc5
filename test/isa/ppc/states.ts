/** Random instruction words of rows, and the states that they run from. */

import { summed } from '../../../emu/guest/ppc/float/fpscr.ts'
import type { Row } from '../../../emu/guest/ppc/row.ts'
import { fieldOf, withField } from '../../../emu/guest/ppc/row.ts'
import type { Random } from '../random.ts'
import {
  CR_AT,
  CTR_AT,
  DATA,
  DATA_SIZE,
  FPSCR_AT,
  GPR_AT,
  LR_AT,
  type PpcMode,
  STATE_WORDS,
  VRSAVE_AT,
  VSCR_AT,
  VSR_AT,
  XER_AT,
} from './layout.ts'

const has = (row: Row, field: string): boolean => row.operands.includes(field)

/** Whether the row's last operands are an address, and how. */
type Access = '' | 'displacement' | 'ds' | 'indexed' | 'register'

const TOUCHES = /^(l[bhwdvxfmsq]|st[bhwdvxfmsq]|dcbz)/

export function accessOf(row: Row): Access {
  if (!TOUCHES.test(row.mnemonic)) return ''
  if (has(row, 'D')) return 'displacement'
  if (has(row, 'DS')) return 'ds'
  if (has(row, 'RA') && has(row, 'RB')) return 'indexed'
  return has(row, 'RA') && has(row, 'NB') ? 'register' : ''
}

/** Bytes of a string that LSWX loads here. */
const LSWX_BYTES_MAX = 16

/** Whether a store with update, or a load that would overwrite its own base, is a form that the book calls invalid. */
function isInvalid(row: Row, word: number): boolean {
  // CTR cannot be counted and the target at once.
  if (row.mnemonic === 'bcctr') return (fieldOf(word, 'BO') & 4) === 0
  const access = accessOf(row)
  if (access === '') return false
  const ra = fieldOf(word, 'RA')
  const rt = fieldOf(word, 'RT')
  const updates = /u[x]?$/.test(row.mnemonic) && !/^(st|l)(v|x)/.test(row.mnemonic)
  const loadsGpr = has(row, 'RT') && row.mnemonic.startsWith('l')
  if (updates && (ra === 0 || (loadsGpr && ra === rt))) return true
  if (row.mnemonic === 'lmw') return ra >= rt
  if (row.mnemonic.startsWith('lsw')) {
    const count = row.mnemonic === 'lswi' ? fieldOf(word, 'NB') || 32 : LSWX_BYTES_MAX
    const isLoaded = (register: number): boolean => ((register - rt) & 31) < Math.ceil(count / 4)
    return isLoaded(ra) || (row.mnemonic === 'lswx' && isLoaded(fieldOf(word, 'RB')))
  }
  return false
}

/** A random word of a row. */
export function randomWord(row: Row, random: Random): number {
  for (;;) {
    let word = row.match
    for (const operand of row.operands) {
      const field = operand.replace(/[[\]]/g, '')
      word = withField(word, field, field === 'SPR' ? 0x100 : random.u32())
    }
    if (accessOf(row) === 'displacement' && random.chance(2)) word = withField(word, 'D', random.below(64))
    // A base of zero is a displacement alone, which lies nowhere.
    if (accessOf(row) !== '' && fieldOf(word, 'RA') === 0 && !random.chance(16)) continue
    word = (word & row.mask & row.mask) === row.match ? word : ((word & ~row.mask) | row.match) >>> 0
    if (!isInvalid(row, word)) return word
  }
}

const f64Bits = new DataView(new ArrayBuffer(8))
function doubleBits(value: number): bigint {
  f64Bits.setFloat64(0, value)
  return f64Bits.getBigUint64(0)
}

const SPECIAL_DOUBLES = [
  0n,
  1n << 63n,
  0x7ff0n << 48n,
  0xfff0n << 48n,
  0x7ff8n << 48n,
  0xfff8_0000_0000_1234n,
  0x7ff0_0000_0000_0001n,
  0x0010n << 48n,
  1n,
  0x000f_ffff_ffff_ffffn,
  0x7fef_ffff_ffff_ffffn,
  0x3810_0000_0000_0000n,
  0x380f_ffff_e000_0000n,
  0x36a0_0000_0000_0000n,
  0x47ef_ffff_e000_0000n,
  0x47f0_0000_0000_0000n,
  0x3ff0_0000_0000_0000n,
  0x43e0_0000_0000_0000n,
  0x41e0_0000_0000_0000n,
  0xc1e0_0000_0000_0000n,
]

/** A double: special, single-precision, small integer, or any. */
function randomDouble(random: Random): bigint {
  switch (random.below(8)) {
    case 0:
      return random.pick(SPECIAL_DOUBLES)
    case 1:
      return doubleBits(Math.fround((random.u32() - 2 ** 31) * 2 ** (random.below(40) - 50)))
    case 2:
      return doubleBits(random.below(2000) - 1000)
    case 3:
      return doubleBits((random.u32() + random.u32() / 2 ** 32) * 2 ** (random.below(128) - 96))
    case 4: {
      const bits = doubleBits(Math.fround(random.u32() * 2 ** (random.below(250) - 160)))
      return random.chance(2) ? bits : bits | (1n << 63n)
    }
    case 5:
      return doubleBits(1 + random.u32() / 2 ** 32 + random.below(4) * 2 ** -52)
    default:
      return random.u64()
  }
}

/** Bits of a vector doubleword. */
const randomLanes = (random: Random): bigint =>
  random.chance(2) ? randomDouble(random) : random.chance(2) ? random.integer() : random.u64()

export function dataPage(random: Random): Uint8Array {
  const bytes = new Uint8Array(DATA_SIZE)
  for (let at = 0; at < DATA_SIZE; at++) bytes[at] = random.u32()
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < DATA_SIZE; at += 8)
    if (random.chance(2)) view.setBigUint64(at, randomDouble(random), random.chance(2))
  return bytes
}

/** FPSCR as it is at a program's start, or soon after; then and now with more bits set, or in another mode. */
function randomFpscr(random: Random): number {
  const sticky = random.pick([0, 0x8200_0000, 0x8200_0000, 0x8200_0000 | (random.u32() & 0x1f80_0700)])
  const rest = random.chance(3) ? random.u32() & 0x0007_f000 : 0
  const mode = random.chance(4) ? random.u32() & 3 : 0
  const enables = random.chance(8) ? random.u32() & 0xf8 : 0
  return summed((sticky | rest | mode | enables) >>> 0)
}

/** Single-precision arithmetic, whose operands must be singles. */
const isSingle = (row: Row): boolean =>
  (/^f.*s$/.test(row.mnemonic) && row.encoding.startsWith('A 59')) || /^xs.*sp$/.test(row.mnemonic)

/** The single next to a double; of a NaN the upper part. */
function roundedToSingle(bits: bigint): bigint {
  f64Bits.setBigUint64(0, bits)
  const value = f64Bits.getFloat64(0)
  return Number.isNaN(value) ? (bits & ~0x1fff_ffffn) | (1n << 29n) : doubleBits(Math.fround(value))
}

/** A state in which the addresses of the words' accesses mostly lie in the data page. */
export function randomState(
  mode: PpcMode,
  random: Random,
  insns: readonly (readonly [Row, number])[],
): BigUint64Array {
  const state = new BigUint64Array(STATE_WORDS)
  const cut = (value: bigint): bigint => BigInt.asUintN(mode.bits, value)
  for (let k = 0; k < 32; k++)
    state[GPR_AT + k] = cut(random.chance(4) ? BigInt(random.below(100)) : random.integer())
  state[LR_AT] = cut(random.integer())
  state[CTR_AT] = cut(random.chance(3) ? BigInt(random.below(3)) : random.integer())
  state[XER_AT] = BigInt(((random.below(8) << 29) | random.below(128)) >>> 0)
  state[CR_AT] = BigInt(random.u32())
  state[FPSCR_AT] = BigInt(randomFpscr(random))
  state[VSCR_AT] = BigInt(random.pick([0, 1, 0x10000, 0x10001]))
  state[VRSAVE_AT] = BigInt(random.u32())
  const isKept = (k: number): boolean => mode.bits === 64 || k >= 32
  for (let k = 0; k < 64; k++) {
    state[VSR_AT + 2 * k] = k < 32 && !random.chance(3) ? randomDouble(random) : randomLanes(random)
    if (isKept(k)) state[VSR_AT + 2 * k + 1] = randomLanes(random)
  }
  for (const [row, word] of insns) {
    const { raising = 0, clear = 0 } = row.leftOut
    state[FPSCR_AT] = BigInt(summed(Number(state[FPSCR_AT]!) & ~raising & ~clear))
    if (isSingle(row))
      for (let k = 0; k < 128; k += 2) state[VSR_AT + k] = roundedToSingle(state[VSR_AT + k]!)
    if (row.mnemonic === 'lswx')
      state[XER_AT] = (state[XER_AT]! & ~0x7fn) | BigInt(random.below(LSWX_BYTES_MAX + 1))
    aim(mode, random, state, row, word)
  }
  return state
}

/** Puts the base and index of an access so that it lies in the data page, or now and then just beyond. */
function aim(mode: PpcMode, random: Random, state: BigUint64Array, row: Row, word: number): void {
  const access = accessOf(row)
  if (access === '') return
  const ra = fieldOf(word, 'RA')
  const rb = fieldOf(word, 'RB')
  const target =
    DATA + (random.chance(24) ? DATA_SIZE - random.below(24) : 128 + random.below(DATA_SIZE - 512))
  const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits)
  const put = (register: number, value: number): void => {
    if (register !== 0 || access !== 'indexed' || register === rb)
      state[GPR_AT + register] = BigInt.asUintN(mode.bits, BigInt(value))
  }
  if (access === 'displacement') put(ra, target - signed(fieldOf(word, 'D'), 16))
  else if (access === 'ds') put(ra, target - 4 * signed(fieldOf(word, 'DS'), 14))
  else if (access === 'register') put(ra, target)
  else if (ra === 0) put(rb, target)
  else if (ra === rb) put(ra, Math.floor(target / 2))
  else {
    const index = random.below(512) - 256
    put(rb, index)
    put(ra, target - index)
  }
}
