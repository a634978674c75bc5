/** Images by range requests: what is read and no more, and what happens when a server or an index is not what it should be. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Machine, StartError, strace } from '../../src/host/node/index.ts'

const COMMAND = join(import.meta.dirname, '../../bin/umwelt.mjs')
const LARGE_SIZE = 24 << 20
const large = Uint8Array.from({ length: LARGE_SIZE }, (_, i) => (i >> 12) * 31 + i)

/**
 * A static program of one large segment, whose parts lie far from each other: it calls a function, which writes a text,
 * and ends with a number from elsewhere.
 */
const FAR_SIZE = 8 << 20
function farProgram(): Uint8Array {
  const vaddr = 0x400000
  const [start, writer, text, status] = [0x1000, 0x300000, 0x500000, 0x700000]
  const bytes = new Uint8Array(FAR_SIZE)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  for (const [at, value] of [
    [16, 2],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    view.setUint16(at, value, true)
  for (const [at, value] of [
    [20, 1],
    [64, 1],
    [68, 5],
  ] as const)
    view.setUint32(at, value, true)
  const wide = [
    [24, vaddr + start],
    [32, 64],
    [80, vaddr],
    [88, vaddr],
    [96, FAR_SIZE],
    [104, FAR_SIZE],
    [112, 4096],
  ]
  for (const [at, value] of wide as [number, number][]) view.setBigUint64(at, BigInt(value), true)
  const u32 = (value: number): number[] => [
    value & 255,
    (value >> 8) & 255,
    (value >> 16) & 255,
    value >>> 24,
  ]
  // mov $writer, %eax; call *%rax; mov status, %edi; mov $60, %eax; syscall
  const main = [
    0xb8,
    ...u32(vaddr + writer),
    0xff,
    0xd0,
    0x8b,
    0x3c,
    0x25,
    ...u32(vaddr + status),
    0xb8,
    ...u32(60),
    0x0f,
    5,
  ]
  bytes.set(main, start)
  // mov $1, %eax; mov $1, %edi; mov $text, %esi; mov $10, %edx; syscall; ret
  const write = [
    0xb8,
    ...u32(1),
    0xbf,
    ...u32(1),
    0xbe,
    ...u32(vaddr + text),
    0xba,
    ...u32(10),
    0x0f,
    5,
    0xc3,
  ]
  bytes.set(write, writer)
  bytes.set(new TextEncoder().encode('from afar\n'), text)
  bytes[status] = 42
  return bytes
}

let folder: string
let server: Server
let base: string
/** What the server does instead of answering properly. */
let trouble: ((url: string, response: ServerResponse, isRange: boolean) => boolean) | null = null
let sentBytes = 0

async function makeArchive(path: string): Promise<void> {
  const archive = pack()
  const done = (async () => {
    const pieces: Uint8Array[] = []
    for await (const piece of archive) pieces.push(piece as Uint8Array)
    writeFileSync(path, Buffer.concat(pieces))
  })()
  archive.entry({ name: 'etc/motd', mode: 0o644 }, 'welcome\n')
  archive.entry({ name: 'etc/again', type: 'link', linkname: 'etc/motd' })
  archive.entry({ name: 'etc/name with \u00fc', type: 'symlink', linkname: 'motd' })
  archive.entry({ name: 'large' }, Buffer.from(large))
  archive.entry(
    { name: 'bin/userland', mode: 0o755 },
    readFileSync(join(COMMAND, '../../rootfs/images/userland.elf')),
  )
  archive.entry({ name: 'bin/far', mode: 0o755 }, Buffer.from(farProgram()))
  archive.finalize()
  await done
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'umwelt-images-'))
  await makeArchive(join(folder, 'root.tar'))
  execFileSync(process.execPath, [COMMAND, 'index', 'root.tar'], { cwd: folder })
  server = createServer((request, response) => {
    const url = request.url!
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    if (trouble?.(url, response, range !== null)) return
    let bytes: Uint8Array
    try {
      bytes = readFileSync(join(folder, url))
    } catch {
      response.writeHead(404).end()
      return
    }
    const part = range ? bytes.subarray(Number(range[1]), Number(range[2]) + 1) : bytes
    sentBytes += part.length
    const span = range && {
      'Content-Range': `bytes ${range[1]}-${Number(range[1]) + part.length - 1}/${bytes.length}`,
    }
    response.writeHead(range ? 206 : 200, { ...span }).end(part)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

/** What a script prints in a machine that has the image at /img. */
async function sh(
  image: string | Blob,
  script: string,
  mode: 'ro' | 'cow' = 'cow',
): Promise<{ out: string; diagnostics: string[]; loadedBytes: number }> {
  await using machine = await Machine.create({ mounts: [{ at: '/img', fs: { image, mode } }] })
  const diagnostics: string[] = []
  let loadedBytes = 0
  machine.on('diagnostic', (line) => diagnostics.push(line))
  machine.on('image', (_url, loaded) => (loadedBytes = loaded))
  const program = await machine.spawn('sh', ['-c', `exec 2>&1; cd /img; ${script}`])
  return { out: await new Response(program.stdout).text(), diagnostics, loadedBytes }
}

describe('an image by range requests', () => {
  it('reads what programs ask for, and little more', async () => {
    sentBytes = 0
    const script =
      'cat etc/motd etc/again; ls etc; dd if=large bs=1 skip=12345678 count=3 2>/dev/null | hexdump -v'
    const { out, loadedBytes } = await sh(`${base}/root.tar`, script)
    const three = [...large.subarray(12345678, 12345681)].map((byte) => byte.toString(16).padStart(2, '0'))
    expect(out).toContain('welcome\nwelcome\nagain\nmotd\nname with ü\n')
    for (const byte of three) expect(out).toContain(byte)
    expect(loadedBytes).toBeGreaterThan(0)
    expect(loadedBytes).toBeLessThan(1 << 20)
    expect(sentBytes).toBeLessThan(1 << 20)
  })

  it('reads all of it when asked to, in growing steps', async () => {
    let requests = 0
    trouble = (_url, _response, isRange) => {
      if (isRange) requests++
      return false
    }
    await using machine = await Machine.create({
      mounts: [{ at: '/img', fs: { image: `${base}/root.tar` } }],
    })
    const cat = await machine.spawn('cat', ['/img/large'])
    const bytes = new Uint8Array(await new Response(cat.stdout).arrayBuffer())
    trouble = null
    expect(Buffer.compare(bytes, large)).toBe(0)
    expect(requests).toBeLessThan(60)
  })

  it('runs programs of it, and keeps changes in the machine', async () => {
    const script = 'echo new > etc/motd; rm etc/again; ln -s userland bin/cat; bin/cat etc/motd; ls etc'
    expect((await sh(`${base}/root.tar`, script)).out).toBe('new\nmotd\nname with ü\n')
    expect((await sh(`${base}/root.tar`, 'echo x > etc/motd; cat etc/motd', 'ro')).out).toMatch(
      /Read-only file system\nwelcome\n/,
    )
  })

  it('is a root whose first program is on its way', async () => {
    await using machine = await Machine.create({ root: { image: `${base}/root.tar` } })
    const cat = await machine.spawn('userland', ['/etc/motd'], { argv0: 'cat', env: { PATH: '/bin' } })
    expect(await new Response(cat.stdout).text()).toBe('welcome\n')
    expect(await cat.exited).toEqual({ code: 0, signal: null })
    await expect(machine.spawn('/bin/none')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(machine.spawn('/etc/motd')).rejects.toMatchObject({ code: 'EACCES' })
  })

  it('is disposed of while a first program is on its way', async () => {
    const machine = await Machine.create({ root: { image: `${base}/root.tar` } })
    trouble = () => true
    const starting = machine.spawn('/bin/userland', [], { argv0: 'true' })
    const refused = expect(starting).rejects.toThrow(StartError)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await machine.dispose()
    await refused
    trouble = null
    server.closeAllConnections()
  })

  for (const cpu of ['jit', 'interpreter'] as const)
    it(`loads pages of a program as it touches them, and as the kernel and engines do (${cpu})`, async () => {
      let trace = ''
      await using machine = await Machine.create({
        cpu,
        mounts: [{ at: '/img', fs: { image: `${base}/root.tar` } }],
        engines: [strace({ write: (text) => (trace += text) })],
      })
      let loadedBytes = 0
      machine.on('image', (_url, loaded) => (loadedBytes = loaded))
      const far = await machine.spawn('sh', ['-c', 'exec /img/bin/far'])
      expect(await new Response(far.stdout).text()).toBe('from afar\n')
      expect(await far.exited).toEqual({ code: 42, signal: null })
      expect(trace).toMatch(/write\(1, "from afar\\n", 10\) += 10/)
      expect(loadedBytes).toBeLessThan(FAR_SIZE / 2)
    })

  it('a page that cannot be had is SIGBUS, or EFAULT of a call', async () => {
    await using machine = await Machine.create({
      mounts: [{ at: '/img', fs: { image: `${base}/root.tar` } }],
    })
    let ranges = 0
    trouble = (_url, response, isRange) => isRange && ranges++ > 1 && response.writeHead(500).end() !== null
    const far = await machine.spawn('sh', ['-c', 'exec /img/bin/far'])
    const { signal } = await far.exited
    trouble = null
    expect(signal).toBe('SIGBUS')
    expect(ranges).toBeGreaterThan(1)
  })

  it('a Blob needs no index', async () => {
    const blob = new Blob([readFileSync(join(folder, 'root.tar'))])
    expect((await sh(blob, 'cat etc/motd; wc -c < large')).out).toBe(`welcome\n${LARGE_SIZE}\n`)
  })

  it('a network that is lost is EIO, and said', async () => {
    await using machine = await Machine.create({
      mounts: [{ at: '/img', fs: { image: `${base}/root.tar` } }],
    })
    const diagnostics: string[] = []
    machine.on('diagnostic', (line) => diagnostics.push(line))
    trouble = (_url, response) => response.destroy() !== undefined
    const reader = await machine.spawn('sh', ['-c', 'cat /img/etc/motd || echo failed'])
    const other = await machine.spawn('echo', ['another program'])
    expect(await new Response(other.stdout).text()).toBe('another program\n')
    expect(await new Response(reader.stdout).text()).toBe('failed\n')
    expect(await new Response(reader.stderr).text()).toMatch(/Input\/output error|I\/O error/)
    trouble = null
    expect(diagnostics.join()).toMatch(/image .*root\.tar: .*; what was read of it fails \(EIO\)/)
    const again = await machine.spawn('cat', ['/img/etc/motd'])
    expect(await new Response(again.stdout).text()).toBe('welcome\n')
  })

  it('a request that fails once is made again', async () => {
    let failures = 0
    trouble = (_url, response, isRange) => isRange && failures++ < 1 && response.destroy() !== undefined
    expect((await sh(`${base}/root.tar`, 'cat etc/motd')).out).toBe('welcome\n')
    trouble = null
    expect(failures).toBeGreaterThan(1)
  })

  it('a server without ranges is told of', async () => {
    trouble = (url, response, isRange) =>
      isRange && response.writeHead(200).end(readFileSync(join(folder, url))) !== null
    const { diagnostics } = await sh(`${base}/root.tar`, 'cat etc/motd')
    trouble = null
    expect(diagnostics.join()).toContain('its server does not answer range requests')
  })
})

describe('an image that cannot be', () => {
  const index = (change: (index: { sizeBytes: number; members: unknown[][] }) => void): Buffer => {
    const text = JSON.stringify({ format: 'umwelt tar index 1', sizeBytes: 1024, members: [] })
    const made = JSON.parse(text)
    change(made)
    return gzipSync(JSON.stringify(made))
  }
  const member = (rest: Record<number, unknown>): unknown[] =>
    Object.assign(['a', '', '0', 0o644, 0, 0, 5, 0, 0, 0, 512], rest)
  const CASES: [string, Uint8Array | null, RegExp][] = [
    ['no index', null, /index .*missing\.tar\.index cannot be had \(HTTP 404\); umwelt index makes one/],
    ['no JSON', gzipSync('nonsense'), /its index is no JSON/],
    ['another format', index((it) => Object.assign(it, { format: 'x' })), /of another format/],
    ['no members', index((it) => Object.assign(it, { members: 7 })), /damaged/],
    ['a member behind the end', index((it) => it.members.push(member({ 10: 1020 }))), /damaged at a/],
    ['a negative size', index((it) => it.members.push(member({ 6: -1 }))), /damaged at a/],
    ['a name that is none', index((it) => it.members.push(member({ 0: 5 }))), /damaged at 5/],
    ['a member that is no row', index((it) => it.members.push({} as never)), /damaged/],
    ['cut off', gzipSync('{}'.repeat(1000)).subarray(0, 20), /image .*missing\.tar/],
  ]
  for (const [what, bytes, message] of CASES)
    it(what, async () => {
      trouble = (url, response) =>
        bytes !== null && url.endsWith('.index') && response.writeHead(200).end(bytes) !== null
      const creating = Machine.create({ root: { image: `${base}/missing.tar` } })
      await expect(creating).rejects.toThrow(StartError)
      await expect(creating).rejects.toThrow(message)
      trouble = null
    })

  it('no archive', async () => {
    await expect(Machine.create({ root: { image: new Blob(['x'.repeat(2000)]) } })).rejects.toThrow(
      /no tar archive/,
    )
  })

  it('another archive than the index is of', async () => {
    trouble = (_url, response, isRange) =>
      isRange && response.writeHead(206, { 'Content-Range': 'bytes 0-1/999' }).end('xx') !== null
    const { diagnostics } = await sh(`${base}/root.tar`, 'cat etc/motd')
    trouble = null
    expect(diagnostics.join()).toContain('it has 999 bytes, and its index is of one with')
  })
})
