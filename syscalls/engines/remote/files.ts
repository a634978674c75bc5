/**
 * Files over a channel: the kernel's end is AsyncFiles, of which asyncfs makes a file system; the other end has the
 * files.
 *
 *   kernel → files   {type: 'file', id, method, args}
 *   files → kernel   {type: 'file-reply', id, value} | {type: 'file-reply', id, code, error}
 *
 * Path: mounts of what a page or another process has. When the channel is lost every file is EIO.
 */

import { ASYNC_FILE_METHODS, type AsyncFiles } from '../../fs/asyncfs/async-files.ts'
import type { Channel } from './link.ts'

type Message = { readonly type?: unknown; readonly [key: string]: unknown }

const isMessage = (message: unknown): message is Message => typeof message === 'object' && message !== null

const failure = (code: string, text: string): Error => Object.assign(new Error(text), { code })

/** The kernel's end. */
export function remoteFiles(channel: Channel): AsyncFiles {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let nextId = 1
  let isLost = false
  channel.listen(
    (message) => {
      if (!isMessage(message) || message.type !== 'file-reply') return
      const { id, value, code, error } = message
      const asked = waiting.get(id as number)
      waiting.delete(id as number)
      if (typeof code === 'string') asked?.reject(failure(code, String(error)))
      else asked?.resolve(value)
    },
    () => {
      isLost = true
      for (const { reject } of waiting.values()) reject(failure('EIO', 'the connection is lost'))
      waiting.clear()
    },
  )
  const ask = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (isLost) {
        reject(failure('EIO', 'the connection is lost'))
        return
      }
      const id = nextId++
      waiting.set(id, { resolve, reject })
      channel.send({ type: 'file', id, method, args })
    })
  return Object.fromEntries(
    ASYNC_FILE_METHODS.map((method) => [method, (...args: unknown[]) => ask(method, args)]),
  ) as unknown as AsyncFiles
}

/** The end that has the files: answers until the channel is closed, and then resolves. */
export function serveFiles(files: AsyncFiles, channel: Channel): Promise<void> {
  const answer = async ({ id, method, args }: Message): Promise<void> => {
    try {
      const known = ASYNC_FILE_METHODS.find((name) => name === method)
      if (!known) throw failure('ENOSYS', `there is no ${String(method)}`)
      const call = files[known] as (...args: unknown[]) => Promise<unknown>
      channel.send({ type: 'file-reply', id, value: await call.apply(files, args as unknown[]) })
    } catch (error) {
      const { code = 'EIO', message } = error as Error & { code?: string }
      channel.send({ type: 'file-reply', id, code, error: message })
    }
  }
  return new Promise((resolve) => {
    channel.listen((message) => {
      if (isMessage(message) && message.type === 'file') void answer(message)
    }, resolve)
  })
}
