/**
 * Channels of what is there: a MessagePort or Worker takes messages as they are; a WebSocket and a byte stream take
 * one JSON text a message, in which bytes are `{"$bytes": "..."}`, a character a byte,
 * and 64-bit values `{"$bigint": "..."}`.
 * Path: engines/remote/link.ts talks over them; Node's sockets are made channels in host/node/socket-channel.ts.
 */

import { bytesOf, latin1 } from '../syscalls/abi/bytes.ts'
import { type Channel, ProtocolError } from '../syscalls/engines/remote/link.ts'

/** A MessagePort, a Worker, or what is shaped so. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer?: never): void
  addEventListener(
    type: 'message' | 'messageerror' | 'close',
    listener: (event: { data?: unknown }) => void,
  ): void
  start?(): void
  close?(): void
}

export const messagePortChannel = (port: MessagePortLike): Channel => ({
  send: (message, transfer = []) => port.postMessage(message, transfer as never),
  listen(onMessage, onClosed) {
    port.addEventListener('message', (event) => onMessage(event.data))
    port.addEventListener('messageerror', () => onClosed())
    port.addEventListener('close', () => onClosed())
    port.start?.()
  },
  close: () => port.close?.(),
})

/** A WebSocket of a browser, of Node or of a library. */
export interface WebSocketLike {
  readonly readyState: number
  send(text: string): void
  close(): void
  addEventListener(
    type: 'open' | 'message' | 'close' | 'error',
    listener: (event: { data?: unknown }) => void,
  ): void
}
const OPEN = 1

export function webSocketChannel(socket: WebSocketLike): Channel {
  const early: string[] = []
  socket.addEventListener('open', () => {
    for (const text of early.splice(0)) socket.send(text)
  })
  return {
    send(message) {
      const text = encodeMessage(message)
      if (socket.readyState === OPEN) socket.send(text)
      else early.push(text)
    },
    listen(onMessage, onClosed) {
      socket.addEventListener('message', ({ data }) => {
        try {
          onMessage(decodeMessage(String(data)))
        } catch {
          socket.close()
        }
      })
      socket.addEventListener('close', () => onClosed())
      socket.addEventListener('error', () => onClosed())
    },
    close: () => socket.close(),
  }
}

/** One line of JSON, without its end. */
export const encodeMessage = (message: unknown): string =>
  JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array
      ? { $bytes: latin1(value) }
      : typeof value === 'bigint'
        ? { $bigint: String(value) }
        : value,
  )

/** Throws ProtocolError for what is no message. */
export function decodeMessage(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => {
      const { $bytes, $bigint } = (value ?? {}) as { $bytes?: unknown; $bigint?: unknown }
      if (typeof $bytes === 'string') return bytesOf($bytes)
      return typeof $bigint === 'string' ? BigInt($bigint) : value
    })
  } catch {
    throw new ProtocolError('what came over the channel is no JSON')
  }
}
