/** Roots from files, through the CLI: archives in every compression, container images with layers, damaged ones. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Headers, pack } from 'tar-stream'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const USERLAND = readFileSync(join(ROOT, 'rootfs/images/userland.elf'))
const folder = mkdtempSync(join(tmpdir(), 'umwelt-root-image-'))
const cache = join(folder, 'cache')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface TarEntry {
  header: Headers
  body?: string | Uint8Array
}

async function packTar(entries: readonly TarEntry[]): Promise<Uint8Array> {
  const archive = pack()
  for (const { header, body } of entries) archive.entry(header, body === undefined ? '' : Buffer.from(body))
  archive.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Writes Latin-1 text into the header that begins at `at`, and its checksum anew. */
function patchHeader(bytes: Uint8Array, at: number, offset: number, text: string): void {
  bytes.set(Buffer.from(text, 'latin1'), at + offset)
  const header = bytes.subarray(at, at + 512)
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  bytes.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), at + 148)
}

const file = (name: string, body: string | Uint8Array, mode = 0o644): TarEntry => ({
  header: { name, type: 'file', size: Buffer.byteLength(body), mode, mtime: new Date(0), uid: 3, gid: 4 },
  body,
})
const other = (
  name: string,
  type: 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device',
  linkname?: string,
): TarEntry => ({
  header: { name, type, size: 0, mode: 0o755, mtime: new Date(0), ...(linkname && { linkname }) },
})
const SHELL = [
  other('bin/', 'directory'),
  file('bin/sh', USERLAND, 0o755),
  other('bin/cat', 'link', 'bin/sh'),
]
const applets = ['find', 'id', 'ls', 'sort'].map((name) => other(`bin/${name}`, 'symlink', 'sh'))

function put(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

function run(root: string, ...words: string[]): { out: string; err: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(ROOT, 'bin/umwelt.mjs'), 'run', '--root', root, ...words],
    { encoding: 'utf8', env: { ...process.env, XDG_CACHE_HOME: cache }, input: '' },
  )
  return { out: stdout, err: stderr, status }
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const LOWER = [
  ...SHELL,
  ...applets,
  other('etc/', 'directory'),
  file('etc/passwd', 'root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n'),
  file('gone', 'x'),
  other('dir/', 'directory'),
  file('dir/old', 'x'),
  other('emptied/', 'directory'),
  file('emptied/old', 'x'),
  other('usr/lib/', 'directory'),
  other('lib', 'symlink', 'usr/lib'),
  file('changed', 'lower'),
]
const UPPER = [
  file('.wh.gone', ''),
  file('dir/.wh.old', ''),
  // An opaque directory keeps what its own layer has, also where that came first.
  file('emptied/new', 'n'),
  file('emptied/.wh..wh..opq', ''),
  // Below a symlink of the lower layer.
  file('lib/added', 'through a link'),
  file('changed', 'upper'),
]
const CONFIG = JSON.stringify({
  architecture: 'amd64',
  os: 'linux',
  config: {
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['echo $GREETING; id -u; id -g; pwd'],
    Env: ['PATH=/bin', 'GREETING=hello'],
    User: 'web',
    WorkingDir: '/dir',
  },
})
const TREE = 'find /dir /emptied /usr /gone /lib 2>/dev/null | sort; cat /changed /lib/added'
const TREE_SHOWN = '/dir\n/emptied\n/emptied/new\n/lib\n/usr\n/usr/lib\n/usr/lib/added\nupperthrough a link'

