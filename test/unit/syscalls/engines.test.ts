/**
 * The engine stack's promises, with a scripted CPU: order, skipping, changing, promises pending across vfork, exec,
 * exit_group, SIGKILL and SIGSTOP, one entry and one exit for a blocked call, restarts. viewos.md sections 1-3.
 */

import { describe, expect, it } from 'vitest'
import { R12, R13 } from '../../../emu/guest/x86/state.ts'
import { EINTR, ENOENT, ERESTARTSYS } from '../../../syscalls/abi/errno.ts'
import { O_CREAT, O_TRUNC, O_WRONLY } from '../../../syscalls/abi/fcntl.ts'
import {
  allCalls,
  calls,
  type Engine,
  RUN,
  SIGNAL_IGN,
  SKIPCALL,
  SKIPEXIT,
  type Verdict,
} from '../../../syscalls/engines/engine.ts'
import { type At, deferred, exit, type Step, scripted, settle } from './scripted.ts'

/** Notes entries and exits of some calls. */
function noting(name: string, log: string[], ...names: string[]): Engine {
  return {
    name,
    wants: calls(...names),
    syscallEntry(call) {
      log.push(`${name}>${call.name}`)
      return RUN
    },
    syscallExit(call) {
      log.push(`${name}<${call.name}=${call.result}`)
    },
  }
}

const SA_RESTORER = 0x04000000
const SA_RESTART = 0x10000000

/** rt_sigaction with a label as the handler. */
const onSignal =
  (signo: number, label: string, flags = 0): Step =>
  (at: At) => {
    const action = at.room(32)
    at.put64(action, at.label(label))
    at.put64(action + 8, flags | SA_RESTORER)
    at.put64(action + 16, at.label('restorer'))
    at.put64(action + 24, 0)
    return ['rt_sigaction', signo, action, 0, 8]
  }

const restorer: Step[] = [() => ['rt_sigreturn']]

