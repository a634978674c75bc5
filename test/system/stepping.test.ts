/** Single and block steps of a real program, beside what PTRACE_SINGLESTEP recorded of it. stepping/record.mjs records. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Machine, noCalls, step, stop } from '../../src/host/node/index.ts'
import { type Engine, NoSuchTaskError, type StepUnit } from '../../src/index.ts'
import type { Task } from '../../syscalls/kernel/task.ts'

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'stepping/recorded.json'), 'utf8')) as {
  program: string
  step: number[]
}

/** Where program.S has them. */
const BRANCHES_AND_CALLS = [7, 9, 16, 22, 52, 59, 73, 80, 91, 97, 101, 107]
const HANDLER = 98

/** Where the program stands after each step, relative to its entry, and how it ends. */
async function stepThrough(cpu: 'jit' | 'interpreter', unit: StepUnit): Promise<number[]> {
  await using machine = await Machine.create({ cpu, seed: 1 })
  await machine.fs.writeFile('/program', new Uint8Array(Buffer.from(recorded.program, 'base64')), {
    mode: 0o755,
  })
  const pcs: number[] = []
  let stepping: Promise<void> | null = null
  const pc = (task: Task): number => task.mm.arch.pc(task.mm.state)
  const engine: Engine = {
    name: 'stepper',
    wants: noCalls,
    exec(task, path) {
      if (path === '/program') stepping = stepAll(task)
    },
  }
  const stepAll = async (task: Task): Promise<void> => {
    await stop(task, engine)
    const entry = pc(task)
    try {
      for (;;) {
        await step(task, engine, unit)
        pcs.push(pc(task) - entry)
      }
    } catch (error) {
      expect(error).toBeInstanceOf(NoSuchTaskError)
    }
  }
  await machine.use(engine)
  const program = await machine.spawn('/program')
  expect(await program.exited).toEqual({ code: 0, signal: null })
  await stepping
  return pcs
}

for (const cpu of ['jit', 'interpreter'] as const)
  describe(cpu, () => {
    it('single steps are the processor’s', async () => {
      expect(recorded.step.length).toBeGreaterThan(40)
      expect(await stepThrough(cpu, 'instruction')).toEqual(recorded.step)
    })

    it('block steps end behind each branch and call, and in a handler', async () => {
      const ends = recorded.step.filter(
        (pc, i) => pc === HANDLER || BRANCHES_AND_CALLS.includes(recorded.step[i - 1] ?? 0),
      )
      expect(await stepThrough(cpu, 'block')).toEqual(ends)
    })
  })
