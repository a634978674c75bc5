/**
 * Classic BPF as seccomp(2) allows it: struct sock_filter, <linux/bpf_common.h>, Linux net/core/filter.c. A program is
 * checked once, and then cannot loop, leave its bounds, or read what was never stored.
 * Path: sys/seccomp.ts reads one; kernel/seccomp.ts runs it for each call.
 */

import { type ByteOrder, get16, get32 } from '../abi/bytes.ts'
import { SECCOMP_DATA_SIZE } from '../abi/seccomp.ts'

export const BPF_INSTRUCTIONS_MAX = 4096
export const BPF_INSTRUCTION_SIZE = 8
const CELLS = 16
const ALL_CELLS = 0xffff

const LD_ABS = 0x20
const LD_LEN = 0x80
const LDX_LEN = 0x81
const LD_IMM = 0x00
const LDX_IMM = 0x01
const LD_MEM = 0x60
const LDX_MEM = 0x61
const ST = 0x02
const STX = 0x03
const TAX = 0x07
const TXA = 0x87
const RET_K = 0x06
const RET_A = 0x16
const JA = 0x05
const CLASS_ALU = 4
const CLASS_JMP = 5
/** ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, XOR: with K, and +8 with X. */
const ALU = [0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0xa4]
const NEG = 0x84
/** JEQ, JGT, JGE, JSET. */
const JUMPS = [0x15, 0x25, 0x35, 0x45]
const SOURCE_X = 8
const KNOWN = new Set([
  ...[LD_ABS, LD_LEN, LDX_LEN, LD_IMM, LDX_IMM, LD_MEM, LDX_MEM, ST, STX, TAX, TXA, RET_K, RET_A, JA, NEG],
  ...[...ALU, ...JUMPS].flatMap((code) => [code, code | SOURCE_X]),
])

interface Instruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

export type BpfProgram = readonly Instruction[]

/** How long it is where Linux has translated it: some more at its start, and for each constant that it returns. */
export const translatedLength = (program: BpfProgram): number =>
  3 + program.length + program.filter(({ code }) => code === RET_K).length

/** A program, or null for one that Linux refuses. */
export function parseBpf(bytes: Uint8Array, order: ByteOrder): BpfProgram | null {
  const program: Instruction[] = []
  for (let at = 0; at < bytes.length; at += BPF_INSTRUCTION_SIZE)
    program.push({
      code: get16(bytes, at, order),
      jt: bytes[at + 2]!,
      jf: bytes[at + 3]!,
      k: get32(bytes, at + 4, order),
    })
  const last = program.at(-1)
  if (!last || (last.code !== RET_K && last.code !== RET_A)) return null
  const isSound = program.every((one, pc) => isAllowed(one, program.length - pc - 1))
  return isSound && readsWhatWasStored(program) ? program : null
}

/** `left`: instructions behind this one. */
function isAllowed({ code, jt, jf, k }: Instruction, left: number): boolean {
  if (!KNOWN.has(code)) return false
  switch (code) {
    case LD_ABS:
      return k < SECCOMP_DATA_SIZE && k % 4 === 0
    case 0x34:
      return k !== 0
    case 0x64:
    case 0x74:
      return k < 32
    case LD_MEM:
    case LDX_MEM:
    case ST:
    case STX:
      return k < CELLS
    case JA:
      return k < left
  }
  return (code & 7) !== CLASS_JMP || (jt < left && jf < left)
}

/** Linux check_load_and_stores: on every way to a load its cell was stored. Jumps only go forward. */
function readsWhatWasStored(program: BpfProgram): boolean {
  const masks = new Uint16Array(program.length).fill(ALL_CELLS)
  let valid = 0
  for (const [pc, { code, jt, jf, k }] of program.entries()) {
    valid &= masks[pc]!
    const arrive = (target: number): void => {
      masks[target]! &= valid
    }
    if (code === ST || code === STX) valid |= 1 << k
    else if (code === LD_MEM || code === LDX_MEM) {
      if (!(valid & (1 << k))) return false
    } else if (code === JA) {
      arrive(pc + 1 + k)
      valid = ALL_CELLS
    } else if ((code & 7) === CLASS_JMP) {
      arrive(pc + 1 + jt)
      arrive(pc + 1 + jf)
      valid = ALL_CELLS
    }
  }
  return true
}

function compute(code: number, a: number, b: number): number {
  switch (code & 0xf0) {
    case 0x00:
      return a + b
    case 0x10:
      return a - b
    case 0x20:
      return Math.imul(a, b)
    case 0x30:
      return Math.floor(a / b)
    case 0x40:
      return a | b
    case 0x50:
      return a & b
    case 0x60:
      return a << b
    case 0x70:
      return a >>> b
    case 0x80:
      return -a
    default:
      return a ^ b
  }
}

function holds(code: number, a: number, b: number): boolean {
  switch (code & 0xf0) {
    case 0x10:
      return a === b
    case 0x20:
      return a > b
    case 0x30:
      return a >= b
    default:
      return (a & b) !== 0
  }
}

/** What the program returns for this seccomp_data, which is in the order of whoever made the call. */
export function runBpf(program: BpfProgram, data: DataView, { littleEndian }: ByteOrder): number {
  const cells = new Uint32Array(CELLS)
  let a = 0
  let x = 0
  for (let pc = 0; ; pc++) {
    const { code, jt, jf, k } = program[pc]!
    switch (code) {
      case LD_ABS:
        a = data.getUint32(k, littleEndian)
        continue
      case LD_LEN:
        a = SECCOMP_DATA_SIZE
        continue
      case LDX_LEN:
        x = SECCOMP_DATA_SIZE
        continue
      case LD_IMM:
        a = k
        continue
      case LDX_IMM:
        x = k
        continue
      case LD_MEM:
        a = cells[k]!
        continue
      case LDX_MEM:
        x = cells[k]!
        continue
      case ST:
        cells[k] = a
        continue
      case STX:
        cells[k] = x
        continue
      case TAX:
        x = a
        continue
      case TXA:
        a = x
        continue
      case RET_K:
        return k
      case RET_A:
        return a
      case JA:
        pc += k
        continue
    }
    const operand = code & SOURCE_X ? x : k
    if ((code & 7) === CLASS_ALU) {
      // A division by a zero in X ends the program.
      if ((code & 0xf0) === 0x30 && operand === 0) return 0
      a = compute(code, a, operand) >>> 0
    } else pc += holds(code, a, operand) ? jt : jf
  }
}
