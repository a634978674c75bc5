/**
 * Engines after utrace: events, stops with a late answer, control from outside, attaching and detaching at any time,
 * and engines that fail. viewos.md section 2; seed 002's four points.
 */

import { describe, expect, it } from 'vitest'
import { R12 } from '../../../emu/guest/x86/state.ts'
import { EINTR, EIO } from '../../../syscalls/abi/errno.ts'
import { sigInfo } from '../../../syscalls/abi/signal.ts'
import type { SyscallCall } from '../../../syscalls/engines/call.ts'
import { interrupt, NoSuchTaskError, report, resume, stop } from '../../../syscalls/engines/control.ts'
import {
  calls,
  type Engine,
  noCalls,
  RUN,
  SIGNAL_DELIVER,
  SIGNAL_HOLD,
  SIGNAL_IGN,
  SIGNAL_STOP,
  SIGNAL_TERM,
  SKIPCALL,
  STOP,
  type Verdict,
} from '../../../syscalls/engines/engine.ts'
import { EngineBusyError } from '../../../syscalls/engines/view.ts'
import type { Task } from '../../../syscalls/kernel/task.ts'
import { type At, deferred, exit, type Step, scripted, settle } from './scripted.ts'

const SIGUSR1 = 10

const note =
  (log: string[], text: (at: At) => string): Step =>
  (at) =>
    void log.push(text(at))
const sleep =
  (ns: number): Step =>
  (at) => ['nanosleep', at.pointers(0, ns), 0]
/** Forks; the child goes on at a label, the parent has its id in R12. */
const fork = (label: string): Step[] => [
  () => ['fork'],
  (at) => {
    if (at.result === 0) at.jump(label)
    else at.set(R12, at.result)
  },
]
const wait = (log: string[]): Step[] => [
  (at) => ['wait4', -1, at.room(4), 0, 0],
  note(log, (at) => `status ${at.u32(0x480000)}`),
]

