/**
 * The two ends of a plain engine over a channel: the kernel's, which is an Engine, and the engine's own.
 *
 *   engine → kernel   {type: 'engine', version, name, wants}     once, first
 *   kernel → engine   {type: 'event', id, event}
 *   engine → kernel   {type: 'reply', id, reply} | {type: 'reply', id, error}
 *
 * Path: src/channels.ts makes channels of MessagePorts, WebSockets and Unix sockets. When a channel is lost, whatever
 * waits and whatever comes later fails: a view that loses a guard must not open.
 */

import type { Engine } from '../engine.ts'
import {
  engineOf,
  type PlainAnswer,
  type PlainDescription,
  type PlainEngine,
  type PlainEvent,
} from './plain.ts'
import { isMessage, type Message, Questions } from './questions.ts'

export const PROTOCOL_VERSION = 1

/** Messages in order, in both directions. */
export interface Channel {
  /** What is in `transfer` (buffers, ports) moves to the other end, where the channel can do that. */
  send(message: unknown, transfer?: readonly object[]): void
  /** Once: who gets the messages, and who is told that no more will come, and why where that is known. */
  listen(onMessage: (message: unknown) => void, onClosed: (why?: string) => void): void
  close(): void
}

/** Something else than the protocol says came over a channel. */
export class ProtocolError extends Error {}

/** The kernel's end. Resolves when the other end has said what it is; rejects with ProtocolError when it does not. */
export function remoteEngine(channel: Channel): Promise<Engine> {
  return new Promise((resolve, reject) => {
    const questions = new Questions<PlainAnswer>(channel, () => new Error('its connection is lost'))
    const ask = (event: PlainEvent): Promise<PlainAnswer> => questions.ask({ type: 'event', event })
    const take = (message: unknown): void => {
      if (!isMessage(message)) return
      if (message.type === 'engine') {
        try {
          resolve(engineOf(describedBy(message), ask))
        } catch (error) {
          reject(error)
          channel.close()
        }
      } else if (message.type === 'reply') {
        const { id, reply, error } = message
        questions.answer(id, typeof error === 'string' ? new Error(error) : (reply as PlainAnswer))
      }
    }
    const lose = (): void => {
      reject(new ProtocolError('the connection ended before the engine had said what it is'))
      questions.lose()
    }
    channel.listen(take, lose)
  })
}

const isStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((part) => typeof part === 'string')

/** What the other end says it is. Throws ProtocolError. */
function describedBy({ version, name, wants, answersWithinNs }: Message): PlainDescription {
  if (version !== PROTOCOL_VERSION) throw new ProtocolError(`the engine speaks protocol version ${version}`)
  if (typeof name !== 'string' || !isMessage(wants))
    throw new ProtocolError('the engine has no name or interest')
  if (wants.calls !== 'all' && !isStrings(wants.calls))
    throw new ProtocolError(`engine ${name} names no calls`)
  const described = { name, wants: wants as unknown as PlainDescription['wants'] }
  return typeof answersWithinNs === 'number' ? { ...described, answersWithinNs } : described
}

/** The engine's end: answers what comes until the channel is closed, and then resolves. */
export function servePlainEngine(plain: PlainEngine, channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    const answer = async (id: unknown, event: PlainEvent): Promise<void> => {
      try {
        channel.send({ type: 'reply', id, reply: await plain.on(event) })
      } catch (error) {
        channel.send({ type: 'reply', id, error: error instanceof Error ? error.message : String(error) })
      }
    }
    channel.listen(
      (message) => {
        if (isMessage(message) && message.type === 'event')
          void answer(message.id, message.event as PlainEvent)
      },
      () => resolve(),
    )
    const { name, wants, answersWithinNs } = plain
    channel.send({ type: 'engine', version: PROTOCOL_VERSION, name, wants, answersWithinNs })
  })
}
