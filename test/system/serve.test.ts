/** `umwelt serve`: the built site on localhost, with ranges, a policy, and nothing from elsewhere. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const PACKAGE = join(import.meta.dirname, '../..')
const SITE = join(PACKAGE, 'dist/browser')
let server: ChildProcess
let url: string

beforeAll(async () => {
  server = spawn(process.execPath, [join(PACKAGE, 'bin/umwelt.mjs'), 'serve', '--port', '0'])
  let said = ''
  while (!said.includes('\n'))
    said += String(await new Promise((resolve) => server.stdout!.once('data', resolve)))
  url = /http:\/\/localhost:\d+\//.exec(said)![0].replace('localhost', '127.0.0.1')
})
afterAll(() => void server.kill())

it('has the pages, the library and its Worker', async () => {
  for (const name of [
    '',
    'terminal.html',
    'umwelt.js',
    'umwelt-worker.js',
    'umwelt-terminal.js',
    'userland.elf',
  ]) {
    const response = await fetch(url + name)
    expect([name, response.status]).toEqual([name, 200])
    expect(response.headers.get('content-security-policy')).toContain("'wasm-unsafe-eval'")
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(50)
  }
  expect((await fetch(`${url}umwelt.js`)).headers.get('content-type')).toMatch(/javascript/)
})

it('answers range requests, and nothing that is not there', async () => {
  const response = await fetch(`${url}userland.elf`, { headers: { Range: 'bytes=1-3' } })
  expect([response.status, await response.text()]).toEqual([206, 'ELF'])
  for (const name of ['nothing', '..%2f..%2fpackage.json', '%2e%2e/%2e%2e/package.json'])
    expect((await fetch(url + name)).status).toBe(404)
})

it('a port that is taken is one line', async () => {
  const { port } = new URL(url)
  const second = spawn(process.execPath, [join(PACKAGE, 'bin/umwelt.mjs'), 'serve', '--port', port])
  let said = ''
  second.stderr.on('data', (text) => (said += text))
  expect(await new Promise((resolve) => second.on('close', resolve))).toBe(125)
  expect(said).toBe(`umwelt: port ${port} cannot be used: EADDRINUSE\n`)
})

it('names nobody else: no script, style or font comes from another host', () => {
  for (const name of readdirSync(SITE))
    if (/\.(html|css)$/.test(name))
      expect(readFileSync(join(SITE, name), 'utf8')).not.toMatch(/(https?:)?\/\/[a-z]/i)
})
