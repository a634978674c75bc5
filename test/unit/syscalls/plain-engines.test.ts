/**
 * Plain engines, one list of cases in every form: here, and over a MessagePort, a WebSocket and a Unix socket.
 * engines/remote.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { messagePortChannel, webSocketChannel } from '../../../src/channels.ts'
import { socketChannel } from '../../../src/host/node/socket-channel.ts'
import { EIO } from '../../../syscalls/abi/errno.ts'
import { type Engine, RUN, SIGNAL_IGN, SKIPCALL, SKIPEXIT } from '../../../syscalls/engines/engine.ts'
import {
  type Channel,
  ProtocolError,
  remoteEngine,
  servePlainEngine,
} from '../../../syscalls/engines/remote/link.ts'
import { type PlainEngine, type PlainEvent, plainEngine } from '../../../syscalls/engines/remote/plain.ts'
import { type At, exit, type Step, scripted } from './scripted.ts'

/** What must be undone behind a test. */
const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

/** Two ends of a channel: the engine's and the kernel's. */
type Pair = () => Promise<readonly [engine: Channel, kernel: Channel]>

const messagePorts: Pair = async () => {
  const { port1, port2 } = new MessageChannel()
  undo.push(() => port1.close())
  return [messagePortChannel(port1), messagePortChannel(port2)]
}

