/** Messages of netlink, as bytes: a header, a struct of its type, attributes. netlink(3). Path: route.ts makes answers. */

import { type ByteOrder, get16, get32, put32 } from '../../abi/bytes.ts'
import { NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR, NLMSG_HDRLEN } from '../../abi/netlink.ts'

/** One message as it was received; `body` is what follows the header. */
export interface Request {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly whole: Uint8Array
  readonly body: Uint8Array
  /** Of whoever asks; answers are in it too. */
  readonly order: ByteOrder
}

export const align4 = (size: number): number => (size + 3) & ~3

/** Numbers and attributes as bytes, in an order. */
export class Encoder {
  private readonly order: ByteOrder

  constructor(order: ByteOrder) {
    this.order = order
  }

  u16(value: number): number[] {
    const bytes = [value & 0xff, (value >> 8) & 0xff]
    return this.order.littleEndian ? bytes : bytes.reverse()
  }

  u32(value: number): number[] {
    const halves = [this.u16(value), this.u16(value >>> 16)]
    return (this.order.littleEndian ? halves : halves.reverse()).flat()
  }

  /** Length u16, type u16, value, to a multiple of four. */
  attribute(type: number, value: readonly number[]): number[] {
    const size = 4 + value.length
    const padding = new Array<number>(align4(size) - size).fill(0)
    return [...this.u16(size), ...this.u16(type), ...value, ...padding]
  }
}

export const text = (name: string): number[] => [...`${name}\0`].map((c) => c.charCodeAt(0))

/** A whole message for who has `port`. */
export function message(
  type: number,
  flags: number,
  request: Request,
  port: number,
  body: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(NLMSG_HDRLEN + body.length)
  const { order, sequence } = request
  const encoder = new Encoder(order)
  put32(bytes, 0, bytes.length, order)
  bytes.set([...encoder.u16(type), ...encoder.u16(flags)], 4)
  put32(bytes, 8, sequence, order)
  put32(bytes, 12, port, order)
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
  return message(NLMSG_ERROR, flags, request, port, [...new Encoder(request.order).u32(result), ...told])
}

/** The end of a list. */
export const done = (request: Request, flags: number, port: number): Uint8Array =>
  message(NLMSG_DONE, flags, request, port, [0, 0, 0, 0])

/** The messages in what was sent at once; what follows a broken one is left. */
export function* requestsIn(bytes: Uint8Array, order: ByteOrder): Iterable<Request> {
  for (let at = 0; at + NLMSG_HDRLEN <= bytes.length; ) {
    const length = get32(bytes, at, order)
    if (length < NLMSG_HDRLEN || length > bytes.length - at) return
    const whole = bytes.subarray(at, at + length)
    const [type, flags] = [get16(whole, 4, order), get16(whole, 6, order)]
    const body = whole.subarray(NLMSG_HDRLEN)
    yield { type, flags, sequence: get32(whole, 8, order), whole, body, order }
    at += align4(length)
  }
}

/** The attributes behind a struct of `headerSize` bytes, by type. */
export function attributesOf(request: Request, headerSize: number): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  const { body, order } = request
  for (let at = align4(headerSize); at + 4 <= body.length; ) {
    const size = get16(body, at, order)
    if (size < 4 || size > body.length - at) break
    found.set(get16(body, at + 2, order), body.subarray(at + 4, at + size))
    at += align4(size)
  }
  return found
}