describe('order and verdicts', () => {
  it('asks the newest engine first and tells the exit oldest first', async () => {
    const log: string[] = []
    const s = scripted(
      { main: [() => ['getpid'], exit(0)] },
      { engines: ['old', 'mid', 'new'].map((n) => noting(n, log, 'getpid')) },
    )
    await s.run('main')
    expect(log).toEqual([
      'new>getpid',
      'mid>getpid',
      'old>getpid',
      'old<getpid=2',
      'mid<getpid=2',
      'new<getpid=2',
    ])
  })

  it('SKIPCALL answers for the kernel; older engines are not asked, newer ones get the exit', async () => {
    const log: string[] = []
    const answering: Engine = {
      name: 'answer',
      wants: calls('getpid'),
      syscallEntry(call) {
        call.result = 4711
        return SKIPCALL
      },
      syscallExit: () => void log.push('answer must not get an exit'),
    }
    let seen = 0
    const s = scripted(
      { main: [() => ['getpid'], (at) => void (seen = at.result), exit(0)] },
      { engines: [noting('old', log, 'getpid'), answering, noting('new', log, 'getpid')] },
    )
    await s.run('main')
    expect(seen).toBe(4711)
    expect(log).toEqual(['new>getpid', 'new<getpid=4711'])
  })

  it('SKIPEXIT makes the call without a notice; a result may be changed at the exit', async () => {
    const log: string[] = []
    const quiet: Engine = { ...noting('quiet', log, 'getpid'), syscallEntry: () => SKIPEXIT }
    const liar: Engine = {
      name: 'liar',
      wants: calls('getpid'),
      syscallExit: (call) => void (call.result = 99),
    }
    let seen = 0
    const s = scripted(
      { main: [() => ['getpid'], (at) => void (seen = at.result), exit(0)] },
      { engines: [quiet, liar] },
    )
    await s.run('main')
    expect([seen, log]).toEqual([99, []])
  })

  it('creat → open continues in the chain of open below the engine that changed it', async () => {
    const log: string[] = []
    const creatIsOpen: Engine = {
      name: 'change',
      wants: calls('creat'),
      syscallEntry(call) {
        call.change('open', [call.args[0]!, O_CREAT | O_WRONLY | O_TRUNC, call.args[1]!])
        return SKIPEXIT
      },
    }
    const s = scripted(
      { main: [() => ['creat', '/tmp/x', 0o600], (at) => void log.push(`fd ${at.result}`), exit(0)] },
      {
        engines: [noting('below', log, 'open', 'creat'), creatIsOpen, noting('above', log, 'open', 'creat')],
      },
    )
    await s.run('main')
    expect(log).toEqual(['above>creat', 'below>open', 'below<open=3', 'above<creat=3', 'fd 3'])
  })

  it('a path is answered by an engine', async () => {
    const ghost: Engine = {
      name: 'ghost',
      wants: { calls: ['access'], choose: (call) => call.readString(call.args[0]!) === '/no/such' },
      syscallEntry(call) {
        call.result = 0
        return SKIPCALL
      },
    }
    const seen: number[] = []
    const look = (at: At): void => void seen.push(at.result)
    const s = scripted(
      { main: [() => ['access', '/no/such', 0], look, () => ['access', '/no/other', 0], look, exit(0)] },
      { engines: [ghost] },
    )
    await s.run('main')
    expect(seen).toEqual([0, -ENOENT])
  })

  it('a call nobody wants has no chain', async () => {
    let chains: unknown[] = []
    const watcher: Engine = {
      name: 'w',
      wants: calls('exit_group'),
      syscallEntry(call) {
        const { view } = call.task
        chains = [view.chain(39)?.length ?? null, view.chain(0), view.chain(9999), view.chain(-1)]
        return RUN
      },
    }
    const t = scripted({ main: [exit(0)] }, { engines: [noting('n', [], 'getpid'), watcher] })
    await t.run('main')
    expect(chains).toEqual([1, null, null, null])
  })

  it('an unimplemented call passes the engines and is named once', async () => {
    const log: string[] = []
    const all: Engine = {
      name: 'all',
      wants: allCalls,
      syscallEntry: (c) => {
        log.push(c.name)
        return RUN
      },
    }
    const s = scripted(
      { main: [() => ['io_uring_setup'], () => ['io_uring_setup'], () => ['9999'], exit(0)] },
      { engines: [all] },
    )
    await s.run('main')
    expect(log).toEqual(['io_uring_setup', 'io_uring_setup', 'syscall_0x270f', 'exit_group'])
    expect(s.host.lines.filter((line) => line.includes('io_uring_setup'))).toHaveLength(1)
  })

  it('an engine that throws refuses the call', async () => {
    const broken: Engine = {
      name: 'broken',
      wants: calls('getpid'),
      syscallEntry: () => {
        throw new Error('oops')
      },
    }
    let seen = 0
    const s = scripted(
      { main: [() => ['getpid'], (at) => void (seen = at.result), exit(0)] },
      { engines: [broken] },
    )
    await s.run('main')
    expect(seen).toBe(-5)
    expect(s.host.lines[0]).toContain('oops')
  })
})

