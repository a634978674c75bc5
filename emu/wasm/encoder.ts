/**
 * Writes WebAssembly bytes into one growing array; the emitter's speed is start-up time, so nothing is allocated
 * for an instruction. Reference: WebAssembly specification, chapter 5 (binary format).
 */

export class Encoder {
  bytes = new Uint8Array(1 << 16)
  length = 0

  private grow(): void {
    const bytes = new Uint8Array(this.bytes.length * 2)
    bytes.set(this.bytes)
    this.bytes = bytes
  }

  /** Makes room for the longest single item written by the methods below. */
  private room(): void {
    if (this.length + 24 > this.bytes.length) this.grow()
  }

  u8(byte: number): void {
    this.room()
    this.bytes[this.length++] = byte
  }

  /** An operation by its number in the IR's table, where those of more bytes are 0xfcNN and 0xfdNN. */
  opcode(code: number): void {
    if (code < 0x100) this.u8(code)
    else {
      this.u8(code >= 0xfd00 ? 0xfd : 0xfc)
      this.u32(code >= 0xfd00 ? code - 0xfd00 : code - 0xfc00)
    }
  }

  /** Unsigned LEB128 of a u32. */
  u32(value: number): void {
    this.room()
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  /** Unsigned LEB128 of fixed length, for a number that is patched later (`patchFixed`). */
  fixed(): void {
    this.room()
    this.bytes[this.length++] = 0x80
    this.bytes[this.length++] = 0x80
    this.bytes[this.length++] = 0
  }

  /** Signed LEB128 of an i32. */
  s32(value: number): void {
    this.room()
    let rest = value | 0
    while (rest > 63 || rest < -64) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.bytes[this.length++] = rest & 0x7f
  }

  /** Signed LEB128 of an i64 given as two halves. */
  s64(low: number, high: number): void {
    this.room()
    let lo = low | 0
    let hi = high | 0
    while (!(hi === lo >> 31 && lo <= 63 && lo >= -64)) {
      this.bytes[this.length++] = (lo & 0x7f) | 0x80
      lo = (lo >>> 7) | (hi << 25)
      hi >>= 7
    }
    this.bytes[this.length++] = lo & 0x7f
  }

  name(text: string): void {
    this.u32(text.length)
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i))
  }

  append(source: Uint8Array): void {
    while (this.length + source.length + 24 > this.bytes.length) this.grow()
    this.bytes.set(source, this.length)
    this.length += source.length
  }

  /** Writes a section or function body whose size is known only afterwards: returns a mark for `closeSized`. */
  openSized(): number {
    this.room()
    this.length += 5
    return this.length
  }

  /** Fills in the size since the mark, as a five-byte LEB128. */
  closeSized(mark: number): void {
    let size = this.length - mark
    for (let i = 5; i > 0; i--) {
      this.bytes[mark - i] = (size & 0x7f) | (i > 1 ? 0x80 : 0)
      size >>>= 7
    }
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

/** Writes a number below 2^21 where `fixed` made room. */
export function patchFixed(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value & 0x7f) | 0x80
  bytes[at + 1] = ((value >>> 7) & 0x7f) | 0x80
  bytes[at + 2] = (value >>> 14) & 0x7f
}

// Opcodes used by name.
export const UNREACHABLE = 0x00,
  BLOCK = 0x02,
  LOOP = 0x03,
  IF = 0x04,
  ELSE = 0x05,
  END = 0x0b
export const BR = 0x0c,
  BR_IF = 0x0d,
  BR_TABLE = 0x0e,
  RETURN = 0x0f,
  CALL = 0x10,
  CALL_INDIRECT = 0x11
export const RETURN_CALL = 0x12,
  RETURN_CALL_INDIRECT = 0x13,
  DROP = 0x1a,
  SELECT = 0x1b
export const LOCAL_GET = 0x20,
  LOCAL_SET = 0x21,
  LOCAL_TEE = 0x22
export const I32_LOAD = 0x28,
  I64_LOAD = 0x29,
  I32_LOAD8_U = 0x2d,
  I32_STORE = 0x36,
  I64_STORE = 0x37
export const I32_CONST = 0x41,
  I64_CONST = 0x42
export const I32_EQZ = 0x45,
  I32_NE = 0x47,
  I32_EQ = 0x46,
  I32_LT_S = 0x48,
  I32_ADD = 0x6a,
  I32_SUB = 0x6b,
  I32_MUL = 0x6c
export const I32_AND = 0x71,
  I32_OR = 0x72,
  I32_XOR = 0x73,
  I32_SHL = 0x74,
  I32_SHR_U = 0x76
export const I32_WRAP_I64 = 0xa7,
  I64_ADD = 0x7c,
  I64_EQ = 0x51,
  I64_SHR_U = 0x88,
  I64_EXTEND_U = 0xad
export const TYPE_I32 = 0x7f,
  TYPE_I64 = 0x7e,
  TYPE_F32 = 0x7d,
  TYPE_F64 = 0x7c,
  TYPE_V128 = 0x7b
/** Value types by the IR's type number. */
export const WASM_TYPES = [TYPE_I32, TYPE_I64, TYPE_F32, TYPE_F64, TYPE_V128]
export const VOID = 0x40