describe('stops', () => {
  it('STOP holds a call until resume brings the verdict; the next engine then sees what it left', async () => {
    const log: string[] = []
    let stopped: SyscallCall | null = null
    const reached = deferred<void>()
    const newer: Engine = {
      name: 'newer',
      wants: calls('sethostname'),
      syscallEntry(call) {
        stopped = call
        reached.resolve()
        return STOP
      },
    }
    const older: Engine = {
      name: 'older',
      wants: calls('sethostname', 'setdomainname'),
      syscallEntry(call) {
        log.push(`${call.name} ${call.readString(call.args[0]!)}`)
        return RUN
      },
    }
    const s = scripted(
      { main: [(at) => ['sethostname', at.text('venus'), 5], note(log, (at) => `= ${at.result}`), exit(0)] },
      { engines: [older, newer] },
    )
    const run = s.run('main')
    await reached.promise
    await settle()
    expect(log).toEqual([])
    const call = stopped as unknown as SyscallCall
    call.change('setdomainname')
    call.write(call.args[0]!, new TextEncoder().encode('earth'))
    resume(call.task, newer, RUN)
    await run
    expect(log).toEqual(['setdomainname earth', '= 0'])
    expect(s.machine.kernel.world.uts).toMatchObject({ nodename: 'umwelt', domainname: 'earth' })
  })

  for (const [verdict, expected] of [
    [SIGNAL_DELIVER, { code: null, signal: 'SIGUSR1' }],
    [SIGNAL_IGN, { code: 3, signal: null }],
    [SIGNAL_TERM, { code: null, signal: 'SIGUSR1' }],
  ] as const)
    it(`STOP at a signal, resumed with 0x${verdict.toString(16)}`, async () => {
      let stopped: Task | null = null
      const engine: Engine = {
        name: 's',
        wants: noCalls,
        signal({ task }) {
          stopped = task
          return STOP
        },
      }
      const s = scripted({ main: [() => ['kill', 2, SIGUSR1], exit(3)] }, { engines: [engine] })
      const run = s.run('main')
      await settle()
      resume(stopped!, engine, verdict)
      expect(await run).toEqual(expected)
    })

  it('a held signal stays pending while its task stands, and then all engines are asked anew', async () => {
    const log: string[] = []
    let held: Task | null = null
    const older: Engine = {
      name: 'older',
      wants: noCalls,
      signal: ({ info }) => void log.push(`older ${info.signo}`),
    }
    const holder: Engine = {
      name: 'holder',
      wants: noCalls,
      signal(report) {
        log.push(`holder ${report.info.signo}`)
        if (held) return
        held = report.task
        report.info = { ...report.info, signo: 12 }
        return SIGNAL_HOLD
      },
    }
    const newer: Engine = {
      name: 'newer',
      wants: noCalls,
      signal: ({ info }) => void log.push(`newer ${info.signo}`),
    }
    const s = scripted(
      {
        main: [...fork('child'), sleep(1_000_000), note(log, () => 'others run'), ...wait(log), exit(0)],
        child: [() => ['kill', 3, SIGUSR1], exit(3)],
      },
      { engines: [older, holder, newer] },
    )
    const run = s.run('main')
    await settle()
    expect(log).toEqual(['older 10', 'holder 10', 'others run'])
    expect(held!.pending.set.has(12)).toBe(true)
    resume(held!, holder)
    await run
    expect(log.slice(3, 6)).toEqual(['older 12', 'holder 12', 'newer 12'])
    expect(log).toContain('status 12')
  })

  it('a holder that is taken out, and SIGKILL, end the hold', async () => {
    for (const end of ['removal', 'SIGKILL']) {
      let asked = 0
      const holder: Engine = {
        name: 'holder',
        wants: noCalls,
        signal() {
          asked++
          return SIGNAL_HOLD
        },
      }
      const s = scripted({ main: [() => ['kill', 2, SIGUSR1], exit(3)] }, { engines: [holder] })
      const run = s.run('main')
      await settle()
      expect(asked).toBe(1)
      if (end === 'removal') s.machine.kernel.view.remove(holder)
      else s.machine.kernel.sendToGroup(s.machine.kernel.groups.get(2)!, sigInfo(9, 0))
      expect((await run).signal).toBe(end === 'removal' ? 'SIGUSR1' : 'SIGKILL')
    }
  })

  it('SIGKILL breaks a stop, and then the call was never made', async () => {
    const log: string[] = []
    const holding: Engine = { name: 'holding', wants: calls('sethostname'), syscallEntry: () => STOP }
    const s = scripted(
      {
        main: [...fork('child'), sleep(1_000_000), (at) => ['kill', at.get(R12), 9], ...wait(log), exit(0)],
        child: [(at) => ['sethostname', at.text('venus'), 5], exit(0)],
      },
      { engines: [holding] },
    )
    await s.run('main')
    expect(log).toEqual(['status 9'])
    expect(s.machine.kernel.world.uts.nodename).toBe('umwelt')
  })

  it('exec, clone and exit hold the task they tell of, and nobody else', async () => {
    const log: string[] = []
    const gates = { clone: deferred<void>(), exec: deferred<void>(), exit: deferred<void>() }
    const engine: Engine = {
      name: 'gate',
      wants: noCalls,
      clone: () => gates.clone.promise,
      exec: (task) => (task.tid === 3 ? gates.exec.promise : undefined),
      exit: ({ task }) => (task.tid === 3 ? gates.exit.promise : undefined),
    }
    const s = scripted(
      {
        main: [...fork('child'), note(log, () => 'parent'), ...wait(log), exit(0)],
        child: [note(log, () => 'child'), () => ['execve', '/bin/other', 0, 0], exit(9)],
        other: [note(log, () => 'other'), exit(4)],
      },
      { engines: [engine] },
    )
    const run = s.run('main')
    const seen: string[][] = []
    for (const gate of [gates.clone, gates.exec, gates.exit]) {
      await settle()
      seen.push([...log])
      gate.resolve()
    }
    await run
    expect(seen).toEqual([['parent'], ['parent', 'child'], ['parent', 'child', 'other']])
    expect(log.at(-1)).toBe(`status ${4 << 8}`)
  })
})