describe('blocked calls', () => {
  it('a blocked read in a pipe is one entry and one exit for three engines', async () => {
    const log: string[] = []
    const s = scripted(
      {
        main: [
          (at) => ['pipe2', at.room(8), 0],
          (at) => {
            at.set(R12, at.u32(0x480000))
            at.set(R13, at.u32(0x480004))
            return ['fork']
          },
          (at) => {
            if (at.result === 0) at.jump('child')
          },
          (at) => ['read', at.get(R12), at.room(16), 16],
          (at) => void log.push(`got ${at.result} ${at.string(0x480000, 5)}`),
          exit(0),
        ],
        child: [
          (at) => ['nanosleep', at.pointers(0, 1_000_000), 0],
          (at) => ['write', at.get(R13), 'hello', 5],
          exit(0),
        ],
      },
      { engines: ['a', 'b', 'c'].map((n) => noting(n, log, 'read')) },
    )
    await s.run('main')
    expect(log).toEqual([
      'c>read',
      'b>read',
      'a>read',
      'a<read=5',
      'b<read=5',
      'c<read=5',
      `got 5 ${'hello'}`,
    ])
  })

  for (const [flags, expected] of [
    [SA_RESTART, ['e>read', `e<read=${-ERESTARTSYS}`, 'handler', 'e>read', 'e<read=5', 'result 5']],
    [0, ['e>read', `e<read=${-ERESTARTSYS}`, 'handler', `result ${-EINTR}`]],
  ] as const)
    it(`a signal ${flags ? 'with' : 'without'} SA_RESTART: an exit with ERESTARTSYS, as on Linux`, async () => {
      const log: string[] = []
      const s = scripted(
        {
          main: [
            onSignal(10, 'handler', flags),
            (at) => ['pipe2', at.room(8), 0],
            (at) => {
              at.set(R12, at.u32(0x480000))
              at.set(R13, at.u32(0x480004))
              return ['fork']
            },
            (at) => {
              if (at.result === 0) at.jump('child')
            },
            (at) => ['read', at.get(R12), at.room(16), 16],
            (at) => void log.push(`result ${at.result}`),
            exit(0),
          ],
          child: [
            (at) => ['nanosleep', at.pointers(0, 1_000_000), 0],
            () => ['kill', 2, 10],
            (at) => ['nanosleep', at.pointers(0, 1_000_000), 0],
            (at) => ['write', at.get(R13), 'hello', 5],
            exit(0),
          ],
          handler: [() => void log.push('handler'), (at) => at.return()],
          restorer,
        },
        { engines: [noting('e', log, 'read')] },
      )
      await s.run('main')
      expect(log).toEqual(expected)
    })
})

