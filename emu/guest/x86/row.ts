/**
 * An x86 instruction is a row: mnemonic, encoding, operands in the manual's own notation, and how to translate it.
 * Rows feed the decoder (decode.ts), the translator (translate.ts), the differential tests and the documentation.
 * Reference: Intel SDM vol. 2, chapter 2 (formats) and appendix A (operand codes).
 *
 * Encoding: `[NP|66|F2|F3] [W0|W1] [0F|0F38|0F3A] opcode [/r|/0../7] [m|r]`, the opcode with `+r` (low three bits are a
 * register) or `+c` (low four bits are a condition). `m`/`r` after a slash part: memory or register form only.
 *
 * Operands, space-separated: a letter for what (E r/m, G reg, Z register in opcode, I immediate, J branch offset,
 * M memory, O absolute address, Fp a far pointer in the instruction, V xmm reg, W xmm r/m, U xmm r/m register form, P/Q mmx alike, A accumulator, C the CL
 * register, 1 the constant one) and a letter for the size (b 8, w 16, d 32, q 64, v operand size, y 32 or 64,
 * z 16 or 32 as immediate sign-extended to v, s byte sign-extended to v, n the mode's own 32 or 64, x 128, and for V/W:
 * o d q x the bytes read).
 */

import type { Flow } from '../guest-mode.ts'
import type { Insn } from './decode.ts'
import type { Translator } from './translate.ts'

/** 64-bit mode, and protected mode with 32-bit segments. */
export type Mode = 32 | 64

export interface Row {
  readonly mnemonic: string
  readonly encoding: string
  readonly operands: readonly string[]
  readonly translate: (t: Translator, i: Insn) => void
  readonly flow: Flow
  /** Arithmetic flags the manual leaves undefined (bits of EFLAGS). */
  readonly undefinedFlags: number
  /** The mode that it exists in; 0: both. */
  readonly mode: 0 | Mode
  /** Operand size is 64 bits without REX.W in 64-bit mode (pushes, pops, near branches). */
  readonly default64: boolean
  /** CPUID feature the row needs, for documentation and `umwelt info`. */
  readonly feature: string
  /** Relative error allowed in single-precision results: approximations each maker has its own table for. */
  readonly relativeTolerance: number
  /** x87 results may differ from this or that CPU's by so many units in the last place. */
  readonly x87Ulps: number
  /** Why random differential tests leave it out, if they do. */
  readonly untested: string
  // Parsed from the encoding:
  readonly map: number
  readonly prefix: number
  readonly opcode: number
  readonly opcodeCount: number
  readonly hasModrm: boolean
  readonly extension: number
  readonly form: '' | 'm' | 'r'
  readonly rexW: -1 | 0 | 1
}

export interface RowOptions {
  mode?: Mode
  flow?: Flow
  undefinedFlags?: number
  default64?: boolean
  feature?: string
  untested?: string
  relativeTolerance?: number
  x87Ulps?: number
}

export const PREFIX_NONE = 0,
  PREFIX_66 = 1,
  PREFIX_F3 = 2,
  PREFIX_F2 = 3,
  PREFIX_ANY = -1
const PREFIXES: Record<string, number> = { NP: PREFIX_NONE, '66': PREFIX_66, F3: PREFIX_F3, F2: PREFIX_F2 }
const MAPS: Record<string, number> = { '0F': 1, '0F38': 2, '0F3A': 3 }

export function row(
  mnemonic: string,
  encoding: string,
  operands: string,
  translate: (t: Translator, i: Insn) => void,
  options: RowOptions = {},
): Row {
  const parsed = parseEncoding(encoding)
  return {
    mnemonic,
    encoding,
    operands: operands === '' ? [] : operands.split(' '),
    translate,
    flow: options.flow ?? 'next',
    undefinedFlags: options.undefinedFlags ?? 0,
    mode: options.mode ?? 0,
    default64: options.default64 ?? false,
    feature: options.feature ?? '',
    untested: options.untested ?? '',
    relativeTolerance: options.relativeTolerance ?? 0,
    x87Ulps: options.x87Ulps ?? 0,
    ...parsed,
  }
}

type Parsed = Pick<
  Row,
  'map' | 'prefix' | 'opcode' | 'opcodeCount' | 'hasModrm' | 'extension' | 'form' | 'rexW'
>

function parseEncoding(encoding: string): Parsed {
  const words = encoding.split(' ')
  const parsed = {
    map: 0,
    prefix: PREFIX_ANY,
    opcode: -1,
    opcodeCount: 1,
    hasModrm: false,
    extension: -1,
    form: '',
    rexW: -1,
  }
  for (const word of words) {
    if (parsed.opcode < 0 && parsed.map === 0 && word in PREFIXES && words.length > 1)
      parsed.prefix = PREFIXES[word]!
    else if (word === 'W0' || word === 'W1') parsed.rexW = word === 'W1' ? 1 : 0
    else if (parsed.opcode < 0 && word in MAPS) parsed.map = MAPS[word]!
    else if (word === '/r') parsed.hasModrm = true
    else if (word.startsWith('/')) {
      parsed.hasModrm = true
      parsed.extension = Number(word[1])
    } else if (word === 'm' || word === 'r') parsed.form = word
    else {
      const [hex, plus] = word.split('+')
      parsed.opcode = Number.parseInt(hex!, 16)
      parsed.opcodeCount = plus === 'r' ? 8 : plus === 'c' ? 16 : 1
    }
  }
  if (!(parsed.opcode >= 0 && parsed.opcode < 256)) throw new Error(`bad encoding ${encoding}`)
  return parsed as Parsed
}
