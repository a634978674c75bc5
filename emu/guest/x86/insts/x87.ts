/**
 * The x87: opcodes D8-DF and WAIT. Every instruction is a helper call on the state block (x87/execute.ts), for which
 * translated code has a routine where it is a common one (x87/routines.ts); operands in memory go through the scratch
 * field. Reference: Intel SDM vol. 1, chapter 8; vol. 2, table A-7 and after.
 */

import type { Value } from '../../../ir/region.ts'
import { EXIT_UNDEFINED } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { HELPER_X87 } from '../helper-ids.ts'
import { type Row, row } from '../row.ts'
import { X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { packCall } from '../x87/execute.ts'
import type { Source } from '../x87/memory.ts'
import { requireNoPending } from '../x87/pending.ts'

type Translate = (t: Translator, i: Insn) => void

const { scratch } = X86_STATE
const SIZES: Partial<Record<Source, number>> = { f32: 4, f64: 8, f80: 10, i16: 2, i32: 4, i64: 8, bcd: 10 }

function call(t: Translator, packed: number, condition?: Value): Value {
  t.mmxEntered = null
  return t.ir.helper(HELPER_X87, t.ir.i32(packed), condition ?? t.ir.i32(0))
}

/** An instruction on registers alone. */
const plain =
  (name: string, pops = 0, toI = false): Translate =>
  (t, i) => {
    requireNoPending(t)
    call(t, packCall(name, i.rm & 7, 'st', pops, toI))
  }

/** A memory operand into the scratch field. */
function loadOperand(t: Translator, i: Insn, format: Source): void {
  const { ir } = t
  const bytes = SIZES[format]!
  if (bytes === 10) {
    const low = t.loadMemory(i, 64)
    const high = t.loadMemory(i, 'u16', 8)
    ir.stateStore(64, scratch, low)
    ir.stateStore(32, scratch + 8, high)
  } else if (bytes === 8) ir.stateStore(64, scratch, t.loadMemory(i, 64))
  else ir.stateStore(32, scratch, t.loadMemory(i, bytes === 4 ? 32 : 'u16'))
}

function storeOperand(t: Translator, i: Insn, format: Source): void {
  const { ir } = t
  const bytes = SIZES[format]!
  if (bytes >= 8) t.storeMemory(i, 64, ir.stateLoad(64, scratch))
  if (bytes === 10) t.storeMemory(i, 16, ir.stateLoad(32, scratch + 8), 8)
  else if (bytes < 8) t.storeMemory(i, bytes === 4 ? 32 : 16, ir.stateLoad(32, scratch))
}

const withMemory =
  (name: string, format: Source, pops = 0): Translate =>
  (t, i) => {
    requireNoPending(t)
    loadOperand(t, i, format)
    call(t, packCall(name, 0, format, pops))
  }

/** A store: what was in memory goes to scratch first, for an exception that traps leaves it there. */
const storing =
  (name: string, format: Source, pops = 0): Translate =>
  (t, i) => {
    requireNoPending(t)
    t.checkMemoryStore(i, SIZES[format]!)
    loadOperand(t, i, format)
    call(t, packCall(name, 0, format, pops))
    storeOperand(t, i, format)
  }

/** One of eight instructions by the r/m field; null ones are undefined. */
const choice =
  (...eight: (Translate | null)[]): Translate =>
  (t, i) => {
    const chosen = eight[i.rm & 7]
    if (chosen) chosen(t, i)
    else t.ir.exit(EXIT_UNDEFINED, i.pc)
  }

const constant =
  (index: number): Translate =>
  (t) => {
    requireNoPending(t)
    call(t, packCall('constant', index))
  }

const compareFlags =
  (name: 'comi' | 'ucomi', pops: number): Translate =>
  (t, i) => {
    requireNoPending(t)
    t.flags.setBits(call(t, packCall(name, i.rm & 7, 'st', pops)))
  }

/** FCMOVcc: the condition code as of Jcc. */
const conditional =
  (code: number): Translate =>
  (t, i) => {
    requireNoPending(t)
    call(t, packCall('conditionalMove', i.rm & 7), t.flags.condition(code))
  }

/** FN instructions do not look for exceptions. */
const unwaiting =
  (name: string): Translate =>
  (t) => {
    call(t, packCall(name))
  }

const storeControl: Translate = (t, i) =>
  t.storeMemory(i, 16, t.ir.op2('i32.and', t.ir.stateLoad(32, X86_STATE.fpcw), t.ir.i32(0xffff)))
const storeStatus: Translate = (t, i) => {
  t.checkMemoryStore(i, 2)
  t.storeMemory(i, 16, call(t, packCall('status')))
}
const statusToAx: Translate = (t) => t.setGpr(0, 16, call(t, packCall('status')))
const nop: Translate = () => {}

/** Environments of 28 and 108 bytes, by way of the scratch field. Their 16-bit forms no compiler makes. */
const area =
  (name: string, registersBytes: number, writes: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const isShort = i.size === 16
    const bytes = (isShort ? 14 : 28) + registersBytes
    // The short forms end in half a word.
    const places = Array.from({ length: Math.ceil(bytes / 4) }, (_, k) => ({
      at: 4 * k,
      whole: 4 * k + 4 <= bytes,
    }))
    if (!writes) requireNoPending(t)
    if (writes) t.checkMemoryStore(i, bytes)
    else
      for (const { at, whole } of places)
        ir.stateStore(32, scratch + at, t.loadMemory(i, whole ? 32 : 'u16', at))
    call(t, packCall(isShort ? `${name}Short` : name))
    if (!writes) return
    for (const { at, whole } of places) t.storeMemory(i, whole ? 32 : 16, ir.stateLoad(32, scratch + at), at)
  }

const ARITHMETIC = ['add', 'mul', 'com', 'comp', 'sub', 'subr', 'div', 'divr']
const popsOf = (name: string): number => (name === 'comp' ? 1 : 0)
const upper = (name: string): string => `F${name.toUpperCase()}`

const x87 = { feature: 'x87' }
const inexact = { feature: 'x87', x87Ulps: 2 }

/** The eight arithmetic instructions with an operand in memory. */
const memoryArithmetic = (opcode: string, operand: string, format: Source, prefix: string): Row[] =>
  ARITHMETIC.map((name, k) =>
    row(
      prefix + name.toUpperCase(),
      `${opcode} /${k} m`,
      operand,
      withMemory(name, format, popsOf(name)),
      x87,
    ),
  )

/** D8: ST(0) op= ST(i); DC: ST(i) op= ST(0); DE: the same and pop. */
const registerArithmetic = (opcode: string, toI: boolean, pops: number): Row[] =>
  ARITHMETIC.map((name, k) => {
    if (opcode === 'de' && k === 3)
      return row(
        'FCOMPP',
        'de /3 r',
        '',
        choice(null, plain('comp', 2), null, null, null, null, null, null),
        x87,
      )
    const compares = name.startsWith('com')
    return row(
      upper(name),
      `${opcode} /${k} r`,
      '',
      plain(name, compares ? popsOf(name) + (opcode === 'de' ? 1 : 0) : pops, toI && !compares),
      x87,
    )
  })

const CONDITIONS: [string, string, number][] = [
  ['FCMOVB', 'da /0 r', 2],
  ['FCMOVE', 'da /1 r', 4],
  ['FCMOVBE', 'da /2 r', 6],
  ['FCMOVU', 'da /3 r', 10],
  ['FCMOVNB', 'db /0 r', 3],
  ['FCMOVNE', 'db /1 r', 5],
  ['FCMOVNBE', 'db /2 r', 7],
  ['FCMOVNU', 'db /3 r', 11],
]

export const X87: readonly Row[] = [
  ...memoryArithmetic('d8', 'Md', 'f32', 'F'),
  ...memoryArithmetic('dc', 'Mq', 'f64', 'F'),
  ...memoryArithmetic('da', 'Md', 'i32', 'FI'),
  ...memoryArithmetic('de', 'Mw', 'i16', 'FI'),
  ...registerArithmetic('d8', false, 0),
  ...registerArithmetic('dc', true, 0),
  ...registerArithmetic('de', true, 1),
  ...CONDITIONS.map(([name, encoding, code]) => row(name, encoding, '', conditional(code), x87)),
  row('FUCOMPP', 'da /5 r', '', choice(null, plain('ucom', 2), null, null, null, null, null, null), x87),

  row('FLD', 'd9 /0 m', 'Md', withMemory('load', 'f32'), x87),
  row('FST', 'd9 /2 m', 'Md', storing('store', 'f32'), x87),
  row('FSTP', 'd9 /3 m', 'Md', storing('store', 'f32', 1), x87),
  row('FLDENV', 'd9 /4 m', 'M', area('loadEnvironment', 0, false), {
    feature: 'x87',
    untested: 'instruction pointers differ by maker',
  }),
  row('FLDCW', 'd9 /5 m', 'Mw', withMemory('loadControl', 'i16'), x87),
  row('FNSTENV', 'd9 /6 m', 'M', area('storeEnvironment', 0, true), {
    feature: 'x87',
    untested: 'instruction pointers differ by maker',
  }),
  row('FNSTCW', 'd9 /7 m', 'Mw', storeControl, x87),
  row('FLD', 'd9 /0 r', '', plain('load'), x87),
  row('FXCH', 'd9 /1 r', '', plain('exchange'), x87),
  row(
    'FNOP',
    'd9 /2 r',
    '',
    choice((t) => requireNoPending(t), null, null, null, null, null, null, null),
    x87,
  ),
  row('FSTP', 'd9 /3 r', '', plain('storeUnchecked'), x87),
  row(
    'FCHS/FABS/FTST/FXAM',
    'd9 /4 r',
    '',
    choice(plain('changeSign'), plain('absolute'), null, null, plain('test'), plain('examine'), null, null),
    x87,
  ),
  row('FLDconst', 'd9 /5 r', '', choice(...[0, 1, 2, 3, 4, 5, 6].map(constant), null), x87),
  row(
    'F2XM1...',
    'd9 /6 r',
    '',
    choice(
      plain('twoToX'),
      plain('yLog2x'),
      plain('tan'),
      plain('arctan'),
      plain('extract'),
      plain('remainderNearest'),
      plain('decrement'),
      plain('increment'),
    ),
    inexact,
  ),
  row(
    'FPREM...',
    'd9 /7 r',
    '',
    choice(
      plain('remainder'),
      plain('yLog2xPlus1'),
      plain('squareRoot'),
      plain('sincos'),
      plain('round'),
      plain('scale'),
      plain('sin'),
      plain('cos'),
    ),
    inexact,
  ),

  row('FILD', 'db /0 m', 'Md', withMemory('load', 'i32'), x87),
  row('FISTTP', 'db /1 m', 'Md', storing('storeTruncated', 'i32', 1), x87),
  row('FIST', 'db /2 m', 'Md', storing('store', 'i32'), x87),
  row('FISTP', 'db /3 m', 'Md', storing('store', 'i32', 1), x87),
  row('FLD', 'db /5 m', 'M', withMemory('load', 'f80'), x87),
  row('FSTP', 'db /7 m', 'M', storing('store', 'f80', 1), x87),
  row(
    'FNCLEX/FNINIT',
    'db /4 r',
    '',
    choice(nop, nop, unwaiting('clear'), unwaiting('init'), nop, null, null, null),
    x87,
  ),
  row('FUCOMI', 'db /5 r', '', compareFlags('ucomi', 0), x87),
  row('FCOMI', 'db /6 r', '', compareFlags('comi', 0), x87),

  row('FLD', 'dd /0 m', 'Mq', withMemory('load', 'f64'), x87),
  row('FISTTP', 'dd /1 m', 'Mq', storing('storeTruncated', 'i64', 1), x87),
  row('FST', 'dd /2 m', 'Mq', storing('store', 'f64'), x87),
  row('FSTP', 'dd /3 m', 'Mq', storing('store', 'f64', 1), x87),
  row('FRSTOR', 'dd /4 m', 'M', area('restore', 80, false), {
    feature: 'x87',
    untested: 'instruction pointers differ by maker',
  }),
  row('FNSAVE', 'dd /6 m', 'M', area('save', 80, true), {
    feature: 'x87',
    untested: 'instruction pointers differ by maker',
  }),
  row('FNSTSW', 'dd /7 m', 'Mw', storeStatus, x87),
  row('FFREE', 'dd /0 r', '', plain('free'), x87),
  row('FXCH', 'dd /1 r', '', plain('exchange'), x87),
  row('FST', 'dd /2 r', '', plain('storeRegister'), x87),
  row('FSTP', 'dd /3 r', '', plain('storeRegister', 1), x87),
  row('FUCOM', 'dd /4 r', '', plain('ucom'), x87),
  row('FUCOMP', 'dd /5 r', '', plain('ucom', 1), x87),

  row('FILD', 'df /0 m', 'Mw', withMemory('load', 'i16'), x87),
  row('FISTTP', 'df /1 m', 'Mw', storing('storeTruncated', 'i16', 1), x87),
  row('FIST', 'df /2 m', 'Mw', storing('store', 'i16'), x87),
  row('FISTP', 'df /3 m', 'Mw', storing('store', 'i16', 1), x87),
  row('FBLD', 'df /4 m', 'M', withMemory('load', 'bcd'), x87),
  row('FILD', 'df /5 m', 'Mq', withMemory('load', 'i64'), x87),
  row('FBSTP', 'df /6 m', 'M', storing('store', 'bcd', 1), x87),
  row('FISTP', 'df /7 m', 'Mq', storing('store', 'i64', 1), x87),
  row('FFREEP', 'df /0 r', '', plain('free', 1), x87),
  row('FXCH', 'df /1 r', '', plain('exchange'), x87),
  row('FSTP', 'df /2 r', '', plain('storeRegister', 1), x87),
  row('FSTP', 'df /3 r', '', plain('storeRegister', 1), x87),
  row('FNSTSW', 'df /4 r', '', choice(statusToAx, null, null, null, null, null, null, null), x87),
  row('FUCOMIP', 'df /5 r', '', compareFlags('ucomi', 1), x87),
  row('FCOMIP', 'df /6 r', '', compareFlags('comi', 1), x87),
  row('WAIT', '9b', '', (t) => requireNoPending(t), x87),
]
