/**
 * Pipes between a guest and its embedder, as WHATWG streams. The guest's end is an ordinary pipe(7): a full one blocks
 * it, a closed one is SIGPIPE or end of file; nothing is read from it before the stream's consumer asks.
 * Path: bare-machine.ts makes one for each standard stream.
 */

import { O_RDONLY, O_WRONLY } from '../syscalls/abi/fcntl.ts'
import { PipeInode } from '../syscalls/fs/pipefs/pipefs.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import type { FileDescription } from '../syscalls/vfs/file-description.ts'
import { PIPE_SIZE, Pipe, PipeEnd } from '../syscalls/vfs/pipe.ts'
import { HostCaller } from './host-caller.ts'

/** The guest's end of a pipe, and the embedder's as a stream. */
export interface InputPipe {
  readonly end: FileDescription
  readonly stream: WritableStream<Uint8Array>
}

export interface OutputPipe {
  readonly end: FileDescription
  readonly stream: ReadableStream<Uint8Array>
}

function pipeEnds(kernel: Kernel): { reader: PipeEnd; writer: PipeEnd } {
  const pipe = new Pipe()
  const inode = new PipeInode(kernel, kernel.caller)
  return {
    reader: new PipeEnd(pipe, O_RDONLY, inode, null),
    writer: new PipeEnd(pipe, O_WRONLY, inode, null),
  }
}

/** What the embedder writes, the guest reads. A write whose reader is gone fails with an Error, code EPIPE. */
export function inputPipe(kernel: Kernel): InputPipe {
  const { reader, writer } = pipeEnds(kernel)
  const caller = new HostCaller(kernel.world, kernel.host)
  const stream = new WritableStream<Uint8Array>({
    async write(chunk) {
      caller.progress = 0
      const result = await caller.complete(() => writer.write(caller, chunk, 0, chunk.length))
      if (result < 0)
        throw Object.assign(new Error('EPIPE: nobody reads this input any more'), { code: 'EPIPE' })
    },
    close: () => writer.release(),
    abort: () => writer.release(),
  })
  return { end: reader, stream }
}

/** What the guest writes, the embedder reads. The stream ends when the last writer is gone. */
export function outputPipe(kernel: Kernel): OutputPipe {
  const { reader, writer } = pipeEnds(kernel)
  const caller = new HostCaller(kernel.world, kernel.host)
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = new Uint8Array(PIPE_SIZE)
        const count = await caller.complete(() => reader.read(caller, bytes, 0, bytes.length))
        if (count > 0) controller.enqueue(bytes.subarray(0, count))
        else {
          reader.release()
          controller.close()
        }
      },
      cancel: () => reader.release(),
    },
    { highWaterMark: 0 },
  )
  return { end: writer, stream }
}