describe('what an engine may change', () => {
  it('the program counter and the stack pointer of a call', async () => {
    const log: string[] = []
    let target = 0
    const s = scripted(
      {
        main: [
          (at) => {
            target = at.label('elsewhere')
          },
          () => ['getpid'],
          note(log, () => 'not here'),
          exit(1),
        ],
        elsewhere: [note(log, (at) => `elsewhere ${at.result} sp ${at.get(4).toString(16)}`), exit(0)],
      },
      {
        engines: [
          {
            name: 'jump',
            wants: calls('getpid'),
            syscallEntry(call) {
              call.pc = target
              call.sp = 0x4f0000
              return RUN
            },
          },
        ],
      },
    )
    await s.run('main')
    expect(log).toEqual(['elsewhere 2 sp 4f0000'])
  })

  it('a signal for another one, seen so by newer engines and the program', async () => {
    const log: string[] = []
    const s = scripted(
      { main: [() => ['kill', 2, SIGUSR1], exit(3)] },
      {
        engines: [
          {
            name: 'a',
            wants: noCalls,
            signal(report) {
              report.info = { ...report.info, signo: 12 }
            },
          },
          { name: 'b', wants: noCalls, signal: ({ info }) => void log.push(`b ${info.signo}`) },
        ],
      },
    )
    expect(await s.run('main')).toEqual({ code: null, signal: 'SIGUSR2' })
    expect(log).toEqual(['b 12'])
  })

  it('an ignored signal is not told to newer engines; a verdict stands until a newer one changes it', async () => {
    const log: string[] = []
    const ignoring: Engine = {
      name: 'i',
      wants: noCalls,
      signal: ({ info }) => (info.signo === 12 ? SIGNAL_IGN : SIGNAL_STOP),
    }
    const newer: Engine = {
      name: 'n',
      wants: noCalls,
      signal(report) {
        log.push(`${report.info.signo} ${report.verdict}`)
        return SIGNAL_IGN
      },
    }
    const s = scripted(
      { main: [() => ['kill', 2, 12], () => ['kill', 2, SIGUSR1], exit(3)] },
      { engines: [ignoring, newer] },
    )
    expect(await s.run('main')).toEqual({ code: 3, signal: null })
    expect(log).toEqual([`10 ${SIGNAL_STOP}`])
  })

  it('the wait status of an exit, of exit(2) and of a signal', async () => {
    const log: string[] = []
    const s = scripted(
      {
        main: [...fork('one'), ...wait(log), ...fork('two'), ...wait(log), exit(0)],
        one: [exit(1)],
        two: [() => ['kill', 4, 15], exit(0)],
      },
      {
        engines: [
          {
            name: 'e',
            wants: noCalls,
            exit(report) {
              if (report.task.tid > 2) report.status = report.original === 15 ? 6 << 8 : 5 << 8
            },
          },
        ],
      },
    )
    expect(await s.run('main')).toEqual({ code: 0, signal: null })
    expect(log).toEqual([`status ${5 << 8}`, `status ${6 << 8}`])
  })
})

describe('events', () => {
  it('quiesce comes before every other callback, jctl tells stops, death and reap end it', async () => {
    const log: string[] = []
    const s = scripted(
      {
        main: [
          ...fork('child'),
          sleep(1_000_000),
          (at) => ['kill', at.get(R12), 19],
          sleep(1_000_000),
          (at) => ['kill', at.get(R12), 18],
          ...wait(log),
          exit(0),
        ],
        child: [sleep(1_500_000), () => ['getppid'], exit(7)],
      },
      {
        engines: [
          {
            name: 'q',
            wants: calls('getppid'),
            quiesce: (task, event) => void (task.tid === 3 && log.push(`quiesce ${event}`)),
            syscallEntry: () => RUN,
            syscallExit: () => void log.push('exit of the call'),
            clone: () => void log.push('clone'),
            exit: ({ task }) => void (task.tid === 3 && log.push('exit')),
            jctl: ({ task, code, signo }) => void log.push(`jctl ${task.tid} ${code} ${signo}`),
            death: (task, status, isLast) => void (task.tid === 3 && log.push(`death ${status} ${isLast}`)),
            reap: ({ pid, tid, status }) => void log.push(`reap ${pid} ${tid} ${status}`),
          },
        ],
      },
    )
    await s.run('main')
    expect(log).toEqual([
      'quiesce clone',
      'clone',
      'jctl 3 5 19',
      'jctl 3 6 18',
      'quiesce syscallEntry',
      'quiesce syscallExit',
      'exit of the call',
      'quiesce exit',
      'exit',
      'death 1792 true',
      'reap 3 3 1792',
      'status 1792',
      'reap 2 2 0',
    ])
  })

  it('a thread that ends is reaped at once; execve of another one ends it', async () => {
    const log: string[] = []
    const CLONE_THREAD_FLAGS = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000
    const s = scripted(
      {
        main: [
          () => ['clone', CLONE_THREAD_FLAGS, 0x4e0000, 0, 0, 0],
          (at) => {
            if (at.result === 0) at.jump('thread')
          },
          () => ['clone', CLONE_THREAD_FLAGS, 0x4d0000, 0, 0, 0],
          (at) => {
            if (at.result === 0) at.jump('sleeper')
          },
          sleep(1_000_000),
          () => ['execve', '/bin/other', 0, 0],
          exit(1),
        ],
        thread: [() => ['exit', 2]],
        sleeper: [sleep(900_000_000), exit(3)],
        other: [exit(0)],
      },
      {
        engines: [
          {
            name: 'd',
            wants: noCalls,
            death: (task, status, isLast) => void log.push(`death ${task.tid} ${status} ${isLast}`),
            reap: ({ tid }) => void log.push(`reap ${tid}`),
          },
        ],
      },
    )
    await s.run('main')
    expect(log).toEqual([
      'death 3 512 false',
      'reap 3',
      'death 4 0 false',
      'reap 4',
      'death 2 0 true',
      'reap 2',
    ])
  })
})

