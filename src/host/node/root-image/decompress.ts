/**
 * A file, or a part of one, as a stream of its uncompressed bytes: gzip, xz, zstd, or as it is.
 * Path: unpack.ts reads archives and layers through it.
 */

import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import * as xzModule from 'xz-decompress'

// A CommonJS package, whose types do not say so.
const { XzReadableStream } = (xzModule as unknown as { default: typeof xzModule }).default

/** A part of a host file. */
export interface FilePart {
  path: string
  start: number
  sizeBytes: number
}

type Bytes = ReadableStream<Uint8Array>

const MAGIC: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
]

function compressionOf({ path, start }: FilePart): string {
  const head = new Uint8Array(6)
  const fd = openSync(path, 'r')
  try {
    readSync(fd, head, 0, head.length, start)
  } finally {
    closeSync(fd)
  }
  return MAGIC.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0] ?? 'none'
}

/** `progress` is told how many bytes of the part were read so far. */
export function uncompressed(part: FilePart, progress: (doneBytes: number) => void): Bytes {
  if (part.sizeBytes === 0) return new Blob([]).stream() as Bytes
  const file = createReadStream(part.path, {
    start: part.start,
    end: part.start + part.sizeBytes - 1,
    highWaterMark: 1 << 20,
  })
  let done = 0
  file.on('data', (chunk) => {
    done += chunk.length
    progress(done)
  })
  const kind = compressionOf(part)
  // Node's own gunzip: a DecompressionStream refuses archives of several members.
  if (kind === 'gzip') return Readable.toWeb(file.pipe(forwardErrors(file, createGunzip()))) as Bytes
  const raw = Readable.toWeb(file) as Bytes
  if (kind === 'xz') return new XzReadableStream(raw)
  return kind === 'zstd' ? raw.pipeThrough(zstd()) : raw
}

function forwardErrors<T extends Readable>(from: Readable, to: T): T {
  from.on('error', (error) => to.destroy(error))
  return to
}

function zstd(): TransformStream<Uint8Array, Uint8Array> {
  let decoder: Decompress
  return new TransformStream({
    start(controller) {
      decoder = new Decompress((chunk) => controller.enqueue(chunk))
    },
    transform: (chunk) => void decoder.push(chunk),
    flush: () => void decoder.push(new Uint8Array(0), true),
  })
}
