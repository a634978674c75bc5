/** Engines from wherever the machine's user is: by name, plain, in a module; and what cannot go where the machine is. */

import { describe, expect, it } from 'vitest'
import type { PlainEngine, PlainEvent } from '../../../src/index.ts'
import { type Machines, pause, said, sh, text } from './machines.ts'

const SKIPCALL = 2
/** A module as a URL, so that every kind of machine can load it. */
const moduleUrl = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`)
const REFUSING = `export default (options) => ({
  name: 'refusing',
  wants: { calls: ['sethostname'] },
  syscallEntry(call) { call.result = Number(options.last('result') ?? -1); return ${SKIPCALL} },
})`

/** Refuses other names for the machine, and keeps what it was told. */
const refusing = (told: PlainEvent[] = []): PlainEngine => ({
  name: 'refusing',
  wants: {
    calls: ['sethostname'],
    reads: { sethostname: [{ arg: 0, size: { arg: 1 }, at: 'entry' }] },
    events: ['exec'],
  },
  on(event) {
    told.push(event)
    return event.type === 'syscallEntry' ? { verdict: SKIPCALL, result: -13 } : undefined
  },
})

export function engineCases({ Machine, machine }: Machines): void {
  describe('engines', () => {
    it('by name, at the start and while programs run', async () => {
      const on = await machine({ engines: ['name,nodename=venus'] })
      expect(await said(on, 'hostname')).toBe('venus\n')
      const pushed = await on.use('name,nodename=mars')
      expect(pushed.name).toBe('name')
      expect(await on.view.list()).toEqual(['name,nodename=venus', 'name,nodename=mars'])
      expect(await said(on, 'hostname')).toBe('mars\n')
      await on.view.remove(pushed)
      expect(await said(on, 'hostname')).toBe('venus\n')
      await on.view.remove('name')
      await expect(on.view.remove(pushed)).rejects.toMatchObject({ name: 'StartError', code: 'ENOENT' })
      await expect(on.use('name,nodname=x')).rejects.toMatchObject({ name: 'StartError', code: 'EINVAL' })
    })

    it('on one program alone, and on it while it runs', async () => {
      const on = await machine()
      const one = await on.spawn('sh', ['-c', 'hostname; read x; hostname'], {
        engines: ['name,nodename=mars'],
      })
      const reader = one.stdout!.getReader()
      const line = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value)
      expect(await line()).toBe('mars\n')
      await one.view.push('name,nodename=pluto')
      await one.stdin!.getWriter().write(new TextEncoder().encode('\n'))
      expect(await line()).toBe('pluto\n')
      expect(await on.view.list()).toEqual([])
    })

    it('that are plain answer from where they were made', async () => {
      const told: PlainEvent[] = []
      const engine = refusing(told)
      const on = await machine({ hostname: 'home' })
      expect(await on.use(engine)).toBe(engine)
      expect(await said(on, 'hostname pluto 2>&1; hostname')).toMatch(/Permission denied\nhome\n/)
      const [call] = told.filter((event) => event.type === 'syscallEntry')
      expect(new TextDecoder().decode(call!.call.memory[0]!)).toBe('pluto')
      expect(told.some((event) => event.type === 'exec' && event.path === '/bin/hostname')).toBe(true)
      await on.view.remove(engine)
      expect(await said(on, 'hostname pluto 2>&1; hostname')).toBe('pluto\n')
      await on.use(engine)
      expect(await on.view.list()).toEqual(['refusing'])
      expect(await said(on, 'hostname mars 2>&1; hostname')).toMatch(/Permission denied\npluto\n/)
    })

    it('that are plain may take their time, while others run', async () => {
      let answer: (reply: { verdict: number; result: number }) => void = () => {}
      const slow: PlainEngine = {
        name: 'slow',
        wants: { calls: ['sethostname'] },
        on: (event) =>
          event.type === 'syscallEntry' ? new Promise((resolve) => (answer = resolve)) : undefined,
      }
      const on = await machine()
      const waiting = await on.spawn('hostname', ['x'], { engines: [slow] })
      await pause(30)
      expect(await said(on, 'echo meanwhile')).toBe('meanwhile\n')
      answer({ verdict: SKIPCALL, result: 0 })
      expect(await waiting.exited).toEqual({ code: 0, signal: null })
    })

    it('that fail, fail that call alone', async () => {
      const failing: PlainEngine = {
        name: 'failing',
        wants: { calls: ['sethostname'] },
        on: () => Promise.reject(new Error('no answer today')),
      }
      const on = await machine({ engines: [failing] })
      const lines: string[] = []
      on.on('diagnostic', (line) => lines.push(line))
      expect(await said(on, 'hostname x 2>&1; echo $?; echo on')).toMatch(
        /(I\/O|Input\/output) error\n1\non\n/,
      )
      expect(lines.join()).toMatch(/failing.*no answer today/)
    })

    it('in modules are loaded where the machine is', async () => {
      const on = await machine({ hostname: 'home' })
      const url = moduleUrl(REFUSING)
      expect(await on.use(url)).toBe(url)
      expect(await said(on, 'hostname pluto 2>&1; hostname')).toMatch(/Operation not permitted\nhome\n/)
      await on.view.remove(url)
      const choice = { module: url.href, options: { result: '-13' } }
      const one = await on.spawn('hostname', ['pluto'], { engines: [choice] })
      expect(await text(one.stderr)).toMatch(/Permission denied/)
      expect(await on.view.list()).toEqual([])
    })

    it('in modules that are none are refused', async () => {
      const on = await machine()
      const refused = (source: string, message: RegExp) =>
        expect(on.use(moduleUrl(source))).rejects.toThrow(message)
      await refused('export const x = 1', /no function as its default export/)
      await refused('export default () => { throw new Error("no such moon") }', /no such moon/)
      await refused('export default () => 7', /no engine/)
      await expect(on.use({ module: 'http://[nowhere' })).rejects.toMatchObject({
        name: 'StartError',
        code: 'EINVAL',
      })
    })

    it('fail a machine that cannot have them', async () => {
      await expect(Machine.create({ engines: ['nope'] })).rejects.toMatchObject({ code: 'ENODEV' })
      const on = await machine()
      await expect(on.spawn('true', [], { engines: ['nope'] })).rejects.toMatchObject({ code: 'ENODEV' })
      expect(await (await sh(on, 'exit 4')).exited).toEqual({ code: 4, signal: null })
    })
  })
}