describe('control from outside', () => {
  const engine: Engine = { name: 'outside', wants: noCalls }
  const other: Engine = { name: 'other', wants: noCalls }

  /** A machine whose second process counts until it is killed; `onFork` is called when it is made. */
  function counting(log: string[], onFork: (child: Task) => void, engines: Engine[] = []) {
    const s = scripted(
      {
        main: [...fork('child'), sleep(50_000_000), (at) => ['kill', at.get(R12), 9], ...wait(log), exit(0)],
        child: [
          () => ['getppid'],
          (at) => {
            at.set(R12, at.get(R12) + 1)
            at.jump('child')
          },
        ],
      },
      { engines: [...engines, { name: 'fork', wants: noCalls, clone: (_parent, child) => onFork(child) }] },
    )
    return s
  }

  it('stop holds a running task between two instructions; resume lets it go; others run on', async () => {
    const log: string[] = []
    const s = counting(log, (child) => {
      void stop(child, engine).then(async () => {
        log.push(`stands, ${child.state}`)
        const before = child.usage.involuntarySwitches
        await settle(5)
        log.push(`made ${child.usage.involuntarySwitches - before} steps`)
      })
    })
    await s.run('main')
    await settle()
    expect(log).toEqual(
      ['stands, 4', 'made 0 steps', 'status 9'].sort((a, b) => log.indexOf(a) - log.indexOf(b)),
    )
  })

  it('a task that two engines hold runs when both have let go', async () => {
    const log: string[] = []
    const s = counting([], (child) => {
      void Promise.all([stop(child, engine), stop(child, other)]).then(() => {
        log.push(`${child.state}`)
        resume(child, engine)
        log.push(`${child.state}`)
        resume(child, other)
        log.push(`${child.state}`)
      })
    })
    await s.run('main')
    expect(log).toEqual(['4', '4', '0'])
  })

  it('stop of what has ended fails, and so does one that ends first', async () => {
    const s = scripted({ main: [sleep(1_000_000), exit(0)] })
    const run = s.run('main')
    await settle(1)
    const task = s.machine.kernel.tasks.get(2)!
    const ends = stop(task, engine).catch((error: unknown) => error)
    s.machine.kernel.sendToTask(task, { signo: 9 } as never)
    await run
    expect(await ends).toBeInstanceOf(NoSuchTaskError)
    await expect(stop(task, engine)).rejects.toThrow(NoSuchTaskError)
    expect(() => report(task, engine)).toThrow(NoSuchTaskError)
  })

  it('report has the task come by once', async () => {
    const log: string[] = []
    const watcher: Engine = {
      name: 'w',
      wants: noCalls,
      quiesce: (task, event) => void log.push(`${task.tid} ${event}`),
    }
    await counting([], (child) => report(child, watcher), [watcher]).run('main')
    expect(log).toEqual(['3 report'])
  })

  it('interrupt breaks a call off that waits; the program notices nothing', async () => {
    const log: string[] = []
    const watcher: Engine = {
      name: 'w',
      wants: noCalls,
      quiesce: (task) => void log.push(`quiesce ${task.tid}`),
    }
    const s = scripted(
      { main: [() => ['pause'], note(log, (at) => `pause ${at.result}`), exit(0)] },
      { engines: [watcher] },
    )
    const run = s.run('main')
    await settle(3)
    const task = s.machine.kernel.tasks.get(2)!
    interrupt(task, watcher)
    await settle(3)
    expect(log).toEqual(['quiesce 2'])
    expect(task.state).toBe(2)
    s.machine.kernel.sendToTask(task, { signo: 9 } as never)
    await run
    expect(log).toHaveLength(1)
    expect(EINTR).toBe(4)
  })
})

