/**
 * Views from inside the guest: um(1), with real programs of the embedded userland, and from TypeScript.
 */

import { describe, expect, it } from 'vitest'
import { createCpu } from '../../emu/run/index.ts'
import type { SpawnOptions } from '../../src/api.ts'
import { Machine } from '../../src/host/node/index.ts'
import { calls, type Engine, RUN, SKIPCALL } from '../../syscalls/engines/engine.ts'

interface Said {
  out: string
  err: string
  code: number | null
}

/** What a script of the embedded userland's shell prints. */
async function sh(machine: Machine, script: string, options: SpawnOptions = {}): Promise<Said> {
  const process = await machine.spawn('sh', ['-c', script], options)
  const [out, err] = await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Response(stream).text()),
  )
  return { out: out!, err: err!, code: (await process.exited).code }
}

async function inMachine<T>(use: (machine: Machine) => Promise<T>, options = {}): Promise<T> {
  await using machine = await Machine.create({ cpu: createCpu('interpreter'), ...options })
  return await use(machine)
}

const lines = (...text: string[]): string => text.map((line) => `${line}\n`).join('')

describe('um', () => {
  it('adds, lists and removes engines while programs run', async () => {
    const script = `
      um add name,nodename=mars; um add name,nodename=venus; um ls; hostname
      um rm name; hostname; um rm name; hostname; um ls; um rm name`
    const said = await inMachine((machine) => sh(machine, script))
    expect(said.out).toBe(lines('name,nodename=mars', 'name,nodename=venus', 'venus', 'mars', 'umwelt'))
    expect(said.err).toBe('um: this view has no engine name\n')
    expect(said.code).toBe(1)
  })

  it('runs a program in a nested view, and that another one; nothing of it shows outside', async () => {
    const script = `
      um run name,nodename=one deny,mkdir=EROFS -- sh -c '
        um run name,nodename=two -- sh -c "hostname; hostname three; hostname; mkdir /x; um ls"
        hostname; um ls'
      hostname; um ls; mkdir /x && echo made`
    const said = await inMachine((machine) => sh(machine, script))
    expect(said.out).toBe(
      lines(
        'two',
        'three',
        'name,nodename=one',
        'deny,mkdir=EROFS',
        'name,nodename=two',
        'one',
        'name,nodename=one',
        'deny,mkdir=EROFS',
        'umwelt',
        'made',
      ),
    )
    expect(said.err).toBe('mkdir: /x: Read-only file system\n')
  })

  it('attaches an engine to a running process, and to no other', async () => {
    const script = `
      sh -c 'sleep 1; hostname' & pid=$!
      um attach $pid name,nodename=attached; wait $pid; hostname; um ls`
    const said = await inMachine((machine) => sh(machine, script), { seed: 3 })
    expect(said).toEqual({ out: lines('attached', 'umwelt'), err: '', code: 0 })
  })

  it('says what is wrong', async () => {
    const script = `
      um add nope; um add name,color=red; um add deny,mkdri=EPERM; um add deny,mkdir=EFOO
      um attach 999 name; um rm strace; um run nope -- true; um; um run name -- /no/such; echo $?`
    const said = await inMachine((machine) => sh(machine, script))
    expect(said.err.split('\n').filter((line) => !line.startsWith('usage'))).toEqual([
      expect.stringMatching(/^um: there is no engine nope; there are .*name/),
      expect.stringMatching(/^um: name: there is no option color; there are .*nodename/),
      expect.stringMatching(/^um: engine deny waits for mkdri: no system call is named so/),
      expect.stringMatching(/^um: deny: EFOO is no error name/),
      'um: there is no process 999',
      'um: this view has no engine strace',
      expect.stringMatching(/^um: there is no engine nope/),
      'um: /no/such: No such file or directory',
      '',
    ])
    expect(said.out).toBe('127\n')
  })

  it('who is not privileged may not change the common view, but has one of his own, without set-user-ID programs', async () => {
    const script = `
      um add name,nodename=mine || echo refused
      um run name,nodename=mine -- sh -c 'hostname; um add deny,chdir=EPERM; cd / || echo denied; grep NoNewPrivs /proc/self/status'
      um attach 2 name; hostname`
    const said = await inMachine((machine) => sh(machine, script), { uid: 1000, gid: 1000 })
    expect(said.out).toBe(lines('refused', 'mine', 'denied', 'NoNewPrivs:\t1', 'umwelt'))
  })
})

describe('from TypeScript', () => {
  it('engines come and go under a running program', async () => {
    const log: string[] = []
    await inMachine(async (machine) => {
      const process = await machine.spawn('sh', ['-c', 'while read -r line; do hostname; done'])
      const writer = process.stdin!.getWriter()
      const reader = process.stdout!.pipeThrough(new TextDecoderStream()).getReader()
      const ask = async (): Promise<void> => {
        await writer.write(new TextEncoder().encode('x\n'))
        log.push(`${(await reader.read()).value}`.trim())
      }
      await ask()
      await process.view.push('name,nodename=mars')
      await ask()
      const liar: Engine = {
        name: 'liar',
        wants: calls('uname'),
        syscallEntry: () => RUN,
        syscallExit: (call) => void call.write(call.args[0]! + 65, new TextEncoder().encode('liar\0')),
      }
      await process.view.push(liar)
      await ask()
      log.push(...(await process.view.list()))
      await process.view.remove('name')
      await process.view.remove(liar)
      await ask()
      await expect(process.view.remove(liar)).rejects.toThrow(/no engine liar/)
      await expect(process.view.push('nope')).rejects.toThrow(/there is no engine nope/)
      await writer.close()
      await process.exited
    })
    expect(log).toEqual(['umwelt', 'mars', 'liar', 'name,nodename=mars', 'liar', 'umwelt'])
  })

  it('two programs side by side see two worlds', async () => {
    await inMachine(async (machine) => {
      const said = await Promise.all(
        ['mars', 'venus'].map((nodename) =>
          sh(machine, 'hostname; sleep 0.01; hostname', { engines: [`name,nodename=${nodename}`] }),
        ),
      )
      expect(said.map(({ out }) => out)).toEqual(['mars\nmars\n', 'venus\nvenus\n'])
      expect((await sh(machine, 'hostname')).out).toBe('umwelt\n')
    })
  })

  it('machine.use reaches running programs, but not those in nested views', async () => {
    await inMachine(async (machine) => {
      const nested = await machine.spawn('sh', ['-c', 'read x; mkdir /a && echo made'], { engines: [] })
      const shared = await machine.spawn('sh', ['-c', 'read x; mkdir /b && echo made'])
      await machine.use({
        name: 'no',
        wants: calls('mkdir', 'mkdirat'),
        syscallEntry(call) {
          call.result = -30
          return SKIPCALL
        },
      })
      const said = await Promise.all(
        [nested, shared].map(async (process) => {
          await process.stdin!.close()
          return new Response(process.stdout).text()
        }),
      )
      expect(said).toEqual(['made\n', ''])
    })
  })
})
