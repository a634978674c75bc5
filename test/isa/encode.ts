/** Encodings of a row: random registers, memory forms, immediates and prefixes, as its operand notation allows. */

import { DECODE_OK } from '../../emu/guest/guest-mode.ts'
import { decoderOf, Instruction } from '../../emu/guest/x86/isa.ts'
import { type Mode, PREFIX_66, PREFIX_ANY, PREFIX_F2, PREFIX_F3, type Row } from '../../emu/guest/x86/row.ts'
import { DATA, DATA_SIZE } from './layout.ts'
import type { Random } from './random.ts'
import { farImmediate } from './segments.ts'

export type Insn = InstanceType<typeof Instruction>

const hasSize = (row: Row, letters: string): boolean =>
  row.operands.some((code) => code[0] !== 'J' && letters.includes(code[1] ?? ''))
const isString = (row: Row): boolean => /^(MOVS|STOS|LODS|SCAS|CMPS)$/.test(row.mnemonic)
const isBranch = (row: Row): boolean => row.flow !== 'next'

interface Prefixes {
  addressSize: number
  bytes: number[]
  rex: number
  size: number
}

const OVERRIDES = { 32: [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65], 64: [0x64, 0x65] }

function prefixesOf(row: Row, random: Random, mode: Mode, segmented: boolean): Prefixes {
  const bytes: number[] = []
  const isOverridden = row.hasModrm || isString(row) || row.mnemonic === 'XLAT'
  if (segmented && isOverridden && random.chance(2)) bytes.push(random.pick(OVERRIDES[mode]))
  const sized =
    hasSize(row, 'vz') ||
    (isString(row) && row.opcode & 1) ||
    row.mnemonic === 'ENTER' ||
    (row.operands.length === 0 && row.map === 0 && row.prefix === PREFIX_ANY)
  const size16 = row.prefix === PREFIX_ANY && sized && !isBranch(row) && random.chance(4)
  if (size16 || row.prefix === PREFIX_66) bytes.push(0x66)
  const isNarrow = row.hasModrm && random.chance(16)
  if (isNarrow) bytes.push(0x67)
  if (row.prefix === PREFIX_F2) bytes.push(0xf2)
  if (row.prefix === PREFIX_F3) bytes.push(0xf3)
  if (isString(row) && random.chance(2)) bytes.push(random.pick([0xf2, 0xf3]))
  const addressSize = isNarrow ? mode / 2 : mode
  if (mode === 32) return { bytes, rex: 0, size: size16 ? 16 : 32, addressSize }
  let rex = random.chance(2) ? 0x40 | random.below(8) : 0
  const wide = row.rexW >= 0 ? row.rexW === 1 : random.chance(3)
  if (wide) rex |= 0x48
  if (rex) bytes.push(rex)
  const size = rex & 8 ? 64 : size16 ? 16 : row.default64 ? 64 : 32
  return { bytes, rex, size, addressSize }
}

