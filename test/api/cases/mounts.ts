/** What `/` and other places can be: lists of files, archives, volumes of the machine's user, the kernel's own types. */

import memfs from 'memfs'
import { describe, expect, it } from 'vitest'
import type { FileSystemChoice } from '../../../src/index.ts'
import { type Machines, said } from './machines.ts'

/** One member of a ustar archive. */
function member(name: string, type: string, contents = '', link = ''): Uint8Array {
  const data = new TextEncoder().encode(contents)
  const block = new Uint8Array(512 + Math.ceil(data.length / 512) * 512)
  const put = (text: string, at: number): void => block.set(new TextEncoder().encode(text), at)
  put(name, 0)
  put('0000644\0', 100)
  put(`${data.length.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put(`        ${type}${link}`, 148)
  put('ustar\x0000', 257)
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  block.set(data, 512)
  return block
}

export const ARCHIVE = new Blob([
  member('docs/', '5'),
  member('docs/one', '0', 'from the archive\n'),
  member('docs/two', '2', '', 'one'),
  member('docs/three', '1', '', 'docs/one'),
  new Uint8Array(1024),
] as BlobPart[])

export function mountCases({ Machine, machine }: Machines): void {
  const at = (fs: FileSystemChoice) => machine({ mounts: [{ at: '/v', fs }] })

  describe('mounts', () => {
    it('of the kernel’s own types', async () => {
      const on = await at({ type: 'tmpfs', options: { size: '64k' } })
      expect(await said(on, 'grep " /v " /proc/mounts | cut -d" " -f3')).toBe('tmpfs\n')
    })

    it('of a list of files', async () => {
      const on = await at({
        entries: [
          { name: '/a/b', data: 'text\n' },
          { name: '/run', mode: 0o755, data: new TextEncoder().encode('#!/bin/sh\necho ran\n') },
          { name: '/link', type: 'symlink', target: 'a/b' },
        ],
      })
      expect(await said(on, 'cat /v/link; /v/run; echo more >> /v/a/b; cat /v/a/b')).toBe(
        'text\nran\ntext\nmore\n',
      )
    })

    it('of an archive, gzipped or not', async () => {
      const zipped = new Response(ARCHIVE.stream().pipeThrough(new CompressionStream('gzip')))
      const archives = [ARCHIVE, new Uint8Array(await ARCHIVE.arrayBuffer()), await zipped.blob()]
      for (const image of archives) {
        const on = await at({ image })
        const script = 'cat /v/docs/two; echo x >> /v/docs/one; cat /v/docs/three; ls /v/docs'
        expect(await said(on, script)).toBe('from the archive\nfrom the archive\nx\none\nthree\ntwo\n')
      }
      const broken = { at: '/v', fs: { image: new TextEncoder().encode('no archive at all'.repeat(99)) } }
      await expect(Machine.create({ mounts: [broken] })).rejects.toThrow(/no tar archive/)
    })

    it('of an archive whose bytes are asked for where it is', async () => {
      const asked: number[] = []
      const source = {
        sizeBytes: ARCHIVE.size,
        async read(position: number, count: number) {
          asked.push(position)
          return new Uint8Array(await ARCHIVE.slice(position, position + count).arrayBuffer())
        },
      }
      const on = await at({ image: source, mode: 'ro' })
      expect(await said(on, 'cat /v/docs/two; echo x 2>/dev/null > /v/docs/one || echo refused')).toBe(
        'from the archive\nrefused\n',
      )
      expect(asked).not.toEqual([])
      const lost = { ...source, read: () => Promise.reject(new Error('it is in the cellar')) }
      await expect(at({ image: lost })).rejects.toThrow(/archive: it is in the cellar/)
    })

    it('of an object shaped as node:fs, with promises beside it or not', async () => {
      const volume = memfs.Volume.fromJSON({ '/hello': 'from memfs\n' })
      const synchronous = new Proxy(memfs.Volume.fromJSON({ '/hello': 'from memfs\n' }), {
        get(target, key) {
          const value = key === 'promises' ? undefined : Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      const script =
        'cd /v; cat hello; echo back > answer; mkdir d; mv answer d/; ln -s d/answer l; cat l; rm hello; chmod 600 l; ls'
      for (const files of [volume, synchronous]) {
        const on = await at({ files: files as never })
        expect(await said(on, script)).toBe('from memfs\nback\nd\nl\n')
        expect(files.readFileSync('/d/answer', 'utf8')).toBe('back\n')
        expect(files.statSync('/d/answer').mode & 0o777).toBe(0o600)
        expect(
          await said(on, 'echo more >> /v/l; : > /v/d/answer; ls -l /v/d | cut -c1-10; rm -r /v/d'),
        ).toMatch(/^(total 0\n)?-rw-------\n$/)
        expect(files.readdirSync('/')).toEqual(['l'])
      }
    })

    it('of one with promises, changed, unchanged, and with changes kept in the machine', async () => {
      const volume = memfs.Volume.fromJSON({ '/dir/hello': 'from memfs\n' })
      const promises = volume.promises as never
      const script = 'cat /v/hello; echo new > /v/hello 2>/dev/null || echo refused; cat /v/hello'
      const run = async (mode: 'ro' | 'rw' | 'cow') =>
        said(await at({ promises, directory: '/dir', mode }), script)
      expect(await run('ro')).toBe('from memfs\nrefused\nfrom memfs\n')
      expect(await run('cow')).toBe('from memfs\nnew\n')
      expect(volume.readFileSync('/dir/hello', 'utf8')).toBe('from memfs\n')
      expect(await run('rw')).toBe('from memfs\nnew\n')
      expect(volume.readFileSync('/dir/hello', 'utf8')).toBe('new\n')
    })

    it('of the root', async () => {
      const sh = new Uint8Array(await (await machine()).fs.readFile('/bin/userland'))
      const on = await machine({ root: { entries: [{ name: '/bin/sh', mode: 0o755, data: sh }] } })
      expect(await said(on, 'echo /*')).toBe('/bin /dev /proc /sys /tmp\n')
    })
  })
}
