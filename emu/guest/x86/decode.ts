/**
 * The x86 decoder, of 64-bit or of 32-bit mode: bytes to a row and its operands' places.
 * Path: region formation scans with it, then translate.ts decodes again for translation; the interpreter's
 * single step too. Reference: Intel SDM vol. 2, chapter 2; opcode maps in appendix A.
 * It allocates nothing an instruction: the result is one reused Insn.
 */

import { DECODE_OK, DECODE_TRUNCATED, DECODE_UNDEFINED, type Flow, type GuestInsn } from '../guest-mode.ts'
import { type Mode, PREFIX_66, PREFIX_ANY, PREFIX_F2, PREFIX_F3, PREFIX_NONE, type Row } from './row.ts'
import { FS, GS } from './state.ts'

export const NO_REGISTER = -1
/** Memory operand relative to the next instruction. */
export const BASE_RIP = 16
/** No segment prefix that counts. */
export const SEG_NONE = -1
export const INSN_LENGTH_MAX = 15

/** Base and index registers of 16-bit addresses, by the r/m field. */
const BASES_16 = [3, 3, 5, 5, 6, 7, 5, 3]
const INDEXES_16 = [6, 7, 6, 7, NO_REGISTER, NO_REGISTER, NO_REGISTER, NO_REGISTER]

/** One decoded instruction. */
export class Insn implements GuestInsn {
  pc = 0
  mode: Mode = 64
  length = 0
  row: Row | null = null
  opcode = 0
  /** Operand size in bits: 16, 32 or 64. */
  size = 32
  addressSize = 64
  rex = 0
  /** The segment register that a prefix names, or SEG_NONE; in 64-bit mode FS or GS. */
  segment = SEG_NONE
  /** 0, 0xf2 or 0xf3, where it is no part of the opcode. */
  rep = 0
  lock = false
  mod = 0
  reg = 0
  rm = 0
  base = NO_REGISTER
  index = NO_REGISTER
  scale = 0
  disp = 0
  /** Immediate, sign-extended to 64 bits: low and high half. */
  imm = 0
  immHigh = 0
  /** Second immediate: ENTER's level, a far pointer's selector. */
  imm2 = 0

  get isMemory(): boolean {
    return this.mod !== 3
  }

  get nextPc(): number {
    return this.pc + this.length
  }

  get flow(): Flow {
    return this.row!.flow
  }

  /** Branch target of a relative branch. */
  get target(): number {
    const target = this.nextPc + this.imm
    if (this.mode === 64) return target
    return this.size === 16 ? target & 0xffff : target >>> 0
  }
}

/** Bytes an instruction's immediate takes, by operand codes; v and z depend on the operand size. */
function immediateBytes(row: Row, insn: Insn): number {
  let total = 0
  for (const code of row.operands) {
    const kind = code[0]
    if (kind !== 'I' && kind !== 'J' && kind !== 'O' && kind !== 'F') continue
    if (kind === 'F') total += insn.size / 8 + 2
    else if (kind === 'O') total += insn.addressSize / 8
    else if (code[1] === 'b' || code[1] === 's') total += 1
    else if (code[1] === 'w') total += 2
    else if (code[1] === 'v') total += insn.size / 8
    else total += kind === 'J' && insn.mode === 64 ? 4 : Math.min(insn.size, 32) / 8
  }
  return total
}

export class Decoder {
  /** By map × prefix × opcode: the rows that may match, or undefined. */
  private readonly slots: (Row[] | undefined)[] = new Array(4 * 4 * 256)
  private bytes: Uint8Array = new Uint8Array(0)
  private at = 0
  private end = 0
  private overrun = false

  readonly mode: Mode