describe('promises', () => {
  /** An engine whose answer to one call comes when the test says so. */
  function slow(name: string): { engine: Engine; asked: Promise<void>; answer: (verdict: Verdict) => void } {
    const asked = deferred<void>()
    const verdict = deferred<Verdict>()
    return {
      asked: asked.promise,
      answer: verdict.resolve,
      engine: {
        name: 'slow',
        wants: calls(name),
        syscallEntry() {
          asked.resolve()
          return verdict.promise
        },
      },
    }
  }

  it('stops its task alone, and the next engine is asked only after the answer', async () => {
    const log: string[] = []
    const late = slow('getppid')
    const s = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
          },
          () => ['getppid'],
          () => void log.push('parent went on'),
          exit(0),
        ],
        child: [() => ['getpid'], () => void log.push('child ran'), exit(0)],
      },
      { engines: [noting('older', log, 'getppid'), late.engine] },
    )
    const run = s.run('main')
    await late.asked
    await settle()
    expect(log).toEqual(['child ran'])
    late.answer(RUN)
    await run
    expect(log).toEqual(['child ran', 'older>getppid', 'older<getppid=1', 'parent went on'])
  })

  it('a late SKIPCALL and a late exit', async () => {
    const exitGate = deferred<void>()
    const reached = deferred<void>()
    const engine: Engine = {
      name: 'late',
      wants: calls('getpid'),
      syscallEntry: async () => RUN,
      async syscallExit(call) {
        reached.resolve()
        await exitGate.promise
        call.result += 1000
      },
    }
    let seen = 0
    const s = scripted(
      { main: [() => ['getpid'], (at) => void (seen = at.result), exit(0)] },
      { engines: [engine] },
    )
    const run = s.run('main')
    await reached.promise
    await settle()
    expect(seen).toBe(0)
    exitGate.resolve()
    await run
    expect(seen).toBe(1002)
  })

  it('pending across vfork: the parent waits in vfork while its child waits for an engine', async () => {
    const log: string[] = []
    const late = slow('execve')
    const s = scripted(
      {
        main: [
          () => ['vfork'],
          (at) => {
            if (at.result === 0) at.jump('child')
          },
          (at) => void log.push(`vfork ${at.result}`),
          (at) => ['wait4', -1, at.room(4), 0, 0],
          (at) => void log.push(`wait ${at.result} ${at.u32(0x480000) >> 8}`),
          exit(0),
        ],
        child: [(at) => ['execve', '/bin/other', at.pointers(at.text('other'), 0), 0], exit(1)],
        other: [() => void log.push('exec done'), exit(7)],
      },
      { engines: [late.engine] },
    )
    const run = s.run('main')
    await late.asked
    await settle()
    expect(log).toEqual([])
    late.answer(RUN)
    await run
    expect(log).toEqual(['vfork 3', 'exec done', 'wait 3 7'].sort((a, b) => log.indexOf(a) - log.indexOf(b)))
  })

  it('a promise at the entry of vfork itself, and at the exit of exec', async () => {
    const log: string[] = []
    const gates = { vfork: deferred<Verdict>(), exec: deferred<void>() }
    const engine: Engine = {
      name: 'gate',
      wants: calls('vfork', 'execve'),
      syscallEntry: (call) => (call.name === 'vfork' ? gates.vfork.promise : RUN),
      syscallExit: (call) => (call.name === 'execve' && call.seq > 1 ? gates.exec.promise : undefined),
    }
    const s = scripted(
      {
        main: [
          () => ['vfork'],
          (at) => {
            if (at.result === 0) at.jump('child')
          },
          (at) => ['wait4', -1, at.room(4), 0, 0],
          (at) => void log.push(`wait ${at.u32(0x480000) >> 8}`),
          exit(0),
        ],
        child: [
          () => ['getpid'],
          (at) => ['execve', '/bin/other', at.pointers(at.text('other'), 0), 0],
          exit(1),
        ],
        other: [() => void log.push('other'), exit(3)],
      },
      { engines: [engine] },
    )
    const run = s.run('main')
    await settle()
    gates.vfork.resolve(RUN)
    await settle()
    expect(log).toEqual([])
    gates.exec.resolve()
    await run
    expect(log).toEqual(['other', 'wait 3'])
  })

  it('SIGKILL ends the wait; the answer that comes later is nobody’s', async () => {
    const log: string[] = []
    const late = slow('getppid')
    const s = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
            else at.set(R12, at.result)
          },
          () => ['sched_yield'],
          (at) => ['kill', at.get(R12), 9],
          (at) => ['wait4', -1, at.room(4), 0, 0],
          (at) => void log.push(`status ${at.u32(0x480000)}`),
          exit(0),
        ],
        child: [() => ['getppid'], () => void log.push('must not run'), exit(0)],
      },
      {
        engines: [
          late.engine,
          {
            name: 'end',
            wants: calls(),
            exit: ({ task, status }) => void log.push(`exit ${task.tid} ${status}`),
          },
        ],
      },
    )
    await s.run('main')
    late.answer(RUN)
    await settle()
    expect(log).toEqual(['exit 3 9', 'status 9', 'exit 2 0'])
  })

  it('exit_group of the machine’s first program does not wait for others; a pending exit_group itself is asked', async () => {
    const late = slow('exit_group')
    const s = scripted({ main: [exit(5)] }, { engines: [late.engine] })
    const run = s.run('main')
    await late.asked
    await settle()
    late.answer(RUN)
    expect(await run).toEqual({ code: 5, signal: null })
  })

  it('SIGSTOP while pending stops after the answer; SIGCONT goes on with the result', async () => {
    const log: string[] = []
    const late = slow('getppid')
    const s = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
            else at.set(R12, at.result)
          },
          () => ['sched_yield'],
          (at) => ['kill', at.get(R12), 19],
          (at) => ['wait4', -1, at.room(4), 2, 0],
          (at) => void log.push(`stopped ${at.u32(0x480000).toString(16)}`),
          (at) => ['kill', at.get(R12), 18],
          (at) => ['wait4', -1, at.room(4), 8, 0],
          (at) => void log.push(`continued ${at.u32(0x480000).toString(16)}`),
          (at) => ['wait4', -1, at.room(4), 0, 0],
          (at) => void log.push(`ended ${at.u32(0x480000)}`),
          exit(0),
        ],
        child: [() => ['getppid'], (at) => void log.push(`result ${at.result}`), exit(0)],
      },
      { engines: [late.engine] },
    )
    const run = s.run('main')
    await late.asked
    await settle()
    expect(log).toEqual([])
    late.answer(RUN)
    await run
    expect(log).toEqual(
      ['stopped 137f', 'continued ffff', 'result 2', 'ended 0'].sort(
        (a, b) => log.indexOf(a) - log.indexOf(b),
      ),
    )
    expect(log.indexOf('stopped 137f')).toBe(0)
    expect(log.indexOf('result 2')).toBeGreaterThan(0)
  })

  it('SIGCONT before the answer takes the pending SIGSTOP back', async () => {
    const log: string[] = []
    const late = slow('getppid')
    const s = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
            else at.set(R12, at.result)
          },
          (at) => ['kill', at.get(R12), 19],
          (at) => ['kill', at.get(R12), 18],
          (at) => ['wait4', -1, at.room(4), 2 | 8, 0],
          (at) => void log.push(`ended ${at.u32(0x480000)}`),
          exit(0),
        ],
        child: [() => ['getppid'], () => void log.push('went on'), exit(0)],
      },
      { engines: [late.engine] },
    )
    const run = s.run('main')
    await late.asked
    await settle()
    late.answer(RUN)
    await run
    expect(log).toEqual(['went on', 'ended 0'])
  })

  it('a rejected promise refuses the call', async () => {
    let seen = 0
    const s = scripted(
      { main: [() => ['getpid'], (at) => void (seen = at.result), exit(0)] },
      {
        engines: [
          { name: 'no', wants: calls('getpid'), syscallEntry: () => Promise.reject(new Error('gone')) },
        ],
      },
    )
    await s.run('main')
    expect(seen).toBe(-5)
  })
})

