/**
 * Questions over a channel: each has a number, by which its answer is known; when the channel is lost all of them fail,
 * and so does every later one. Path: the kernel's ends of remote engines (link.ts) and remote files (files.ts); the user's end of
 * a remote machine (src/remote).
 */

import type { Channel } from './link.ts'

/** What comes over a channel. */
export type Message = { readonly type?: unknown; readonly [key: string]: unknown }

export const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null

export class Questions<Answer> {
  private readonly channel: Channel
  /** What a question fails with that cannot be answered any more. */
  private readonly lost: () => Error
  private readonly waiting = new Map<unknown, { resolve(answer: Answer): void; reject(error: Error): void }>()
  private nextId = 1
  private isLost = false

  constructor(channel: Channel, lost: () => Error) {
    this.channel = channel
    this.lost = lost
  }

  ask(question: Message, transfer?: readonly object[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.isLost) {
        reject(this.lost())
        return
      }
      const id = this.nextId++
      this.waiting.set(id, { resolve, reject })
      this.channel.send({ ...question, id }, transfer)
    })
  }

  /** The answer to the question of that number, or why there is none. Nobody's answer is dropped. */
  answer(id: unknown, answer: Answer | Error): void {
    const asked = this.waiting.get(id)
    this.waiting.delete(id)
    if (answer instanceof Error) asked?.reject(answer)
    else asked?.resolve(answer)
  }

  lose(): void {
    this.isLost = true
    for (const { reject } of this.waiting.values()) reject(this.lost())
    this.waiting.clear()
  }
}
