/** The proc engine: who exists for whom, with numbers of the machine or of the view's own; and what is a view's in /proc. */

import { describe, expect, it } from 'vitest'
import { ENOENT, ESRCH } from '../../../syscalls/abi/errno.ts'
import { PR_UMWELT } from '../../../syscalls/abi/process.ts'
import { proc } from '../../../syscalls/engines/proc/proc.ts'
import { type At, exit, type Scripted, type Step, scripted } from './scripted.ts'

const machine = {
  mounts: [
    { at: '/dev', fs: { type: 'devtmpfs' as const } },
    { at: '/proc', fs: { type: 'proc' as const } },
  ],
}
const SIGKILL = 9
const SIGCHLD = 17

const command =
  (text: string): Step =>
  (at: At) => ['prctl', PR_UMWELT, at.text(text), text.length, at.room(256), 256]

/** A call whose result is noted. */
const noted = (s: () => Scripted, step: Step): Step[] => [step, (at) => void s().log.push(String(at.result))]

/** Names in /proc that are numbers. */
const listed = (s: () => Scripted): Step[] => {
  let buffer = 0
  return [
    (at) => ['open', at.text('/proc'), 0],
    (at) => ['getdents64', at.result, (buffer = at.room(8192)), 8192],
    (at) => {
      const names: string[] = []
      for (let i = buffer; i < buffer + at.result; i += at.space.view.getUint16(i + 16, true)) {
        const name = at.string(i + 19, 32).replace(/\0.*/s, '')
        if (/^\d+$/.test(name)) names.push(name)
      }
      s().log.push(names.join(' '))
    },
  ]
}

describe('proc', () => {
  it('leaves out who is in no view below it', async () => {
    let child = 0
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
            else child = at.result
          },
          command('fork'),
          command('add proc'),
          ...noted(
            () => s,
            () => ['kill', child, 0],
          ),
          ...noted(
            () => s,
            () => ['pidfd_open', child, 0],
          ),
          ...noted(
            () => s,
            () => ['getpgid', child],
          ),
          ...noted(
            () => s,
            () => ['kill', -1, 0],
          ),
          ...noted(
            () => s,
            (at) => ['access', at.text(`/proc/${child}`), 0],
          ),
          ...listed(() => s),
          // A parent may wait all the same.
          ...noted(
            () => s,
            () => ['wait4', child, 0, 1, 0],
          ),
          command('rm proc'),
          ...noted(
            () => s,
            () => ['kill', child, SIGKILL],
          ),
          exit(0),
        ],
        child: [() => ['pause']],
      },
      { machine },
    )
    await s.run('main')
    expect(s.log).toEqual([...new Array(4).fill(`-${ESRCH}`), `-${ENOENT}`, '1 2', '0', '0'])
  })

  it('reaches views nested in it, also older ones, and not the other way round', async () => {
    let child = 0
    const s: Scripted = scripted(
      {
        main: [
          command('fork'),
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
            else child = at.result
          },
          () => ['sched_yield'],
          command('add proc'),
          ...noted(
            () => s,
            () => ['kill', child, 0],
          ),
          ...listed(() => s),
          () => ['wait4', child, 0, 0, 0],
          exit(0),
        ],
        child: [
          command('fork'),
          () => ['sched_yield'],
          command('add proc'),
          ...noted(
            () => s,
            () => ['kill', 2, 0],
          ),
          ...listed(() => s),
          ...noted(
            () => s,
            () => ['getppid'],
          ),
          exit(0),
        ],
      },
      { machine },
    )
    await s.run('main')
    expect(s.log.sort()).toEqual([`-${ESRCH}`, '0', '0', '1 2 3', '1 3'].sort())
  })

  it('gives what is started in the view numbers of its own', async () => {
    const s: Scripted = scripted(
      {
        main: [
          ...noted(
            () => s,
            () => ['getpid'],
          ),
          ...noted(
            () => s,
            () => ['getppid'],
          ),
          ...noted(
            () => s,
            () => ['kill', 1, SIGKILL],
          ),
          () => ['clone', SIGCHLD, 0, 0, 0, 0],
          (at) => {
            if (at.result === 0) at.jump('child')
            else s.log.push(String(at.result))
          },
          () => ['wait4', -1, 0, 0, 0],
          exit(0),
        ],
        child: [
          ...noted(
            () => s,
            () => ['getpid'],
          ),
          ...noted(
            () => s,
            () => ['getppid'],
          ),
          exit(0),
        ],
      },
      { engines: [proc({ pids: 'own' })] },
    )
    const machinePids: number[] = []
    s.machine.on('fork', (pid: number) => machinePids.push(pid))
    await s.run('main')
    expect(s.log.sort()).toEqual(['1', '0', '0', '2', '2', '1'].sort())
    expect(machinePids).toEqual([3])
  })

  it('nests, and process 1 of the outer view ends those of the inner', async () => {
    const s: Scripted = scripted(
      {
        main: [
          command('fork'),
          command('add proc,pids=own'),
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
            else s.log.push(String(at.result))
          },
          () => ['sched_yield'],
          exit(3),
        ],
        child: [
          ...noted(
            () => s,
            () => ['getpid'],
          ),
          () => ['pause'],
        ],
      },
      { engines: [proc({ pids: 'own' })] },
    )
    expect(await s.run('main')).toEqual({ code: 3, signal: null })
    expect(s.log.sort()).toEqual(['1', '2'])
    expect(s.machine.kernel.tasks.size).toBe(0)
    expect(s.machine.kernel.nestedPids.size).toBe(0)
  })

  it('refuses what is no option', () => {
    expect(() => proc({ pids: 'mine' })).toThrow('proc: pids=mine is neither view nor own')
    expect(() => proc({ pid: 'own' })).toThrow('proc: there is no option pid; there are pids')
  })
})