describe('archives', () => {
  it.each([
    ['plain', (bytes: Uint8Array) => bytes],
    ['gzip', gzipSync],
    ['xz', (bytes: Uint8Array) => compress('xz', bytes)],
    ['zstd', (bytes: Uint8Array) => compress('zstd', bytes)],
  ])('%s: contents, owners, links, a change', async (name, pack) => {
    const bytes = pack(await packTar([...SHELL, ...applets, file('text', 'contents\n')]))
    if (!bytes) return
    const path = put(`${name}.tar`, bytes)
    const script = 'cat text; ls -l text; echo more >> text; cat text; : > text; cat text; ls bin'
    for (let time = 0; time < 2; time++) {
      const { out, err, status } = run(path, '--', 'sh', '-c', script)
      expect(out).toMatch(
        /^contents\n-rw-r--r-- +1 3 +4 +9 .*\ncontents\nmore\ncat\nfind\nid\nls\nsh\nsort\n$/,
      )
      expect({ err, status }).toEqual({ err: '', status: 0 })
    }
  })

  it('names that lead out stay in; links to nowhere and strange types are told of', async () => {
    const path = put(
      'escape.tar',
      await packTar([
        ...SHELL,
        ...applets,
        file('../../../etc/outside', 'in'),
        file('/absolute', 'in'),
        other('way', 'symlink', '../../../../tmp'),
        file('way/through', 'in'),
        other('nowhere', 'link', 'missing'),
        other('loop', 'symlink', 'loop'),
        file('loop/x', 'never'),
        { header: { ...other('null', 'character-device').header, devmajor: 1, devminor: 3 } },
      ]),
    )
    const { out, err, status } = run(path, '--', 'sh', '-c', 'cat etc/outside absolute /tmp/through; ls')
    expect(out).toBe('ininin' + 'absolute\nbin\ndev\netc\nloop\nnull\nproc\nsys\ntmp\nway\n')
    expect(err).toMatch(/nowhere: links to missing, which is not in the archive/)
    expect(err).toMatch(/loop\/x: a part of the name is no directory/)
    expect(status).toBe(0)
  })

  it('names are bytes, and devices have their numbers', async () => {
    const device = { ...other('some', 'character-device').header, devmajor: 7, devminor: 300 }
    const bytes = await packTar([...SHELL, ...applets, file('caf?', 'in'), { header: device }])
    const at = Buffer.from(bytes).indexOf('caf?')
    patchHeader(bytes, at, 3, '\xe9')
    const root = put('bytes.tar', bytes)
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'bin/umwelt.mjs'), 'run', '--root', root, '--', 'sh', '-c', 'echo caf*; ls -l some'],
      { encoding: 'latin1', env: { ...process.env, XDG_CACHE_HOME: cache }, input: '' },
    )
    expect(stdout).toMatch(/^caf\xe9\ncrwxr-xr-x +1 0 +0 +7, +300 .*some\n$/)
    expect(stderr).toBe('')
  })

  it('a size beyond 2^32 that is not there: one line', async () => {
    const bytes = await packTar([...SHELL, file('beyond-2^32', 'small')])
    patchHeader(bytes, Buffer.from(bytes).indexOf('beyond-2^32'), 124, '50000000000\0')
    const { err, status } = run(put('large.tar', bytes), '--', 'sh')
    expect(err).toMatch(/^umwelt: --root .* is no readable root archive: Unexpected end of data\n$/)
    expect(status).toBe(125)
  })

  it.each([
    ['cut', (bytes: Uint8Array) => bytes.slice(0, bytes.length - 3000)],
    ['cut gzip', (bytes: Uint8Array) => gzipSync(bytes).subarray(0, 5000)],
    ['noise', (bytes: Uint8Array) => bytes.map((byte, i) => (i < 600 ? byte ^ 0x55 : byte))],
    ['empty', () => new Uint8Array(0)],
    ['zeros', () => new Uint8Array(10240)],
    ['bad xz', () => Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2, 3, 4, 5, 6, 7, 8)],
    ['bad zstd', () => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8)],
  ])('%s: one line, and nothing kept', async (name, damage) => {
    const path = put(`${name}.tar`, damage(await packTar([...SHELL, file('last', 'y'.repeat(4000))])))
    const { err, status } = run(path, '--', 'sh')
    expect(err).toMatch(/^umwelt: --root .* is no readable root archive: .+\n$/)
    expect(status).toBe(125)
    const roots = join(cache, 'umwelt/roots')
    for (const kept of readdirSync(roots)) expect(kept).not.toMatch(/\./)
  })
})

