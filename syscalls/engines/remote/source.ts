/**
 * The bytes of an image over a channel: the machine's end is a ByteSource, the other end has one.
 *
 *   machine → source   {type: 'bytes', id, position, count}
 *   source → machine   {type: 'bytes-reply', id, value} | {type: 'bytes-reply', id, error}
 *
 * Path: src/remote sends a page's own source so; src/images.ts reads it. When the channel is lost every read fails.
 */

import type { ByteSource } from '../../fs/tarfs/byte-source.ts'
import type { Channel } from './link.ts'
import { isMessage, type Message, Questions } from './questions.ts'

/** The machine's end. */
export function remoteSource(channel: Channel, sizeBytes: number): ByteSource {
  const questions = new Questions<Uint8Array>(channel, () => new Error('the connection is lost'))
  channel.listen(
    (message) => {
      if (!isMessage(message) || message.type !== 'bytes-reply') return
      const { id, value, error } = message
      questions.answer(id, value instanceof Uint8Array ? value : new Error(String(error)))
    },
    () => questions.lose(),
  )
  return { sizeBytes, read: (position, count) => questions.ask({ type: 'bytes', position, count }) }
}

/** The end that has the bytes: answers until the channel is closed, and then resolves. */
export function serveSource(source: ByteSource, channel: Channel): Promise<void> {
  const answer = async ({ id, position, count }: Message): Promise<void> => {
    try {
      // A copy, without the rest of the buffer that it may be a part of.
      const value = (await source.read(Number(position), Number(count))).slice()
      channel.send({ type: 'bytes-reply', id, value }, [value.buffer])
    } catch (error) {
      channel.send({ type: 'bytes-reply', id, error: error instanceof Error ? error.message : String(error) })
    }
  }
  return new Promise((resolve) => {
    channel.listen(
      (message) => {
        if (isMessage(message) && message.type === 'bytes') void answer(message)
      },
      () => resolve(),
    )
  })
}
