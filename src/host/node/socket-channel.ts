/** A channel over a byte stream of Node, a Unix socket say: one line of JSON a message. Path: src/channels.ts. */

import type { Duplex } from 'node:stream'
import type { Channel } from '../../../syscalls/engines/remote/link.ts'
import { decodeMessage, encodeMessage } from '../../channels.ts'

/** A message longer than this ends the channel. */
const LINE_SIZE_MAX = 64 << 20

export function socketChannel(socket: Duplex): Channel {
  return {
    send: (message) => void (socket.writable && socket.write(`${encodeMessage(message)}\n`)),
    listen(onMessage, onClosed) {
      let text = ''
      socket.setEncoding('utf8')
      socket.on('data', (piece: string) => {
        text += piece
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const line = text.slice(0, end)
          text = text.slice(end + 1)
          try {
            onMessage(decodeMessage(line))
          } catch (error) {
            socket.destroy(error as Error)
            return
          }
        }
        if (text.length > LINE_SIZE_MAX) socket.destroy()
      })
      socket.on('error', () => {})
      socket.on('close', onClosed)
    },
    close: () => void socket.end(),
  }
}