describe('attaching and detaching', () => {
  it('an engine that comes in mid-call sees the next call; one that goes hears no more', async () => {
    const log: string[] = []
    const late: Engine = {
      name: 'late',
      wants: calls('getpid', 'getppid'),
      syscallEntry: (call) => {
        log.push(`late>${call.name}`)
        return RUN
      },
      syscallExit: (call) => void log.push(`late<${call.name}`),
    }
    const s = scripted(
      { main: [() => ['getpid'], () => ['getppid'], () => ['getpid'], exit(0)] },
      {
        engines: [
          {
            name: 'gate',
            wants: calls('getpid', 'getppid'),
            syscallEntry(call) {
              const { view } = call.task
              if (call.name === 'getpid' && !view.has(late)) view.push(late)
              else if (call.name === 'getppid') view.remove(late)
              return RUN
            },
          },
        ],
      },
    )
    await s.run('main')
    // The newest is asked first: `late` said RUN to getppid before it was taken out, and is not told the exit.
    expect(log).toEqual(['late>getppid'])
    expect(s.machine.kernel.view.has(late)).toBe(true)
  })

  it('an engine that takes itself out and answers is obeyed', async () => {
    const log: string[] = []
    const once: Engine = {
      name: 'once',
      wants: calls('getpid'),
      syscallEntry(call) {
        call.task.view.remove(once)
        call.result = 4711
        return SKIPCALL
      },
      detach: () => void log.push('detached'),
    }
    const s = scripted(
      {
        main: [
          () => ['getpid'],
          note(log, (at) => `${at.result}`),
          () => ['getpid'],
          note(log, (at) => `${at.result}`),
          exit(0),
        ],
      },
      { engines: [once] },
    )
    await s.run('main')
    expect(log).toEqual(['detached', '4711', '2'])
  })

  it('worlds above a removed engine stand on what was below it', () => {
    const s = scripted({ main: [exit(0)] })
    const { view } = s.machine.kernel
    const names = (nodename: string): Engine => ({
      name: nodename,
      wants: noCalls,
      offers: ({ uts }) => ({ uts: Object.assign(uts.copy(), { nodename: `${uts.nodename}.${nodename}` }) }),
    })
    const engines = ['a', 'b', 'c'].map(names)
    for (const engine of engines) view.push(engine)
    expect(view.world.uts.nodename).toBe('umwelt.a.b.c')
    view.remove(engines[1]!)
    expect(view.world.uts.nodename).toBe('umwelt.a.c')
    expect(view.remove(engines[1]!)).toBe(false)
  })

  it('a nested view keeps what it began with and goes its own way', () => {
    const s = scripted({ main: [exit(0)] })
    const outer = s.machine.kernel.view
    const a: Engine = { name: 'a', wants: calls('getpid') }
    const b: Engine = { name: 'b', wants: calls('getpid') }
    outer.push(a)
    const inner = outer.fork()
    inner.push(b)
    outer.remove(a)
    const names = (view: typeof outer) => view.oldestFirst.map(({ engine }) => engine.name)
    expect([names(outer), names(inner)]).toEqual([['events'], ['events', 'a', 'b']])
    expect([outer.chain(39), inner.chain(39)?.length]).toEqual([null, 2])
  })

  it('one that is held is not taken out', () => {
    const s = scripted({ main: [exit(0)] })
    const held: Engine = { name: 'held', wants: noCalls, detach: () => 'held is held by the mount on /mnt' }
    s.machine.use(held)
    expect(() => s.machine.kernel.view.remove(held)).toThrow(EngineBusyError)
    expect(s.machine.kernel.view.has(held)).toBe(true)
  })
})

