/** tarfs: archives made by another program (tar-stream), damaged ones, and one whose source lies on another one. */

import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { Machine } from '../../src/host/node/index.ts'

interface Entry {
  name: string
  type?: 'file' | 'link' | 'symlink' | 'directory' | 'fifo' | 'character-device'
  linkname?: string
  mode?: number
  uid?: number
  body?: string
  devmajor?: number
  devminor?: number
}

async function archive(entries: readonly Entry[]): Promise<Uint8Array> {
  const packed = pack()
  for (const { body = '', ...header } of entries)
    packed.entry({ mtime: new Date(1e12), ...header } as never, body)
  packed.finalize()
  const pieces: Uint8Array[] = []
  for await (const piece of packed) pieces.push(piece)
  return Buffer.concat(pieces)
}

const LONG = `${'deep/'.repeat(30)}${'n'.repeat(120)}`
const ENTRIES: Entry[] = [
  { name: 'd', type: 'directory', mode: 0o750, uid: 1000 },
  { name: 'd/file', body: 'hello\n', mode: 0o640 },
  { name: 'd/again', type: 'link', linkname: 'd/file' },
  { name: 'd/sym', type: 'symlink', linkname: 'file' },
  { name: 'implied/dir/file', body: 'x\n' },
  { name: LONG, body: 'long\n' },
  { name: 'd/null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
  { name: '../escape', body: 'no\n' },
  { name: '/abs', body: 'abs\n' },
  { name: 'd/file', body: 'replaced\n', mode: 0o600 },
]

async function sh(files: Record<string, Uint8Array>, script: string): Promise<string[]> {
  await using machine = await Machine.create({ seed: 1 })
  await machine.fs.mkdir('/m')
  for (const [path, bytes] of Object.entries(files)) await machine.fs.writeFile(path, bytes)
  const process = await machine.spawn('sh', ['-c', script])
  const [out, err] = await Promise.all([process.stdout, process.stderr].map((s) => new Response(s).text()))
  return (out! + err!).split('\n').slice(0, -1)
}

describe('mount -t tar', () => {
  it('shows names, modes, owners, links, devices and contents, read-only', async () => {
    const script = `mount -t tar /a.tar /m; cd /m; ls
      cat d/file d/again d/sym implied/dir/file ${LONG} abs; ls -l d | sed 's/  */ /g'; echo x > d/null && echo null
      echo x > new; rm abs; umount /m; cd /; umount /m; ls /m`
    expect(await sh({ '/a.tar': await archive(ENTRIES) }, script)).toEqual([
      'abs',
      'd',
      'deep',
      'implied',
      'replaced',
      'hello',
      'replaced',
      'x',
      'long',
      'abs',
      'total 1',
      '-rw-r----- 2 root root 6 Sep 9 2001 again',
      '-rw------- 1 root root 9 Sep 9 2001 file',
      'crw-rw-rw- 1 root root 1, 3 Sep 9 2001 null',
      'lrwxrwxrwx 1 root root 4 Sep 9 2001 sym -> file',
      'null',
      'sh: 3: cannot create new: Read-only file system',
      'rm: abs: Read-only file system',
      'umount: /m: Resource busy',
    ])
  })

  it('an archive in an archive in an archive', async () => {
    const inner = await archive([{ name: 'f', body: 'innermost\n' }])
    const wrap = async (bytes: Uint8Array): Promise<Uint8Array> => {
      const packed = pack()
      packed.entry({ name: 'in.tar' }, Buffer.from(bytes))
      packed.finalize()
      const pieces: Uint8Array[] = []
      for await (const piece of packed) pieces.push(piece)
      return Buffer.concat(pieces)
    }
    const script = `mkdir /m2 /m3; mount -t tar /a.tar /m; mount -t tar /m/in.tar /m2; mount -t tar /m2/in.tar /m3
      cat /m3/f; um run name -- sh -c 'umount /m3; ls /m3'; cat /m3/f`
    expect(await sh({ '/a.tar': await wrap(await wrap(inner)) }, script)).toEqual(['innermost', 'innermost'])
  })

  it('what is no archive, or a damaged one, is EINVAL; other options too', async () => {
    const whole = await archive(ENTRIES)
    const damaged = new Uint8Array(whole)
    damaged[600] = 7
    damaged[148] = 0x39
    const huge = new Uint8Array(whole)
    huge.set(new TextEncoder().encode('77777777777'), 124)
    const files = {
      '/text': new TextEncoder().encode('x'.repeat(2000)),
      '/d.tar': damaged,
      '/h.tar': huge,
      '/e': new Uint8Array(),
    }
    const script = `for f in /text /d.tar /h.tar /e /m /none; do mount -t tar $f /m; done; mount -t tar -o foo /d.tar /m; ls /m`
    expect(await sh(files, script)).toEqual([
      ...Array(5).fill('mount: /m: Invalid argument'),
      'mount: /m: No such file or directory',
      'mount: /m: Invalid argument',
    ])
  })

  it('one that is cut off reads short', async () => {
    const whole = await archive([{ name: 'f', body: 'x'.repeat(3000) }])
    expect(await sh({ '/c.tar': whole.subarray(0, 1500) }, 'mount -t tar /c.tar /m; wc -c < /m/f')).toEqual([
      '988',
    ])
  })
})
