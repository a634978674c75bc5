/**
 * Text inside the kernel is a byte string: a JavaScript string whose characters are bytes 0-255, so that every
 * Linux name survives, valid UTF-8 or not. These functions are the only border to JavaScript's own text.
 * Path: machine.ts and hostfs convert; the kernel never does.
 */

/** Bytes → byte string. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = ''
  for (let at = from; at < to; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, Math.min(to, at + 4096)))
  return text
}

/** Byte string → bytes. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** JavaScript text → byte string in UTF-8. */
export function utf8(text: string): string {
  let out = ''
  for (const character of text) {
    const c = character.codePointAt(0)!
    if (c < 0x80) out += character
    else if (c < 0x800) out += String.fromCharCode(0xc0 | (c >> 6), 0x80 | (c & 63))
    else if (c < 0x10000)
      out += String.fromCharCode(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
    else
      out += String.fromCharCode(
        0xf0 | (c >> 18),
        0x80 | ((c >> 12) & 63),
        0x80 | ((c >> 6) & 63),
        0x80 | (c & 63),
      )
  }
  return out
}

/** Byte string in UTF-8 → JavaScript text; a wrong sequence becomes U+FFFD. */
export function fromUtf8(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; ) {
    const lead = text.charCodeAt(i++)
    const extra = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : -1
    let code = extra === 0 ? lead : lead & (0x3f >> extra)
    let valid = extra >= 0
    for (let k = 0; k < extra && valid; k++) {
      const next = i < text.length ? text.charCodeAt(i) : 0
      if ((next & 0xc0) !== 0x80) valid = false
      else {
        code = (code << 6) | (next & 0x3f)
        i++
      }
    }
    out += valid && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
  }
  return out
}

/** In which order an ISA has the bytes of a number; a DataModel says it. */
export interface ByteOrder {
  readonly littleEndian: boolean
}

/** Where a number of 64 bits has its lower half. */
export const lowAt = ({ littleEndian }: ByteOrder): number => (littleEndian ? 0 : 4)

/** 32 bits in plain bytes, where there is no DataView of them. */
export function put32(bytes: Uint8Array, at: number, value: number, { littleEndian }: ByteOrder): void {
  const turn = littleEndian ? 0 : 3
  bytes[at + turn] = value
  bytes[at + (1 ^ turn)] = value >>> 8
  bytes[at + (2 ^ turn)] = value >>> 16
  bytes[at + (3 ^ turn)] = value >>> 24
}

export function get32(bytes: Uint8Array, at: number, { littleEndian }: ByteOrder): number {
  const turn = littleEndian ? 0 : 3
  const low = bytes[at + turn]! | (bytes[at + (1 ^ turn)]! << 8)
  return (low | (bytes[at + (2 ^ turn)]! << 16) | (bytes[at + (3 ^ turn)]! << 24)) >>> 0
}

export const get16 = (bytes: Uint8Array, at: number, { littleEndian }: ByteOrder): number =>
  littleEndian ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!

/** Numbers of one width, not yet in any order: what the kernel made for a program that will read it. */
export type Numbers = Uint16Array | Int32Array | BigInt64Array

/** Numbers as an ISA's bytes; bytes stay what they are. */
export function inOrder(values: Uint8Array | Numbers, { littleEndian }: ByteOrder): Uint8Array {
  if (values instanceof Uint8Array) return values
  const bytes = new Uint8Array(values.byteLength)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of values.entries())
    if (typeof value === 'bigint') view.setBigInt64(i * 8, value, littleEndian)
    else if (values.BYTES_PER_ELEMENT === 2) view.setUint16(i * 2, value, littleEndian)
    else view.setInt32(i * 4, value, littleEndian)
  return bytes
}

/** Unsigned numbers of 16 bits out of an ISA's bytes. */
export const get16s = (bytes: Uint8Array, order: ByteOrder): number[] =>
  Array.from({ length: bytes.length >> 1 }, (_, i) => get16(bytes, i * 2, order))

/** Unsigned numbers of 32 bits out of an ISA's bytes. */
export const get32s = (bytes: Uint8Array, order: ByteOrder): number[] =>
  Array.from({ length: bytes.length >> 2 }, (_, i) => get32(bytes, i * 4, order))

/** Below this a byte loop is faster than making a view, and makes no garbage. */
const LOOP_BYTES_MAX = 64

/** Copies `count` bytes; small copies allocate nothing. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, count: number): void {
  if (count <= LOOP_BYTES_MAX) for (let i = 0; i < count; i++) to[at + i] = from[start + i]!
  else to.set(from.subarray(start, start + count), at)
}