function modrm(
  row: Row,
  random: Random,
  code: number[],
  end: number,
  { rex, addressSize }: Pick<Prefixes, 'rex' | 'addressSize'>,
  immediateBytes: number,
  mode: Mode,
): void {
  const reg = row.extension >= 0 ? row.extension : random.below(8)
  const memory = row.form === 'm' || (row.form === '' && random.chance(2))
  if (!memory) {
    code.push(0xc0 | (reg << 3) | random.below(8))
    return
  }
  const disp = (bytes: number, value: number): void => {
    for (let k = 0; k < bytes; k++) code.push((value >> (8 * k)) & 0xff)
  }
  if (addressSize === 16) {
    const mod = random.below(3)
    const base = random.below(8)
    code.push((mod << 6) | (reg << 3) | base)
    disp(mod === 0 && base === 6 ? 2 : mod, random.below(0x10000))
    return
  }
  if (random.chance(8)) {
    // Relative to the next instruction, or absolute through a SIB byte.
    const at = DATA + (random.chance(4) ? random.below(DATA_SIZE) : random.below(DATA_SIZE / 16 - 4) * 16)
    if (random.chance(3)) {
      code.push((reg << 3) | 4, 0x25)
      disp(4, at)
    } else {
      code.push((reg << 3) | 5)
      disp(4, mode === 32 ? at : at - (end + code.length + 4 + immediateBytes))
    }
    return
  }
  const mod = random.below(3)
  const base = random.below(8)
  const needsSib = base === 4
  if (mod === 0 && base === 5) {
    modrm(row, random, code, end, { rex, addressSize }, immediateBytes, mode)
    return
  }
  code.push((mod << 6) | (reg << 3) | base)
  if (needsSib) {
    // Base and index must differ, or no register value can place the operand.
    const sibBase = mod === 0 ? random.pick([0, 1, 2, 3, 4, 6, 7]) : random.below(8)
    let index = random.below(8)
    if (index === sibBase && !(rex & 2) === !(rex & 1)) index = 4
    if (index === 4 && rex & 2 && sibBase === 4 && rex & 1) index = 5
    code.push((random.below(4) << 6) | (index << 3) | sibBase)
  }
  if (mod === 1) disp(1, random.below(256))
  if (mod === 2) disp(4, random.below(0x20000) - 0x10000)
}

function immediateSize(row: Row, size: number, mode: Mode): number {
  let total = 0
  for (const code of row.operands) {
    if (code[0] !== 'I' && code[0] !== 'J') continue
    if (code[1] === 'b' || code[1] === 's') total += 1
    else if (code[1] === 'w') total += 2
    else if (code[1] === 'v') total += size / 8
    else total += code[0] === 'J' && mode === 64 ? 4 : Math.min(size, 32) / 8
  }
  return total
}

function pushImmediate(row: Row, random: Random, code: number[], bytes: number): void {
  let value = random.chance(2) ? random.integer() : BigInt(random.below(256))
  // A branch goes somewhere in the code area, but not back into itself.
  if (row.operands[0]?.[0] === 'J') value = BigInt(random.pick([-1, 1]) * (20 + random.below(100)))
  if (row.mnemonic === 'ENTER') value &= 0xffffn
  // By more than 16 places, 16-bit double shifts are undefined altogether.
  if (/^SH[LR]D$/.test(row.mnemonic)) value &= 15n
  for (let k = 0; k < bytes; k++) code.push(Number((value >> BigInt(8 * k)) & 0xffn))
}

/** One encoding of the row for the address `pc`, and how our decoder reads it. Throws when it reads another row. */
export function encode(
  row: Row,
  random: Random,
  pc: number,
  mode: Mode,
  segmented = false,
): { code: number[]; insn: Insn } {
  const prefixes = prefixesOf(row, random, mode, segmented)
  const { bytes: code, size } = prefixes
  if (row.map > 0) code.push(0x0f)
  if (row.map > 1) code.push(row.map === 2 ? 0x38 : 0x3a)
  code.push(row.opcode + random.below(row.opcodeCount))
  const immediate = immediateSize(row, size, mode)
  if (row.hasModrm) modrm(row, random, code, pc, prefixes, immediate, mode)
  if (row.operands[0] === 'Fp') code.push(...farImmediate(random, size / 8))
  else pushImmediate(row, random, code, immediate)
  const insn = new Instruction()
  const padded = Uint8Array.from([...code, ...new Array(16).fill(0xcc)])
  const status = decoderOf(mode).decode(padded, 0, padded.length, pc, insn)
  if (status !== DECODE_OK || insn.row !== row || insn.length !== code.length) {
    const hex = code.map((b) => b.toString(16).padStart(2, '0')).join(' ')
    throw new Error(
      `${row.mnemonic} ${row.encoding}: ${hex} decodes as ${insn.row?.mnemonic} ${insn.row?.encoding}, ${insn.length} bytes`,
    )
  }
  return { code, insn }
}