const unixSockets: Pair = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'umwelt-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'engine')
  let server!: Server
  const accepted = new Promise<Socket>((resolve) => {
    server = createServer(resolve)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const mine = createConnection(path)
  const theirs = await accepted
  undo.push(
    () => void server.close(),
    () => void mine.destroy(),
    () => void theirs.destroy(),
  )
  return [socketChannel(mine), socketChannel(theirs)]
}

const webSockets: Pair = async () => {
  const http = createHttpServer()
  const server = new WebSocketServer({ server: http })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<WebSocket>((resolve) => server.on('connection', resolve))
  const mine = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  const end = webSocketChannel(mine)
  const theirs = await accepted
  undo.push(
    () => void http.close(),
    () => server.close(),
    () => mine.terminate(),
    () => theirs.terminate(),
  )
  return [end, webSocketChannel(theirs)]
}

const remotely =
  (pair: Pair) =>
  async (plain: PlainEngine): Promise<Engine> => {
    const [mine, theirs] = await pair()
    void servePlainEngine(plain, mine)
    return remoteEngine(theirs)
  }

const FORMS: Readonly<Record<string, (plain: PlainEngine) => Promise<Engine>>> = {
  local: async (plain) => plainEngine(plain),
  'over a MessagePort': remotely(messagePorts),
  'over a Unix socket': remotely(unixSockets),
  'over a WebSocket': remotely(webSockets),
}

const text = (bytes: Uint8Array | null | undefined): string => new TextDecoder().decode(bytes ?? undefined)
const bytes = (word: string): Uint8Array => new TextEncoder().encode(word)
const O_CREAT_WRONLY_TRUNC = 0o1101

for (const [form, makeEngine] of Object.entries(FORMS))
  describe(`a plain engine ${form}`, () => {
    /** The program's results, one for each step, and what was noted. */
    async function run(plain: PlainEngine, steps: Step[], below: Engine[] = []) {
      const results: number[] = []
      const look: Step = (at) => void results.push(at.result)
      const s = scripted(
        { main: [...steps.flatMap((step) => [step, look]), exit(0)] },
        { engines: [...below, await makeEngine(plain)] },
      )
      const status = await s.run('main')
      return { results, status, lines: s.host.lines, machine: s.machine }
    }

    it('answers a call, lets one through, and one without its exit', async () => {
      const log: string[] = []
      const { results } = await run(
        {
          name: 'p',
          wants: { calls: ['getpid', 'getppid', 'getuid'] },
          on(event) {
            if (event.type !== 'syscallEntry' && event.type !== 'syscallExit') return undefined
            const { name, result } = event.call
            log.push(
              `${event.type} ${name}${event.type === 'syscallExit' ? ` ${result}` : ''} of ${event.pid}`,
            )
            if (event.type === 'syscallExit') return { result: result + 100 }
            if (name === 'getpid') return { verdict: SKIPCALL, result: 4711 }
            return { verdict: name === 'getuid' ? SKIPEXIT : RUN }
          },
        },
        [() => ['getpid'], () => ['getppid'], () => ['getuid'], () => ['getgid']],
      )
      expect(results).toEqual([4711, 101, 0, 0])
      expect(log).toEqual([
        'syscallEntry getpid of 2',
        'syscallEntry getppid of 2',
        'syscallExit getppid 1 of 2',
        'syscallEntry getuid of 2',
      ])
    })

    it('makes creat an open, which older engines see', async () => {
      const log: string[] = []
      const { results, machine } = await run(
        {
          name: 'p',
          wants: { calls: ['creat'] },
          on: (event) =>
            event.type === 'syscallEntry'
              ? {
                  verdict: SKIPEXIT,
                  name: 'open',
                  args: [event.call.args[0]!, O_CREAT_WRONLY_TRUNC, event.call.args[1]!],
                }
              : undefined,
        },
        [(at) => ['creat', at.text('/tmp/made'), 0o600]],
        [
          {
            name: 'below',
            wants: { calls: ['open', 'creat'] },
            syscallEntry(call) {
              log.push(`${call.name} ${call.readString(call.args[0]!)}`)
              return RUN
            },
          },
        ],
      )
      expect(results).toEqual([3])
      expect(log).toEqual(['open /tmp/made'])
      expect((await machine.fs.stat('/tmp/made')).mode & 0o777).toBe(0o600)
    })

    it('gets the memory it declared with the event, and writes with its reply', async () => {
      const log: string[] = []
      const { results } = await run(
        {
          name: 'p',
          wants: {
            calls: ['readlink', 'write'],
            where: [{ arg: 0, startsWith: '/virtual' }],
            reads: {
              readlink: [
                { arg: 0, size: 'string' },
                { arg: 1, size: { arg: 2 }, at: 'entry' },
                { arg: 3, size: 4 },
              ],
            },
          },
          on(event) {
            if (event.type !== 'syscallEntry') return undefined
            const [path, room, fault] = event.call.memory
            log.push(`${text(path)} ${room?.length} ${fault}`)
            return { verdict: SKIPCALL, result: 5, writes: [[event.call.args[1]!, bytes('there')]] }
          },
        },
        [
          (at) => ['readlink', at.text('/virtual/link'), at.room(16), 16, 0],
          (at) => {
            log.push(at.string(0x480010, 5))
            return ['readlink', at.text('/other'), at.room(16), 16, 0]
          },
        ],
      )
      expect(results).toEqual([5, -2])
      expect(log).toEqual(['/virtual/link 16 null', 'there'])
    })

    it('sets the program counter', async () => {
      const log: string[] = []
      let target = 0
      const plain: PlainEngine = {
        name: 'p',
        wants: { calls: ['getpid'] },
        on: (event) => (event.type === 'syscallEntry' ? { verdict: SKIPEXIT, pc: target } : undefined),
      }
      const s = scripted(
        {
          main: [(at: At) => void (target = at.label('elsewhere')), () => ['getpid'], exit(1)],
          elsewhere: [() => void log.push('elsewhere'), exit(2)],
        },
        { engines: [await makeEngine(plain)] },
      )
      expect(await s.run('main')).toEqual({ code: 2, signal: null })
      expect(log).toEqual(['elsewhere'])
    })

    it('decides on signals, and is told what the kernel does', async () => {
      const log: PlainEvent['type'][] = []
      const plain: PlainEngine = {
        name: 'p',
        wants: { calls: [], events: ['signal', 'clone', 'exec', 'exit', 'death', 'reap'] },
        on(event) {
          log.push(event.type)
          if (event.type === 'signal' && event.info.signo === 15) return { verdict: SIGNAL_IGN }
          if (event.type === 'exit' && event.pid === 3) return { status: 9 << 8 }
          return undefined
        },
      }
      let status = 0
      const s = scripted(
        {
          main: [
            () => ['fork'],
            (at) => {
              if (at.result === 0) at.jump('child')
            },
            (at) => ['wait4', -1, at.room(4), 0, 0],
            (at) => void (status = at.u32(0x480000)),
            exit(0),
          ],
          child: [() => ['kill', 3, 15], exit(1)],
        },
        { engines: [await makeEngine(plain)] },
      )
      expect(await s.run('main')).toEqual({ code: 0, signal: null })
      expect(status).toBe(9 << 8)
      // What nobody waits for may come over the channel behind the rest.
      const times = (wanted: string): number => log.filter((type) => type === wanted).length
      while (times('reap') < 2) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(['exec', 'clone', 'signal', 'exit', 'death', 'reap'].map(times)).toEqual([1, 1, 2, 2, 2, 2])
      expect(log.slice(0, 5)).toEqual(['exec', 'clone', 'signal', 'exit', 'death'])
    })

    const FAILURES: readonly (readonly [string, PlainEngine['on'], RegExp])[] = [
      [
        'throws',
        () => {
          throw new Error('oops')
        },
        /engine bad failed at getpid: oops/,
      ],
      ['rejects', () => Promise.reject(new Error('late oops')), /engine bad failed at getpid: late oops/],
      ['answers nonsense', () => 17 as never, /engine bad failed at getpid: its reply was 17/],
      [
        'has a verdict of its own',
        () => ({ verdict: 99 }),
        /engine bad failed at getpid: its verdict was 99/,
      ],
      [
        'names no call',
        () => ({ name: 'nope' }),
        /engine bad failed at getpid: no system call is named nope/,
      ],
      [
        'writes where it faults',
        () => ({ writes: [[8, bytes('x')]] }),
        /it wrote to address 0x8, which faults/,
      ],
      ['never answers', () => new Promise(() => {}), /engine bad failed at getpid: no answer within 0.2 s/],
    ]
    for (const [what, on, says] of FAILURES)
      it(`that ${what} ends that call alone`, async () => {
        const plain: PlainEngine = { name: 'bad', wants: { calls: ['getpid'] }, answersWithinNs: 2e8, on }
        const { results, status, lines } = await run(plain, [() => ['getpid'], () => ['getppid']])
        expect(results).toEqual([-EIO, 1])
        expect(status).toEqual({ code: 0, signal: null })
        expect(lines).toHaveLength(1)
        expect(lines[0]).toMatch(says)
      })
  })

describe('a lost channel', () => {
  for (const [form, pair] of Object.entries({ messagePorts, unixSockets, webSockets }))
    it(`fails what waits and whatever comes later: ${form}`, async () => {
      const [mine, theirs] = await pair()
      const plain: PlainEngine = {
        name: 'gone',
        wants: { calls: ['getpid'] },
        on() {
          mine.close()
          return new Promise(() => {})
        },
      }
      const served = servePlainEngine(plain, mine)
      const results: number[] = []
      const look: Step = (at) => void results.push(at.result)
      const s = scripted(
        { main: [() => ['getpid'], look, () => ['getpid'], look, () => ['getppid'], look, exit(0)] },
        { engines: [await remoteEngine(theirs)] },
      )
      await s.run('main')
      expect(results).toEqual([-EIO, -EIO, 1])
      expect(s.host.lines).toEqual(['engine gone failed at getpid: its connection is lost'])
      await served
    })

  it('what is no engine is refused', async () => {
    for (const said of [
      { type: 'engine', version: 99 },
      { type: 'engine', version: 1, name: 'x' },
      { type: 'engine', version: 1, name: 'x', wants: { calls: [1] } },
    ]) {
      const [mine, theirs] = await messagePorts()
      mine.listen(
        () => {},
        () => {},
      )
      mine.send(said)
      await expect(remoteEngine(theirs)).rejects.toThrow(ProtocolError)
    }
    const [mine, theirs] = await unixSockets()
    const engine = remoteEngine(theirs)
    mine.close()
    await expect(engine).rejects.toThrow(ProtocolError)
  })
})
