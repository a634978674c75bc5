/** What the public API's cases are made with: a kind of machine, and what is often asked of one. */

import { afterEach } from 'vitest'
import type { GuestProcess, Machine, MachineOptions } from '../../../src/api.ts'

/** One of the implementations of the public API. */
export interface MachineMaker {
  create(options?: MachineOptions): Promise<Machine>
}

export interface Machines {
  readonly Machine: MachineMaker
  /** One that is disposed of when the case is over. */
  machine(options?: MachineOptions): Promise<Machine>
}

export function machinesOf(Machine: MachineMaker): Machines {
  const made: Machine[] = []
  afterEach(async () => {
    for (const one of made.splice(0)) await one.dispose()
  })
  return {
    Machine,
    async machine(options) {
      const one = await Machine.create(options)
      made.push(one)
      return one
    },
  }
}

export const text = (stream: ReadableStream<Uint8Array> | null): Promise<string> =>
  new Response(stream).text()

export const sh = (on: Machine, script: string): Promise<GuestProcess> => on.spawn('sh', ['-c', script])

/** What a script prints. */
export const said = async (on: Machine, script: string): Promise<string> =>
  text((await sh(on, script)).stdout)

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await condition()) return
    await pause(10)
  }
  throw new Error('it never came')
}

/** /proc/PID/stat's letter. */
export const stateOf = async (on: Machine, pid: number): Promise<string> =>
  (await on.fs.readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '')[0]!
