/** The engines of docs/own-engines are type-checked and do what they say. */

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { answeringPath } from '../../docs/own-engines/answering-path.ts'
import { askAPerson } from '../../docs/own-engines/ask-a-person.ts'
import { creatIsOpen } from '../../docs/own-engines/creat-is-open.ts'
import { Machine, servePlainEngine, socketChannel } from '../../src/host/node/index.ts'
import { strace } from '../../syscalls/engines/strace/strace.ts'
import { exit, scripted } from '../unit/syscalls/scripted.ts'

const PACKAGE = join(import.meta.dirname, '../..')
const text = (stream: ReadableStream | null): Promise<string> => new Response(stream).text()

it('they are type-checked', () => {
  execFileSync(
    process.execPath,
    [join(PACKAGE, 'node_modules/typescript/bin/tsc'), '-p', 'docs/own-engines'],
    {
      cwd: PACKAGE,
    },
  )
})

it('creat is open', async () => {
  let trace = ''
  const s = scripted(
    { main: [(at) => ['creat', at.text('/tmp/x'), 0o600], exit(0)] },
    { engines: [strace({ write: (piece) => (trace += piece) }), creatIsOpen] },
  )
  await s.run('main')
  expect(trace).toContain('open("/tmp/x", O_WRONLY|O_CREAT|O_TRUNC, 0600)')
  expect(trace).not.toContain('creat')
  expect((await s.machine.fs.stat('/tmp/x')).mode & 0o777).toBe(0o600)
})

it('a path answers from a function', async () => {
  await using machine = await Machine.create({ engines: [answeringPath], seed: 1 })
  const asked = await machine.spawn('sh', ['-c', 'cat /etc/motd; echo Welcome > /etc/motd; cat /etc/motd'])
  expect(await text(asked.stdout)).toMatch(
    /^Hello, process \d+ of user 0\.\nWelcome, process \d+ of user 0\.\n$/,
  )
})

it('a verdict waits for a click, and others run on', async () => {
  const questions: string[] = []
  const clicks: ((yes: boolean) => void)[] = []
  const engine = askAPerson((question) => {
    questions.push(question)
    return new Promise((resolve) => clicks.push(resolve))
  })
  await using machine = await Machine.create({ engines: [engine] })
  await machine.fs.writeFile('/tmp/a', '')
  await machine.fs.writeFile('/tmp/b', '')
  const removing = await Promise.all(['a', 'b'].map((file) => machine.spawn('rm', [`/tmp/${file}`])))
  expect((await machine.run('echo', ['meanwhile'], { stdio: 'ignore' })).code).toBe(0)
  while (clicks.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(questions.sort()).toEqual(['May rm remove /tmp/a?', 'May rm remove /tmp/b?'])
  const yes = questions.indexOf('May rm remove /tmp/a?')
  clicks[yes]!(true)
  clicks[1 - yes]!(false)
  const codes = await Promise.all(removing.map(({ exited }) => exited))
  expect(codes.map(({ code }) => code).sort()).toEqual([0, 1])
  expect((await machine.fs.readdir('/tmp')).length).toBe(1)
})

const umwelt = async (...words: string[]): Promise<string> => {
  const command = join(PACKAGE, 'bin/umwelt.mjs')
  return (await promisify(execFile)(process.execPath, [command, ...words], { cwd: PACKAGE })).stdout
}

it('a module is loaded beside the kernel', async () => {
  const somebody = './docs/own-engines/somebody.mjs'
  expect(await umwelt('run', '--engine', `${somebody},uid=77`, 'id', '-u')).toBe('77\n')
  expect(await umwelt('run', '--engine', somebody, 'id', '-u')).toBe('1000\n')
})

it('an engine in another program answers through a Unix socket, which the guest cannot name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'umwelt-remote-'))
  const path = join(folder, 'engine')
  const heard: number[] = []
  const server = createServer((socket) => {
    const engine = {
      name: 'far',
      wants: { calls: ['getuid', 'geteuid'] },
      on(event: { type: string; pid: number }) {
        heard.push(event.pid)
        return event.type === 'syscallExit' ? { result: 77 } : undefined
      },
    }
    void servePlainEngine(engine, socketChannel(socket))
  }).listen(path)
  try {
    const script = 'id -u; um ls; um add remote,socket=/engine 2>&1 | cut -d, -f1'
    const said = await umwelt('run', '--engine', `remote,socket=${path}`, 'sh', '-c', script)
    expect(said).toMatch(/^77\nfar\n.*there is no engine remote; there are .*\n$/)
    expect(heard.length).toBeGreaterThan(0)
  } finally {
    server.close()
    rmSync(folder, { recursive: true })
  }
})