  constructor(rows: readonly Row[], mode: Mode) {
    this.mode = mode
    for (const row of rows.filter((row) => row.mode === 0 || row.mode === mode))
      for (let o = 0; o < row.opcodeCount; o++)
        for (let prefix = 0; prefix < 4; prefix++)
          if (row.prefix === prefix || row.prefix === PREFIX_ANY) this.enter(row, prefix, row.opcode + o)
    // A row that names its prefix is looked at before one that takes any.
    for (const slot of this.slots) slot?.sort((x, y) => rank(y) - rank(x))
  }

  private enter(row: Row, prefix: number, opcode: number): void {
    const at = (row.map * 4 + prefix) * 256 + opcode
    this.slots[at] ??= []
    this.slots[at].push(row)
  }

  /** Decodes at `pc`, where bytes[at..end) may be fetched, into `insn`. Returns DECODE_*. */
  decode(bytes: Uint8Array, at: number, end: number, pc: number, insn: Insn): number {
    this.bytes = bytes
    this.at = at
    this.end = Math.min(end, at + INSN_LENGTH_MAX)
    this.overrun = false
    insn.pc = pc
    insn.mode = this.mode
    insn.row = null
    const status = this.instruction(insn)
    insn.length = this.at - at
    if (this.overrun) return end - at >= INSN_LENGTH_MAX ? DECODE_UNDEFINED : DECODE_TRUNCATED
    return status
  }

  private u8(): number {
    if (this.at >= this.end) {
      this.overrun = true
      return 0
    }
    return this.bytes[this.at++]!
  }

  private instruction(insn: Insn): number {
    let operand16 = false
    let byte = 0
    const { mode } = this
    insn.addressSize = mode
    insn.segment = SEG_NONE
    insn.rep = 0
    insn.lock = false
    insn.rex = 0
    for (;;) {
      byte = this.u8()
      if (byte === 0x66) operand16 = true
      else if (byte === 0x67) insn.addressSize = mode / 2
      else if (byte === 0xf2 || byte === 0xf3) insn.rep = byte
      else if (byte === 0xf0) insn.lock = true
      else if (byte === 0x64) insn.segment = FS
      else if (byte === 0x65) insn.segment = GS
      else if (byte === 0x2e || byte === 0x36 || byte === 0x3e || byte === 0x26) {
        if (mode === 32) insn.segment = (byte >> 3) & 3
      } else if (mode === 64 && (byte & 0xf0) === 0x40) {
        insn.rex = byte
        byte = this.u8()
        // A REX that is not last before the opcode is ignored.
        if (isPrefix(byte)) {
          insn.rex = 0
          this.at--
          continue
        }
        break
      } else break
      if (this.overrun) return DECODE_TRUNCATED
    }
    let map = 0
    if (byte === 0x0f) {
      map = 1
      byte = this.u8()
      if (byte === 0x38 || byte === 0x3a) {
        map = byte === 0x38 ? 2 : 3
        byte = this.u8()
      }
    }
    insn.opcode = byte
    const prefix =
      insn.rep === 0xf2 ? PREFIX_F2 : insn.rep === 0xf3 ? PREFIX_F3 : operand16 ? PREFIX_66 : PREFIX_NONE
    const row = this.choose(insn, map, prefix, byte)
    if (this.overrun) return DECODE_TRUNCATED
    if (row === null) return DECODE_UNDEFINED
    insn.row = row
    if (row.prefix === prefix && prefix >= PREFIX_F3) insn.rep = 0
    // 66 as part of the opcode says nothing of the operand size.
    const size16 = operand16 && row.prefix !== PREFIX_66
    insn.size = insn.rex & 8 ? 64 : size16 ? 16 : row.default64 ? mode : 32
    if (row.hasModrm && insn.mod !== 3) this.memory(insn)
    this.immediate(row, insn)
    return this.overrun ? DECODE_TRUNCATED : DECODE_OK
  }

