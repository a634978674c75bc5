/** The page of the browser tests: the public API's list of cases, cases of its own, and programs that run.mjs asks for. */

import { Machine, type StartError } from 'umwelt'
import { describe, expect, it } from 'vitest'
import { allCases } from '../api/cases/index.ts'
import { pause, said, sh, text } from '../api/cases/machines.ts'
import { cases } from './vitest.ts'

allCases(Machine)

/** The library from a folder of the server where something is wrong. */
const libraryIn = async (folder: string): Promise<{ Machine: typeof Machine }> =>
  import(new URL(`/${folder}/umwelt.js`, location.href).href)

const refusal = (creating: Promise<unknown>): Promise<StartError> =>
  creating.then(
    () => Promise.reject(new Error('it was made')),
    (error: StartError) => error,
  )

/** What machines are asked when the page is no longer seen. */
function askedWhenHidden(): unknown[] {
  const asked: unknown[] = []
  const { postMessage } = Worker.prototype
  Worker.prototype.postMessage = function (this: Worker, message: { method?: unknown }, ...rest: never[]) {
    asked.push(message.method)
    postMessage.call(this, message, ...rest)
  } as Worker['postMessage']
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
  Reflect.deleteProperty(document, 'visibilityState')
  Worker.prototype.postMessage = postMessage
  return asked
}

describe('a page', () => {
  it('has no SharedArrayBuffer, and needs none', async () => {
    expect(typeof SharedArrayBuffer).toBe('undefined')
    expect(crossOriginIsolated).toBe(false)
  })

  it('goes on while a program spins, and ends it at once', async () => {
    const on = await Machine.create()
    const spinning = await Promise.all([1, 2, 3].map(() => sh(on, 'while :; do :; done')))
    let turns = 0
    const turning = setInterval(() => turns++, 5)
    await pause(500)
    clearInterval(turning)
    expect(turns).toBeGreaterThan(20)
    const from = performance.now()
    await on.dispose()
    expect(performance.now() - from).toBeLessThan(1500)
    for (const one of spinning) expect((await one.exited).signal).toBe('SIGKILL')
  })

  it('loads engines of its own beside the kernel', async () => {
    await using on = await Machine.create()
    await on.use({ module: './engine.mjs', options: { nodename: 'a-page' } })
    expect(await said(on, 'hostname')).toBe('a-page\n')
    await expect(on.use({ module: './nothing.mjs' })).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keeps what a machine changed under its name', async () => {
    const kept = { persist: { name: 'cases', fresh: true } }
    const first = await Machine.create(kept)
    const script = 'seq 100000 > /numbers; echo x > /etc/hostname; rm /etc/profile; echo done'
    expect(await said(first, script)).toBe('done\n')
    const told: string[] = []
    first.on('storage', (...state) => told.push(state.join(' ')))
    await first.save()
    expect(told.at(-1)).toBe('saved ')
    expect(askedWhenHidden()).toEqual(['save'])
    const other = await Machine.create({ persist: 'cases' })
    await expect(other.save()).rejects.toThrow(/another tab/)
    await other.dispose()
    await first.dispose()
    const second = await Machine.create({ persist: 'cases' })
    expect(await said(second, 'tail -n 1 /numbers; cat /etc/hostname; ls /etc/profile 2>&1 | wc -l')).toBe(
      '100000\nx\n1\n',
    )
    await second.forget()
    expect(await said(second, 'wc -l < /numbers')).toBe('100000\n')
    await second.dispose()
    expect(askedWhenHidden()).toEqual([])
    await using third = await Machine.create({ persist: 'cases' })
    expect(await said(third, 'ls /numbers 2>/dev/null; cat /etc/profile | wc -l')).not.toMatch(/numbers/)
  })

  it('is told what is wrong with its Worker', async () => {
    const { Machine: lost } = await libraryIn('lost')
    const error = await refusal(lost.create())
    expect([error.name, error.code]).toEqual(['StartError', 'EIO'])
    expect(error.message).toMatch(/Worker cannot be loaded/)
  })

  it('is told when the userland is missing', async () => {
    const { Machine: bare } = await libraryIn('bare')
    expect((await refusal(bare.create())).message).toMatch(/userland\.\w+ cannot be loaded: status 404/)
    await using on = await bare.create({ root: { type: 'tmpfs' } })
    expect(await on.fs.readdir('/tmp')).toEqual([])
  })

  it('interprets where a policy forbids WebAssembly, and says so to who wants more', async () => {
    const { Machine: strict } = await libraryIn('strict')
    const error = await refusal(strict.create({ cpu: 'jit' }))
    expect([error.code, error.message]).toEqual(['ENOSYS', expect.stringMatching(/wasm-unsafe-eval/)])
    await using on = await strict.create()
    expect(await said(on, 'echo $((6*7))')).toBe('42\n')
  })
})

/** Runs a program of a root with nothing but busybox in it. */
async function busybox(args: string[], stdin: string, cpu: 'jit' | 'interpreter' | undefined) {
  const data = new Uint8Array(await (await fetch('/busybox')).arrayBuffer())
  await using on = await Machine.create({
    root: { entries: [{ name: '/bin/busybox', mode: 0o755, data }] },
    ...(cpu && { cpu }),
  })
  const program = await on.spawn('/bin/busybox', args, { env: { PATH: '/bin' } })
  const writer = program.stdin!.getWriter()
  // A program need not read what it is given.
  writer.write(new TextEncoder().encode(stdin)).then(
    () => writer.close(),
    () => {},
  )
  const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr)])
  return { stdout, stderr, ...(await program.exited) }
}

async function run(name: string, timeoutMs: number): Promise<string | null> {
  const tooLong = pause(timeoutMs).then(() => Promise.reject(new Error('it takes too long')))
  try {
    await Promise.race([cases.find((one) => one.name === name)!.run(), tooLong])
    return null
  } catch (error) {
    const { stack = '', message } = error as Error
    return stack.includes(message) ? stack : `${message}\n${stack}`
  }
}

Object.assign(globalThis, { busybox, runCase: run, caseNames: cases.map(({ name }) => name) })
