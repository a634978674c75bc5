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

/** 32 little-endian bits in plain bytes, where there is no DataView of them. */
export function putLe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

export const getLe32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

/** Below this a byte loop is faster than making a view, and makes no garbage. */
const LOOP_BYTES_MAX = 64

/** Copies `count` bytes; small copies allocate nothing. */
export function copyBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, count: number): void {
  if (count <= LOOP_BYTES_MAX) for (let i = 0; i < count; i++) to[at + i] = from[start + i]!
  else to.set(from.subarray(start, start + count), at)
}
