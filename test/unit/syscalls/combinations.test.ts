/**
 * The eight START/CALL/EXIT combinations, each that is of use shown by an engine, with what the engine and the kernel
 * see of one call. viewos.md section 1.
 */

import { describe, expect, it } from 'vitest'
import { COMBINATIONS, interestIn } from '../../../syscalls/engines/combinations.ts'
import { type Engine, RUN, type Verdict } from '../../../syscalls/engines/engine.ts'
import { exit, scripted } from './scripted.ts'

/** What an engine is told of one sethostname('venus'), what the kernel makes of it, and the program's result. */
async function observed(wanted: { start: boolean; call: boolean; exit: boolean }, verdict: Verdict) {
  const seen = { start: false, call: false, exit: false }
  const engine: Engine = {
    name: 'observer',
    wants: interestIn(['sethostname'], wanted),
    syscallEntry(call) {
      seen.start = true
      call.result = 77
      return verdict
    },
    syscallExit(call) {
      seen.exit = true
      if (!wanted.call) call.result = 78
    },
  }
  let result = NaN
  const s = scripted(
    {
      main: [
        (at) => ['sethostname', at.text('venus'), 5],
        (at) => {
          result = at.result
        },
        exit(0),
      ],
    },
    { engines: [engine] },
  )
  await s.run('main')
  seen.call = s.machine.kernel.world.uts.nodename === 'venus'
  return { seen, result }
}

describe('the eight combinations', () => {
  it('are numbered by what is skipped', () => {
    expect(COMBINATIONS.map(({ start, call, exit }) => [start, call, exit].map(Number).join(''))).toEqual([
      '111',
      '110',
      '101',
      '100',
      '011',
      '010',
      '001',
      '000',
    ])
  })

  for (const [number, combination] of COMBINATIONS.entries()) {
    const { start, call, exit, refused, verdict = RUN } = combination
    const text = [start, call, exit].map((phase) => (phase ? 'do' : 'skip')).join('/')
    if (refused !== undefined)
      it(`${number} ${text} is refused: ${refused}`, () => {
        expect(() => interestIn('all', combination)).toThrow(refused)
      })
    else
      it(`${number} ${text}`, async () => {
        const { seen, result } = await observed(combination, verdict)
        expect(seen).toEqual({ start, call, exit })
        expect(result).toBe(call ? 0 : start ? 77 : 78)
      })
  }

  it('a call that the mask leaves out has no chain', () => {
    const s = scripted({ main: [exit(0)] })
    s.machine.use({ name: 'nobody', wants: interestIn('all', { start: false, call: true, exit: false }) })
    expect(s.machine.kernel.view.chain(39)).toBe(null)
  })
})
