/**
 * A PowerPC instruction is a row: mnemonic, form and opcodes, operands by the book's field names, and how to translate it.
 * Rows feed the decoder (decode.ts), the translator (translate.ts), the differential tests and the documentation.
 * Reference: Power ISA 2.07B, Book I, 1.6 (formats); bits are numbered as there, 0 the uppermost.
 *
 * Encoding: the form, the primary opcode and, where the form has one, the extended opcode; then fields that have a fixed
 * value, as `BO=20`. Operands: field names, those that are written first; `[Rc]`, `[OE]` and `[LK]` are bits that may be set.
 */

import type { Flow } from '../guest-mode.ts'
import type { Insn } from './decode.ts'
import type { Translator } from './translate.ts'

export type Translate = (t: Translator, i: Insn) => void

/** First and last bit of each form's extended opcode. */
const EXTENDED: Record<string, readonly (readonly [number, number])[]> = {
  I: [],
  B: [],
  SC: [[30, 31]],
  D: [],
  DS: [[30, 31]],
  X: [[21, 30]],
  XO: [[22, 30]],
  XL: [[21, 30]],
  XFX: [[21, 30]],
  XFL: [[21, 30]],
  XS: [[21, 29]],
  A: [[26, 30]],
  M: [],
  MD: [[27, 29]],
  MDS: [[27, 30]],
  VA: [[26, 31]],
  VX: [[21, 31]],
  VC: [[22, 31]],
  XX1: [[21, 30]],
  XX2: [[21, 29]],
  XX3: [[21, 28]],
  /** With DM or SHW in bits 22 and 23. */
  XX3D: [
    [21, 21],
    [24, 28],
  ],
  /** Comparisons, with Rc in bit 21. */
  XX3C: [[22, 28]],
  XX4: [[26, 27]],
}

/** Bits of each field, the upper part first where it is split. */
export const FIELDS: Record<string, readonly (readonly [number, number])[]> = {
  RT: [[6, 10]],
  RS: [[6, 10]],
  RA: [[11, 15]],
  RB: [[16, 20]],
  FRT: [[6, 10]],
  FRS: [[6, 10]],
  FRA: [[11, 15]],
  FRB: [[16, 20]],
  FRC: [[21, 25]],
  VRT: [[6, 10]],
  VRS: [[6, 10]],
  VRA: [[11, 15]],
  VRB: [[16, 20]],
  VRC: [[21, 25]],
  XT: [
    [31, 31],
    [6, 10],
  ],
  XS: [
    [31, 31],
    [6, 10],
  ],
  XA: [
    [29, 29],
    [11, 15],
  ],
  XB: [
    [30, 30],
    [16, 20],
  ],
  XC: [
    [28, 28],
    [21, 25],
  ],
  SI: [[16, 31]],
  UI: [[16, 31]],
  D: [[16, 31]],
  DS: [[16, 29]],
  LI: [[6, 29]],
  BD: [[16, 29]],
  BO: [[6, 10]],
  BI: [[11, 15]],
  BH: [[19, 20]],
  BT: [[6, 10]],
  BA: [[11, 15]],
  BB: [[16, 20]],
  BC: [[21, 25]],
  BF: [[6, 8]],
  BFA: [[11, 13]],
  L: [[10, 10]],
  TO: [[6, 10]],
  NB: [[16, 20]],
  SH: [[16, 20]],
  MB: [[21, 25]],
  ME: [[26, 30]],
  /** The 6-bit shift and mask of 64-bit rotates. */
  SH6: [
    [30, 30],
    [16, 20],
  ],
  MB6: [
    [26, 26],
    [21, 25],
  ],
  SPR: [
    [16, 20],
    [11, 15],
  ],
  FXM: [[12, 19]],
  FLM: [[7, 14]],
  U: [[16, 19]],
  SIM: [[11, 15]],
  UIM: [[11, 15]],
  UIM4: [[12, 15]],
  UIM3: [[13, 15]],
  UIM2: [[14, 15]],
  SHB: [[22, 25]],
  DM: [[22, 23]],
  SHW: [[22, 23]],
  LEV: [[20, 26]],
  OE: [[21, 21]],
  Rc: [[31, 31]],
  /** The record bit of vector comparisons. */
  RcV: [[21, 21]],
  AA: [[30, 30]],
  LK: [[31, 31]],
  /** Bits that are part of what is compared, where a form leaves them out. */
  X11: [[11, 11]],
}

