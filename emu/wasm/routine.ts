/**
 * Lowers a routine (emu/ir/routine.ts) to the body of a WebAssembly function `(first, second: i32) → i32`.
 * Path: module.ts writes those that a module's regions call behind its exit functions.
 */

import { OPS, op } from '../ir/ops.ts'
import { type Expression, LOCAL, type Routine, type Statement } from '../ir/routine.ts'
import * as W from './encoder.ts'
import { FN_HELPER, MEMORY_OPCODE } from './lower.ts'

const N_CONST32 = op('i32.const')
const N_CONST64 = op('i64.const')
const SELECTS = new Set([op('select.i32'), op('select.i64')])

const lowered = new WeakMap<Routine, Uint8Array>()

/** The function's code entry: size, locals, body. */
export function lowerRoutine(routine: Routine): Uint8Array {
  let code = lowered.get(routine)
  if (code === undefined) {
    code = lower(routine)
    lowered.set(routine, code)
  }
  return code
}

function lower(routine: Routine): Uint8Array {
  const out = new W.Encoder()
  const mark = out.openSized()
  out.u32(routine.locals.length)
  for (const type of routine.locals) {
    out.u32(1)
    out.u8(W.WASM_TYPES[type]!)
  }
  // Whoever gives up branches out of this block.
  out.u8(W.BLOCK)
  out.u8(W.VOID)
  statements(out, routine.body, 0)
  out.u8(W.UNREACHABLE)
  out.u8(W.END)
  out.u8(W.I32_CONST)
  out.s32(routine.helper)
  expression(out, routine.first)
  expression(out, routine.second)
  out.u8(W.CALL)
  out.u32(FN_HELPER)
  out.u8(W.END)
  out.closeSized(mark)
  return out.finish()
}

/** `depth` labels lie between these and the block of those who give up. */
function statements(out: W.Encoder, list: readonly Statement[], depth: number): void {
  for (const statement of list) one(out, statement, depth)
}

function one(out: W.Encoder, statement: Statement, depth: number): void {
  switch (statement.kind) {
    case 'set':
      expression(out, statement.value)
      out.u8(W.LOCAL_SET)
      out.u32(Number(statement.local.immediate))
      return
    case 'store':
      expression(out, statement.address)
      expression(out, statement.value)
      memory(out, statement.op, statement.offset)
      return
    case 'if':
      expression(out, statement.condition)
      out.u8(W.IF)
      out.u8(W.VOID)
      statements(out, statement.taken, depth + 1)
      if (statement.otherwise.length > 0) {
        out.u8(W.ELSE)
        statements(out, statement.otherwise, depth + 1)
      }
      out.u8(W.END)
      return
    case 'while':
      out.u8(W.LOOP)
      out.u8(W.VOID)
      expression(out, statement.condition)
      out.u8(W.IF)
      out.u8(W.VOID)
      statements(out, statement.body, depth + 2)
      out.u8(W.BR)
      out.u32(1)
      out.u8(W.END)
      out.u8(W.END)
      return
    case 'giveUpIf':
      expression(out, statement.condition)
      out.u8(W.BR_IF)
      out.u32(depth)
      return
    case 'return':
      expression(out, statement.value)
      out.u8(W.RETURN)
  }
}

function expression(out: W.Encoder, x: Expression): void {
  if (x.op === LOCAL) {
    out.u8(W.LOCAL_GET)
    out.u32(Number(x.immediate))
  } else if (x.op === N_CONST32) {
    out.u8(W.I32_CONST)
    out.s32(Number(x.immediate))
  } else if (x.op === N_CONST64) {
    out.u8(W.I64_CONST)
    out.s64(Number(x.immediate & 0xffff_ffffn), Number(x.immediate >> 32n))
  } else {
    for (const operand of x.operands) expression(out, operand)
    if (MEMORY_OPCODE[x.op] !== undefined) memory(out, x.op, Number(x.immediate))
    else out.opcode(SELECTS.has(x.op) ? W.SELECT : OPS[x.op]!.wasm)
  }
}

function memory(out: W.Encoder, number: number, offset: number): void {
  out.opcode(MEMORY_OPCODE[number]!)
  out.u32(0)
  out.u32(offset)
}
