/** A machine at the other end of a channel: the same list of cases, and what the channel itself must do. */

import { describe, expect, it } from 'vitest'
import type { MachineOptions } from '../../src/api.ts'
import { Machine as LocalMachine, messagePortChannel } from '../../src/host/node/index.ts'
import { serveMachine } from '../../src/remote/machine-server.ts'
import { RemoteMachine } from '../../src/remote/remote-machine.ts'
import { allCases } from './cases/index.ts'
import { pause, sh, text } from './cases/machines.ts'

const Machine = {
  create(options?: MachineOptions) {
    const { port1, port2 } = new MessageChannel()
    serveMachine(messagePortChannel(port2), (received) => LocalMachine.create(received))
    return RemoteMachine.connect(messagePortChannel(port1), options)
  },
}

allCases(Machine)

describe('a machine at the other end of a channel', () => {
  it('refuses what cannot be sent', async () => {
    await using on = await Machine.create()
    const calling = { name: 'mine', wants: { calls: [] }, syscallEntry: () => 0 as const }
    const EINVAL = { name: 'StartError', code: 'EINVAL' }
    await expect(on.use(calling)).rejects.toMatchObject(EINVAL)
    await expect(on.use(calling)).rejects.toThrow(/mine calls into the kernel/)
    await expect(on.spawn('true', [], { engines: [calling] })).rejects.toMatchObject(EINVAL)
    await expect(Machine.create({ root: () => null as never })).rejects.toMatchObject(EINVAL)
    await expect(Machine.create({ cpu: {} as never })).rejects.toMatchObject(EINVAL)
    await expect(Machine.create({ host: {} as never })).rejects.toMatchObject(EINVAL)
  })

  it('answers nothing but what it can be asked', async () => {
    const { port1, port2 } = new MessageChannel()
    serveMachine(messagePortChannel(port2), (received) => LocalMachine.create(received))
    const answers: { error?: { message: string } }[] = []
    port1.on('message', (message) => answers.push(message))
    for (const method of ['constructor', 'machine', 'make', '__proto__', 'list'])
      port1.postMessage({ type: 'ask', id: 1, method, args: [0] })
    for (const message of [null, 7, 'text', { type: 'ask', id: 2, method: 'create' }])
      port1.postMessage(message)
    await pause(50)
    expect(answers.map(({ error }) => error?.message)).toEqual([
      'a machine has no constructor',
      'a machine has no machine',
      'a machine has no make',
      'a machine has no __proto__',
      'there is no machine yet',
      'a machine has no create',
    ])
    port1.close()
  })

  it('ends its programs for the page when the channel is lost', async () => {
    const { port1, port2 } = new MessageChannel()
    serveMachine(messagePortChannel(port2), (received) => LocalMachine.create(received))
    const on = await RemoteMachine.connect(messagePortChannel(port1))
    const cat = await on.spawn('cat')
    const reading = text(cat.stdout)
    port2.close()
    await expect(cat.exited).rejects.toThrow(/connection to the machine is lost/)
    await expect(reading).rejects.toThrow(/connection to the machine is lost/)
    await expect(on.fs.readdir('/')).rejects.toThrow(/connection to the machine is lost/)
    await on.dispose()
  })

  it('is ended even when it does not answer', async () => {
    const { port1, port2 } = new MessageChannel()
    port2.on('message', ({ id, method }) => {
      if (method === 'create') port2.postMessage({ type: 'answer', id })
      if (method === 'spawn')
        port2.postMessage({
          type: 'answer',
          id,
          value: { process: 1, pid: 2, stdin: 0, stdout: 3, stderr: 0 },
        })
    })
    const on = await RemoteMachine.connect(messagePortChannel(port1))
    const deaf = await on.spawn('deaf')
    const reading = text(deaf.stdout)
    await on.dispose()
    expect(await deaf.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await reading).toBe('')
    await expect(sh(on, 'true')).rejects.toThrow(/disposed/)
  })
})