export interface Row {
  readonly mnemonic: string
  readonly encoding: string
  readonly operands: readonly string[]
  readonly translate: Translate
  readonly flow: Flow
  /** What the bits of `mask` are. */
  readonly match: number
  readonly mask: number
  /** The mode that it exists in; 0: both. */
  readonly bits: 0 | 32 | 64
  /** In little-endian mode it is an alignment interrupt. */
  readonly bigEndian: boolean
  /** The facility it needs: `altivec`, `vsx`, `power8`; `` for the base. */
  readonly feature: string
  /** Bits 0-31 of RT (RA for those that write it) are undefined in 64-bit mode. */
  readonly undefinedUpper: boolean
  /** Where qemu does otherwise than the book, the book's section; tests then leave out what differs. */
  readonly qemuDiffers: string
  /** What of a case the tests leave out for that, or because it is undefined. */
  readonly leftOut: LeftOut
  /** Why random differential tests leave it out, if they do. */
  readonly untested: string
}

/** What differential tests do not compare. */
export interface LeftOut {
  /** Bits of FPSCR. */
  readonly fpscr?: number
  /** Cases that raise one of these bits of FPSCR. */
  readonly raising?: number
  /** Cases that begin with one of these bits of FPSCR set. */
  readonly clear?: number
  /** What faulting accesses have done before: qemu makes two of one. */
  readonly faults?: boolean
}

export type RowOptions = Partial<
  Pick<
    Row,
    'flow' | 'bits' | 'bigEndian' | 'feature' | 'undefinedUpper' | 'leftOut' | 'qemuDiffers' | 'untested'
  >
>

/** Mask of bits `first` to `last`. */
const bitMask = (first: number, last: number): number =>
  (0xffff_ffff >>> first) & (last === 31 ? 0xffff_ffff : ~(0xffff_ffff >>> (last + 1)))

/** A field's value in an instruction word. */
export function fieldOf(word: number, name: string): number {
  let value = 0
  for (const [first, last] of FIELDS[name]!)
    value = (value << (last - first + 1)) | ((word & bitMask(first, last)) >>> (31 - last))
  return value
}

/** A word with a field set. */
export function withField(word: number, name: string, value: number): number {
  let rest = value
  let made = word
  for (const [first, last] of [...FIELDS[name]!].reverse()) {
    const width = last - first + 1
    made = (made & ~bitMask(first, last)) | ((rest & (2 ** width - 1)) << (31 - last))
    rest >>>= width
  }
  return made >>> 0
}

function parse(encoding: string): { match: number; mask: number } {
  const [form, primary, ...rest] = encoding.split(' ')
  const ranges = EXTENDED[form!]
  if (!ranges) throw new Error(`no form ${form}`)
  let match = Number(primary) * 2 ** 26
  let mask = bitMask(0, 5)
  let value = ranges.length > 0 ? Number(rest.shift()) : 0
  for (const [first, last] of [...ranges].reverse()) {
    const width = last - first + 1
    match |= (value & (2 ** width - 1)) << (31 - last)
    mask |= bitMask(first, last)
    value >>>= width
  }
  for (const fixed of rest) {
    const [name, number] = fixed.split('=')
    match = withField(match, name!, Number(number))
    for (const [first, last] of FIELDS[name!]!) mask |= bitMask(first, last)
  }
  return { match: match >>> 0, mask: mask >>> 0 }
}

export function row(
  mnemonic: string,
  encoding: string,
  operands: string,
  translate: Translate,
  options: RowOptions = {},
): Row {
  const names = operands === '' ? [] : operands.split(' ')
  for (const name of names)
    if (!FIELDS[name.replace(/[[\]]/g, '')]) throw new Error(`${mnemonic}: no field ${name}`)
  let { match, mask } = parse(encoding)
  // Where Rc or OE may not be set the bit is reserved, and the row with it is another one.
  if (/^(X|XO|A|XS|M|MD|MDS) /.test(encoding) && !names.includes('[Rc]') && !/Rc=/.test(encoding)) mask |= 1
  if (/^XO /.test(encoding) && !names.includes('[OE]') && !/OE=/.test(encoding)) mask |= 1 << 10
  mask >>>= 0
  return {
    mnemonic,
    encoding,
    operands: names,
    translate,
    match,
    mask,
    flow: options.flow ?? 'next',
    bits: options.bits ?? 0,
    bigEndian: options.bigEndian ?? false,
    feature: options.feature ?? '',
    undefinedUpper: options.undefinedUpper ?? false,
    qemuDiffers: options.qemuDiffers ?? '',
    leftOut: options.leftOut ?? {},
    untested: options.untested ?? '',
  }
}
