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
import { isMessage, type Message, Questions } from './questions.ts'

const failure = (code: string, text: string): Error => Object.assign(new Error(text), { code })

/** The kernel's end. */
export function remoteFiles(channel: Channel): AsyncFiles {
  const questions = new Questions<unknown>(channel, () => failure('EIO', 'the connection is lost'))
  channel.listen(
    (message) => {
      if (!isMessage(message) || message.type !== 'file-reply') return
      const { id, value, code, error } = message
      questions.answer(id, typeof code === 'string' ? failure(code, String(error)) : value)
    },
    () => questions.lose(),
  )
  return Object.fromEntries(
    ASYNC_FILE_METHODS.map((method) => [
      method,
      (...args: unknown[]) => questions.ask({ type: 'file', method, args }),
    ]),
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
    channel.listen(
      (message) => {
        if (isMessage(message) && message.type === 'file') void answer(message)
      },
      () => resolve(),
    )
  })
}