describe('engines that fail end one call, by name', () => {
  const NONSENSE: readonly (readonly [
    what: string,
    entry: (call: SyscallCall) => Verdict | Promise<Verdict>,
    says: RegExp,
  ])[] = [
    [
      'throws',
      () => {
        throw new Error('oops')
      },
      /engine bad failed at getpid: oops/,
    ],
    ['rejects', () => Promise.reject(new Error('gone')), /engine bad failed at getpid: gone/],
    ['answers nothing', () => undefined as never, /its verdict was undefined/],
    ['answers 17', () => 17 as never, /its verdict was 17/],
    ['answers an object', () => ({}) as never, /its verdict was \[object Object\]/],
    ['promises nonsense', () => Promise.resolve('yes' as never), /its verdict was yes/],
    [
      'makes the result NaN',
      (call) => {
        call.result = NaN
        return SKIPCALL
      },
      /its result was NaN/,
    ],
    [
      'makes the number 0.5',
      (call) => {
        call.nr = 0.5
        return RUN
      },
      /it made it system call 0.5/,
    ],
    [
      'makes an argument infinite',
      (call) => {
        call.args[2] = Infinity
        return RUN
      },
      /it made argument 2 Infinity/,
    ],
  ]
  for (const [what, syscallEntry, says] of NONSENSE)
    it(what, async () => {
      const log: string[] = []
      const s = scripted(
        {
          main: [
            () => ['getpid'],
            note(log, (at) => `${at.result}`),
            () => ['getppid'],
            note(log, (at) => `${at.result}`),
            exit(0),
          ],
        },
        { engines: [{ name: 'bad', wants: calls('getpid'), syscallEntry }] },
      )
      expect(await s.run('main')).toEqual({ code: 0, signal: null })
      expect(log).toEqual([String(-EIO), '1'])
      expect(s.host.lines).toHaveLength(1)
      expect(s.host.lines[0]).toMatch(says)
    })

  it('at the exit too', async () => {
    const log: string[] = []
    const s = scripted(
      { main: [() => ['getpid'], note(log, (at) => `${at.result}`), exit(0)] },
      { engines: [{ name: 'bad', wants: calls('getpid'), syscallExit: (call) => void (call.result = NaN) }] },
    )
    await s.run('main')
    expect(log).toEqual([String(-EIO)])
    expect(s.host.lines).toEqual(['engine bad failed at getpid: its result was NaN'])
  })

  it('one that never answers is failed by its own limit', async () => {
    const log: string[] = []
    const s = scripted(
      { main: [() => ['getpid'], note(log, (at) => `${at.result}`), exit(0)] },
      {
        engines: [
          {
            name: 'mute',
            wants: calls('getpid'),
            answersWithinNs: 2e7,
            syscallEntry: () => new Promise(() => {}),
          },
        ],
      },
    )
    await s.run('main')
    expect(log).toEqual([String(-EIO)])
    expect(s.host.lines).toEqual(['engine mute failed at getpid: no answer within 0.02 s'])
  })

  it('one that is removed while a task waits for it', async () => {
    const log: string[] = []
    const mute: Engine = { name: 'mute', wants: calls('getpid'), syscallEntry: () => new Promise(() => {}) }
    const s = scripted(
      {
        main: [
          () => ['getpid'],
          note(log, (at) => `${at.result}`),
          () => ['getpid'],
          note(log, (at) => `${at.result}`),
          exit(0),
        ],
      },
      { engines: [mute] },
    )
    const run = s.run('main')
    await settle(3)
    s.machine.kernel.view.remove(mute)
    await run
    expect(log).toEqual([String(-EIO), '2'])
    expect(s.host.lines).toEqual(['engine mute failed at getpid: it was removed while a task waited for it'])
  })

  it('events: the failure is told, and the event goes on', async () => {
    const s = scripted(
      {
        main: [...fork('child'), () => ['wait4', -1, 0, 0, 0], exit(0)],
        child: [() => ['kill', 3, SIGUSR1], exit(0)],
      },
      {
        engines: [
          {
            name: 'bad',
            wants: noCalls,
            clone: () => Promise.reject(new Error('clone')),
            exec: () => {
              throw new Error('exec')
            },
            exit: async () => {
              throw new Error('exit')
            },
            signal: () => 99 as never,
            death: () => {
              throw new Error('death')
            },
            reap: () => {
              throw new Error('reap')
            },
          },
        ],
      },
    )
    expect(await s.run('main')).toEqual({ code: 0, signal: null })
    expect(s.host.lines.toSorted()).toEqual([
      'engine bad failed at clone: clone',
      'engine bad failed at death: death',
      'engine bad failed at exec: exec',
      'engine bad failed at exit: exit',
      'engine bad failed at reap: reap',
      'engine bad failed at signal: its verdict was 99',
    ])
  })
})