describe('container images', () => {
  it('docker save: layers, whiteouts, and what it says of its program', async () => {
    const layers = await Promise.all([packTar(LOWER), packTar(UPPER)])
    const path = put(
      'docker.tar',
      await packTar([
        file('a/layer.tar', layers[0]!),
        file('b/layer.tar', layers[1]!),
        file('c.json', CONFIG),
        file('manifest.json', JSON.stringify([{ Config: 'c.json', Layers: ['a/layer.tar', 'b/layer.tar'] }])),
      ]),
    )
    expect(run(path)).toEqual({ out: 'hello\n33\n44\n/dir\n', err: '', status: 0 })
    expect(run(path, '-u', '0', '-w', '/', '--', '/bin/sh', '-c', TREE).out).toBe(TREE_SHOWN)
  })

  it('an OCI layout in a folder: the image for this machine, compressed layers', async () => {
    const blobs = new Map<string, Uint8Array>()
    const add = (bytes: Uint8Array): { digest: string; size: number } => {
      blobs.set(digest(bytes), bytes)
      return { digest: `sha256:${digest(bytes)}`, size: bytes.length }
    }
    const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
    const layers = [add(gzipSync(await packTar(LOWER))), add(await packTar(UPPER))]
    const manifest = add(text({ config: add(new TextEncoder().encode(CONFIG)), layers }))
    const foreign = { digest: `sha256:${'0'.repeat(64)}`, platform: { os: 'linux', architecture: 'arm64' } }
    const index = add(
      text({ manifests: [foreign, { ...manifest, platform: { os: 'linux', architecture: 'amd64' } }] }),
    )
    put('oci/oci-layout', '{"imageLayoutVersion":"1.0.0"}')
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    put('oci/index.json', JSON.stringify({ manifests: [{ ...index, mediaType }] }))
    for (const [name, bytes] of blobs) put(`oci/blobs/sha256/${name}`, bytes)
    const path = join(folder, 'oci')
    expect(run(path)).toEqual({ out: 'hello\n33\n44\n/dir\n', err: '', status: 0 })
    expect(run(path, '-u', '0', '--', 'sh', '-c', TREE).out).toBe(TREE_SHOWN)
  })

  it.each([
    [
      'no layer',
      { 'manifest.json': JSON.stringify([{ Config: 'c', Layers: ['x'] }]), c: '{}' },
      /layer x is missing/,
    ],
    ['no JSON', { 'manifest.json': '[' }, /manifest.json is no JSON object/],
    ['a digest that leads out', ociWith('sha256:../../etc/passwd'), /impossible digest/],
    ['a user it has not', dockerWith({ User: 'nobody-here' }), /has no user nobody-here/],
  ])('%s: one line', async (name, files, message) => {
    const path = put(
      `${name}.tar`,
      await packTar(Object.entries(files).map(([entry, body]) => file(entry, body))),
    )
    const { err, status } = run(path)
    expect(err).toMatch(message)
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(status).toBe(125)
  })
})

function ociWith(bad: string): Record<string, string> {
  return { 'oci-layout': '{}', 'index.json': JSON.stringify({ manifests: [{ digest: bad }] }) }
}

function dockerWith(config: object): Record<string, string> {
  return { 'manifest.json': JSON.stringify([{ Config: 'c', Layers: [] }]), c: JSON.stringify({ config }) }
}

/** By the machine's own program; undefined where it has none. */
function compress(program: string, bytes: Uint8Array): Uint8Array | undefined {
  const { stdout, error } = spawnSync(program, ['-c'], { input: bytes, maxBuffer: 64 << 20 })
  return error ? undefined : stdout
}