  /** Finds the row; reads the ModRM byte when the opcode has one. */
  private choose(insn: Insn, map: number, prefix: number, opcode: number): Row | null {
    const rows = this.slots[(map * 4 + prefix) * 256 + opcode]
    insn.mod = 3
    if (rows === undefined) return null
    if (!rows[0]!.hasModrm) {
      for (const row of rows) if (row.rexW < 0 || row.rexW === ((insn.rex >> 3) & 1)) return row
      return null
    }
    const modrm = this.u8()
    insn.mod = modrm >> 6
    const extension = (modrm >> 3) & 7
    insn.reg = extension | ((insn.rex & 4) << 1)
    insn.rm = (modrm & 7) | ((insn.rex & 1) << 3)
    const wide = (insn.rex >> 3) & 1
    for (const row of rows) {
      if (row.extension >= 0 && row.extension !== extension) continue
      if (row.form === 'm' && insn.mod === 3) continue
      if (row.form === 'r' && insn.mod !== 3) continue
      if (row.rexW >= 0 && row.rexW !== wide) continue
      return row
    }
    return null
  }

  private memory(insn: Insn): void {
    if (insn.addressSize === 16) {
      this.memory16(insn)
      return
    }
    const low = insn.rm & 7
    insn.index = NO_REGISTER
    insn.scale = 0
    insn.base = insn.rm
    if (low === 4) {
      const sib = this.u8()
      insn.scale = sib >> 6
      const index = ((sib >> 3) & 7) | ((insn.rex & 2) << 2)
      insn.index = index === 4 ? NO_REGISTER : index
      insn.base = (sib & 7) | ((insn.rex & 1) << 3)
      if ((sib & 7) === 5 && insn.mod === 0) {
        insn.base = NO_REGISTER
        insn.disp = this.signed(4)
        return
      }
    } else if (low === 5 && insn.mod === 0) {
      insn.base = this.mode === 64 ? BASE_RIP : NO_REGISTER
      insn.disp = this.signed(4)
      return
    }
    insn.disp = insn.mod === 0 ? 0 : this.signed(insn.mod === 1 ? 1 : 4)
  }

  private memory16(insn: Insn): void {
    insn.scale = 0
    insn.base = BASES_16[insn.rm]!
    insn.index = INDEXES_16[insn.rm]!
    if (insn.mod === 0 && insn.rm === 6) {
      insn.base = NO_REGISTER
      insn.disp = this.signed(2)
    } else insn.disp = insn.mod === 0 ? 0 : this.signed(insn.mod)
  }

  private signed(sizeBytes: number): number {
    let value = 0
    for (let i = 0; i < sizeBytes; i++) value |= this.u8() << (8 * i)
    const unused = 32 - 8 * sizeBytes
    return (value << unused) >> unused
  }

  private immediate(row: Row, insn: Insn): void {
    const sizeBytes = immediateBytes(row, insn)
    insn.immHigh = 0
    if (sizeBytes === 0) {
      insn.imm = 0
      return
    }
    if (row.operands[0] === 'Fp') {
      insn.imm = this.signed(insn.size / 8)
      insn.imm2 = this.signed(2) & 0xffff
      return
    }
    if (sizeBytes === 8) {
      insn.imm = this.signed(4)
      insn.immHigh = this.signed(4)
      return
    }
    if (sizeBytes === 3) {
      insn.imm = this.signed(2) & 0xffff
      insn.imm2 = this.u8()
      return
    }
    insn.imm = this.signed(sizeBytes)
    insn.immHigh = insn.imm >> 31
  }
}

const rank = (row: Row): number =>
  (row.prefix === PREFIX_ANY ? 0 : 4) + (row.extension >= 0 ? 2 : 0) + (row.form !== '' ? 1 : 0)

function isPrefix(byte: number): boolean {
  return (
    byte === 0x66 ||
    byte === 0x67 ||
    byte === 0xf2 ||
    byte === 0xf3 ||
    byte === 0xf0 ||
    byte === 0x64 ||
    byte === 0x65 ||
    byte === 0x2e ||
    byte === 0x36 ||
    byte === 0x3e ||
    byte === 0x26 ||
    (byte & 0xf0) === 0x40
  )
}
