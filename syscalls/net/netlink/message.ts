/** Messages of netlink, as bytes: a header, a struct of its type, attributes. netlink(3). Path: route.ts makes answers. */

import { getLe32, putLe32 } from '../../abi/bytes.ts'
import { NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR, NLMSG_HDRLEN } from '../../abi/netlink.ts'

/** One message as it was received; `body` is what follows the header. */
export interface Request {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly whole: Uint8Array
  readonly body: Uint8Array
}

export const align4 = (size: number): number => (size + 3) & ~3

/** A number as four bytes, for an attribute. */
export const u32 = (value: number): number[] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  value >>> 24,
]

export const text = (name: string): number[] => [...`${name}\0`].map((c) => c.charCodeAt(0))

/** Length u16, type u16, value, to a multiple of four. */
export function attribute(type: number, value: readonly number[]): number[] {
  const size = 4 + value.length
  const padding = new Array<number>(align4(size) - size).fill(0)
  return [size & 0xff, size >> 8, type & 0xff, type >> 8, ...value, ...padding]
}

/** A whole message for who has `port`. */
export function message(
  type: number,
  flags: number,
  request: Request,
  port: number,
  body: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(NLMSG_HDRLEN + body.length)
  putLe32(bytes, 0, bytes.length)
  putLe32(bytes, 4, type | (flags << 16))
  putLe32(bytes, 8, request.sequence)
  putLe32(bytes, 12, port)
  bytes.set(body, NLMSG_HDRLEN)
  return bytes
}

/** NLMSG_ERROR: what came of a request, 0 or a negative errno; an error has the request behind it. */
export function acknowledgement(
  request: Request,
  port: number,
  result: number,
  isCapped: boolean,
): Uint8Array {
  const { whole } = request
  const isWhole = result !== 0 && !isCapped
  const told = whole.subarray(0, isWhole ? whole.length : NLMSG_HDRLEN)
  const flags = isWhole ? 0 : NLM_F_CAPPED
  return message(NLMSG_ERROR, flags, request, port, [...u32(result), ...told])
}

/** The end of a list. */
export const done = (request: Request, flags: number, port: number): Uint8Array =>
  message(NLMSG_DONE, flags, request, port, u32(0))

/** The messages in what was sent at once; what follows a broken one is left. */
export function* requestsIn(bytes: Uint8Array): Iterable<Request> {
  for (let at = 0; at + NLMSG_HDRLEN <= bytes.length; ) {
    const length = getLe32(bytes, at)
    if (length < NLMSG_HDRLEN || length > bytes.length - at) return
    const whole = bytes.subarray(at, at + length)
    const word = getLe32(whole, 4)
    const body = whole.subarray(NLMSG_HDRLEN)
    yield { type: word & 0xffff, flags: word >>> 16, sequence: getLe32(whole, 8), whole, body }
    at += align4(length)
  }
}

/** The attributes behind a struct of `headerSize` bytes, by type. */
export function attributesOf(request: Request, headerSize: number): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  const { body } = request
  for (let at = align4(headerSize); at + 4 <= body.length; ) {
    const size = body[at]! | (body[at + 1]! << 8)
    if (size < 4 || size > body.length - at) break
    found.set(body[at + 2]! | (body[at + 3]! << 8), body.subarray(at + 4, at + size))
    at += align4(size)
  }
  return found
}