describe('what the kernel itself does', () => {
  it('tells clone, exec, exit and signals oldest first', async () => {
    const log: string[] = []
    const watcher = (name: string): Engine => ({
      name,
      wants: calls(),
      clone: (parent, child) => void log.push(`${name} clone ${parent.tid} ${child.tid}`),
      exec: (task, path) => void log.push(`${name} exec ${task.tid} ${path}`),
      exit: ({ task, status }) => void log.push(`${name} exit ${task.tid} ${status}`),
      signal: ({ task, info }) => void log.push(`${name} signal ${task.tid} ${info.signo}`),
    })
    const s = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
          },
          () => ['wait4', -1, 0, 0, 0],
          exit(0),
        ],
        child: [() => ['kill', 3, 15], exit(0)],
      },
      { engines: [watcher('a'), watcher('b')] },
    )
    await s.run('main')
    expect(log).toEqual([
      'a exec 2 /bin/main',
      'b exec 2 /bin/main',
      'a clone 2 3',
      'b clone 2 3',
      'a signal 3 15',
      'b signal 3 15',
      'a exit 3 15',
      'b exit 3 15',
      'a signal 2 17',
      'b signal 2 17',
      'a exit 2 0',
      'b exit 2 0',
    ])
  })

  it('a late word on a signal delays that task alone; IGNORE drops it', async () => {
    const gate = deferred<typeof SIGNAL_IGN>()
    const s = scripted(
      { main: [() => ['getpid'], (at) => ['kill', at.result, 15], exit(4)] },
      { engines: [{ name: 's', wants: calls(), signal: () => gate.promise }] },
    )
    const run = s.run('main')
    await settle()
    gate.resolve(SIGNAL_IGN)
    expect(await run).toEqual({ code: 4, signal: null })
  })
})
