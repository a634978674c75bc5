/**
 * The time engine with a scripted CPU and the simulated host, whose clock jumps to the next deadline: every clock and
 * every kind of wait at several paces, changes in mid-wait, setting the clock, views in views, file times.
 */

import { describe, expect, it } from 'vitest'
import { R12 } from '../../../emu/guest/x86/state.ts'
import { EAGAIN, ECANCELED, EFAULT, EINTR, EINVAL, EPERM, ETIMEDOUT } from '../../../syscalls/abi/errno.ts'
import { O_CREAT, O_RDWR } from '../../../syscalls/abi/fcntl.ts'
import type { Engine } from '../../../syscalls/engines/engine.ts'
import { ModuleOptions } from '../../../syscalls/engines/options.ts'
import { type TimeEngine, time } from '../../../syscalls/engines/time/time.ts'
import { type At, exit, SCRATCH, type Scripted, type Step, scripted } from './scripted.ts'

const [REALTIME, MONOTONIC, PROCESS_CPU, THREAD_CPU, RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME] = [
  0, 1, 2, 3, 4, 5, 6, 7,
]
const TAI = 11
const ABSTIME = 1
const NS = 1_000_000_000
/** The simulated host's epoch: 2024-01-01T00:00:00Z. */
const EPOCH_SEC = 1_704_067_200
const START_SEC = Date.UTC(2001, 0, 1) / 1000
/** What the calls around a wait may cost, in seconds of the kernel. */
const SLACK = 1e-3

/** Reads a clock as seconds; a step pair. */
const read = (id: number, note: (seconds: number) => void): Step[] => [
  (at) => ['clock_gettime', id, at.room(16)],
  (at) => note(at.i64(SCRATCH) + at.i64(SCRATCH + 8) / NS),
]

const kernelNow = (s: Scripted): number => s.machine.kernel.clock.monotonicNs() / NS

/** A timespec in the scratch area. */
function timespec(at: At, seconds: number): number {
  const sec = Math.floor(seconds)
  return at.pointers(sec, Math.round((seconds - sec) * NS))
}

/** What was seen between two readings, in seconds: of the kernel's clock and of the view's. */
interface Elapsed {
  kernel: number
  monotonic: number
  wall: number
  result: number
}

/** Runs steps between readings of all clocks. */
async function measure(
  engines: Engine[],
  steps: Step[],
  during: (s: Scripted) => void = () => {},
): Promise<Elapsed> {
  const before = { kernel: 0, monotonic: 0, wall: 0, result: 0 }
  const after = { ...before }
  const readAll = (into: Elapsed): Step[] => [
    (at) => {
      into.result = at.result
      into.kernel = kernelNow(s)
    },
    ...read(MONOTONIC, (seconds) => void (into.monotonic = seconds)),
    ...read(REALTIME, (seconds) => void (into.wall = seconds)),
  ]
  const s: Scripted = scripted(
    {
      main: [...readAll(before), ...steps, ...readAll(after), exit(0)],
      handler: [() => {}, (at) => at.return()],
      restorer: [() => ['rt_sigreturn']],
    },
    { engines },
  )
  during(s)
  expect(await s.run('main')).toEqual({ code: 0, signal: null })
  return {
    kernel: after.kernel - before.kernel,
    monotonic: after.monotonic - before.monotonic,
    wall: after.wall - before.wall,
    result: after.result,
  }
}

/** Each kind of wait, for so many seconds of the view, and what it gives when time is over. */
const sleep =
  (seconds: number): Step =>
  (at) => ['nanosleep', timespec(at, seconds), 0]

const absolute = (
  clock: number,
  seconds: number,
  wait: (at: At, when: number) => ReturnType<Step>,
): Step[] => {
  let now = 0
  return [...read(clock, (read) => void (now = read)), (at) => wait(at, timespec(at, now + seconds))]
}

/** rt_sigaction with a handler, so that a signal ends a pause. */
const catchSignal =
  (signo: number): Step =>
  (at) => {
    const action = at.room(32)
    at.put64(action, at.label('handler'))
    at.put64(action + 8, 0x04000000)
    at.put64(action + 16, at.label('restorer'))
    return ['rt_sigaction', signo, action, 0, 8]
  }

const SIGALRM = 14
const itimerspec = (at: At, seconds: number): number => {
  const sec = Math.floor(seconds)
  return at.pointers(0, 0, sec, Math.round((seconds - sec) * NS))
}

const WAITS: Record<string, { result: number; steps: (seconds: number) => Step[] }> = {
  nanosleep: { result: 0, steps: (s) => [sleep(s)] },
  'clock_nanosleep, relative': {
    result: 0,
    steps: (s) => [(at) => ['clock_nanosleep', MONOTONIC, 0, timespec(at, s), 0]],
  },
  'clock_nanosleep until a monotonic time': {
    result: 0,
    steps: (s) => absolute(MONOTONIC, s, (_, t) => ['clock_nanosleep', MONOTONIC, ABSTIME, t, 0]),
  },
  poll: { result: 0, steps: (s) => [() => ['poll', 0, 0, s * 1000]] },
  ppoll: { result: 0, steps: (s) => [(at) => ['ppoll', 0, 0, timespec(at, s), 0, 8]] },
  select: {
    result: 0,
    steps: (s) => [(at) => ['select', 0, 0, 0, 0, at.pointers(Math.floor(s), (s % 1) * 1e6)]],
  },
  pselect6: { result: 0, steps: (s) => [(at) => ['pselect6', 0, 0, 0, 0, timespec(at, s), 0]] },
  epoll_wait: {
    result: 0,
    steps: (s) => [() => ['epoll_create1', 0], (at) => ['epoll_wait', at.result, at.room(64), 4, s * 1000]],
  },
  epoll_pwait2: {
    result: 0,
    steps: (s) => [
      () => ['epoll_create1', 0],
      (at) => ['epoll_pwait2', at.result, at.room(64), 4, timespec(at, s), 0, 8],
    ],
  },
  'futex FUTEX_WAIT': {
    result: -ETIMEDOUT,
    steps: (s) => [(at) => ['futex', at.room(16), 0, at.u32(SCRATCH), timespec(at, s), 0, 0]],
  },
  'futex FUTEX_WAIT_BITSET': {
    result: -ETIMEDOUT,
    steps: (s) =>
      absolute(MONOTONIC, s, (at, t) => ['futex', SCRATCH + 64, 9, at.u32(SCRATCH + 64), t, 0, 1]),
  },
  rt_sigtimedwait: {
    result: -EAGAIN,
    steps: (s) => [(at) => ['rt_sigtimedwait', at.pointers(0x200), 0, timespec(at, s), 8]],
  },
  semtimedop: {
    result: -EAGAIN,
    steps: (s) => [
      () => ['semget', 0, 1, 0o1600],
      (at) => {
        const op = at.room(8)
        at.put32(op, -65536)
        at.put32(op + 4, 0)
        return ['semtimedop', at.result, op, 1, timespec(at, s)]
      },
    ],
  },
  SO_RCVTIMEO: {
    result: -EAGAIN,
    steps: (s) => [
      (at) => ['socketpair', 1, 1, 0, at.room(8)],
      (at) => {
        at.set(R12, at.u32(SCRATCH))
        return ['setsockopt', at.u32(SCRATCH), 1, 20, at.pointers(Math.floor(s), (s % 1) * 1e6), 16]
      },
      (at) => ['read', at.get(R12), at.room(16), 16],
    ],
  },
  alarm: { result: -EINTR, steps: (s) => [catchSignal(SIGALRM), () => ['alarm', s], () => ['pause']] },
  setitimer: {
    result: -EINTR,
    steps: (s) => [
      catchSignal(SIGALRM),
      (at) => ['setitimer', 0, at.pointers(0, 0, Math.floor(s), (s % 1) * 1e6), 0],
      () => ['pause'],
    ],
  },
  timer_settime: {
    result: -EINTR,
    steps: (s) => [
      catchSignal(SIGALRM),
      (at) => ['timer_create', MONOTONIC, 0, at.room(8)],
      (at) => ['timer_settime', 0, 0, itimerspec(at, s), 0],
      () => ['pause'],
    ],
  },
  timerfd: {
    result: 8,
    steps: (s) => [
      () => ['timerfd_create', MONOTONIC, 0],
      (at) => {
        at.set(R12, at.result)
        return ['timerfd_settime', at.result, 0, itimerspec(at, s), 0]
      },
      (at) => ['read', at.get(R12), at.room(8), 8],
    ],
  },
}

/** Waits for a time of the wall clock. */
const WALL_WAITS: typeof WAITS = {
  'clock_nanosleep until a real time': {
    result: 0,
    steps: (s) => absolute(REALTIME, s, (_, t) => ['clock_nanosleep', REALTIME, ABSTIME, t, 0]),
  },
  'futex with FUTEX_CLOCK_REALTIME': {
    result: -ETIMEDOUT,
    steps: (s) =>
      absolute(REALTIME, s, (at, t) => ['futex', SCRATCH + 64, 265, at.u32(SCRATCH + 64), t, 0, 1]),
  },
  mq_timedreceive: {
    result: -ETIMEDOUT,
    steps: (s) => {
      let queue = 0
      return [
        () => ['mq_open', 'q', O_CREAT | O_RDWR, 0o600, 0],
        (at) => void (queue = at.result),
        ...absolute(REALTIME, s, (at, t) => ['mq_timedreceive', queue, at.room(8192), 8192, 0, t]),
      ]
    },
  },
  'timerfd TFD_TIMER_ABSTIME': {
    result: 8,
    steps: (s) => {
      let timer = 0
      return [
        () => ['timerfd_create', REALTIME, 0],
        (at) => void (timer = at.result),
        ...absolute(REALTIME, s, (at, t) => {
          at.put64(t + 16, at.i64(t))
          at.put64(t + 24, at.i64(t + 8))
          at.put64(t, 0)
          at.put64(t + 8, 0)
          at.room(32)
          return ['timerfd_settime', timer, ABSTIME, t, 0]
        }),
        (at) => ['read', timer, at.room(8), 8],
      ]
    },
  },
}

const PACES = [60, 0.5, 1, 0, -1, -2] as const
const rateOf = (pace: number): number => (pace === 0 ? 1 : Math.abs(pace))

describe('clocks', () => {
  it('are those of the world below without options, and nothing changes for who has no engine', async () => {
    const seen: Record<string, number[]> = {}
    for (const [name, engines] of [
      ['none', []],
      ['own', [time()]],
    ] as const) {
      const into: number[] = (seen[name] = [])
      const s = scripted(
        {
          main: [
            ...[REALTIME, MONOTONIC, BOOTTIME, TAI].flatMap((id) => read(id, (t) => void into.push(t))),
            exit(0),
          ],
        },
        { engines: [...engines] },
      )
      await s.run('main')
    }
    for (const [i, t] of seen.none!.entries()) expect(Math.abs(seen.own![i]! - t)).toBeLessThan(SLACK)
  })

  for (const pace of PACES)
    it(`run at pace ${pace}`, async () => {
      const seen = new Map<number, number[]>()
      const ids = [REALTIME, REALTIME_COARSE, TAI, MONOTONIC, RAW, MONOTONIC_COARSE, BOOTTIME]
      const readAll = ids.flatMap((id) => read(id!, (t) => void seen.set(id!, [...(seen.get(id!) ?? []), t])))
      const kernel: number[] = []
      const look: Step = () => void kernel.push(kernelNow(s))
      const s: Scripted = scripted(
        { main: [look, ...readAll, sleep(30), look, ...readAll, exit(0)] },
        { engines: [time({ start: '2001-01-01T00:00:00Z', pace: String(pace) })] },
      )
      await s.run('main')
      const passed = kernel[1]! - kernel[0]!
      expect(passed).toBeGreaterThanOrEqual(30 / rateOf(pace))
      expect(passed).toBeLessThan(30 / rateOf(pace) + SLACK)
      for (const id of ids) {
        const [first, last] = seen.get(id!)!
        const isWall = id === REALTIME || id === REALTIME_COARSE || id === TAI
        const rate = isWall ? pace : rateOf(pace)
        expect(Math.abs(last! - first! - passed * rate)).toBeLessThan(SLACK * rateOf(pace))
        if (isWall) expect(Math.abs(first! - START_SEC)).toBeLessThan(0.01 * rateOf(pace))
      }
    })

  it('gettimeofday, time, sysinfo and times agree with them', async () => {
    const seen: number[] = []
    const s = scripted(
      {
        main: [
          sleep(3600),
          (at) => ['gettimeofday', at.room(16), 0],
          (at) => void seen.push(at.i64(SCRATCH)),
          () => ['time', 0],
          (at) => void seen.push(at.result),
          (at) => ['sysinfo', at.room(112)],
          (at) => void seen.push(at.i64(SCRATCH)),
          () => ['times', 0],
          (at) => void seen.push(Math.floor(at.result / 100)),
          exit(0),
        ],
      },
      { engines: [time({ start: '2001-01-01', pace: '60' })] },
    )
    await s.run('main')
    expect(seen).toEqual([START_SEC + 3600, START_SEC + 3600, 3601, 3600])
  })

  it('processor time passes at the view’s pace', async () => {
    const seen: number[] = []
    const note = (t: number): void => void seen.push(t)
    const burn: Step[] = Array.from({ length: 50 }, () => () => ['getpid'])
    const program = (): Step[] => [
      ...read(MONOTONIC, note),
      ...read(PROCESS_CPU, note),
      ...read(THREAD_CPU, note),
      ...burn,
      ...read(MONOTONIC, note),
      ...read(PROCESS_CPU, note),
      ...read(THREAD_CPU, note),
      exit(0),
    ]
    const s = scripted({ main: program() }, { engines: [time({ pace: '1e6' })] })
    await s.run('main')
    const wall = seen[3]! - seen[0]!
    expect(wall).toBeGreaterThan(1)
    for (const i of [1, 2]) expect(Math.abs((seen[3 + i]! - seen[i]!) / wall - 1)).toBeLessThan(0.5)
  })

  it('offset shifts the wall clock alone, to the nanosecond', async () => {
    for (const [offset, sec, nsec] of [
      ['3600', 3600, 0],
      ['-0.25', -1, 750_000_000],
      ['-1.000000001', -2, 999_999_999],
      ['0.999999999', 0, 999_999_999],
    ] as const) {
      const { kernel } = scripted({ main: [exit(0)] }).machine
      const { clock } = time({ offset }).offers!(kernel.world) as typeof kernel.world
      const nowNs = kernel.clock.monotonicNs()
      clock.readRealtimeAt(nowNs)
      const seen = [clock.sec, clock.nsec]
      kernel.clock.readRealtimeAt(nowNs)
      const total = kernel.clock.nsec + nsec
      expect(seen).toEqual([kernel.clock.sec + sec + Math.floor(total / NS), total % NS])
      expect(clock.monotonicAt(nowNs)).toBe(nowNs)
    }
  })
})

describe('waits', () => {
  for (const [name, { result, steps }] of Object.entries(WAITS))
    it(`${name} ends when the view's clock says so`, async () => {
      for (const pace of PACES) {
        const elapsed = await measure([time({ pace: String(pace) })], steps(60))
        expect(elapsed.result).toBe(result)
        expect(elapsed.monotonic).toBeGreaterThanOrEqual(60 - 1e-6)
        expect(elapsed.kernel).toBeGreaterThanOrEqual(60 / rateOf(pace) - SLACK)
        expect(elapsed.kernel).toBeLessThan(60 / rateOf(pace) + SLACK)
        expect(Math.abs(elapsed.wall - pace * elapsed.kernel)).toBeLessThan(SLACK * 60)
      }
    })

  for (const [name, { result, steps }] of Object.entries(WALL_WAITS))
    it(`${name} ends when the wall clock shows it`, async () => {
      for (const pace of [60, 0.5]) {
        const elapsed = await measure([time({ start: '2030-01-01', pace: String(pace) })], steps(60))
        expect(elapsed.result).toBe(result)
        expect(elapsed.kernel).toBeLessThan(60 / pace + SLACK)
        expect(elapsed.wall).toBeGreaterThanOrEqual(60 - 1e-3)
      }
    })

  for (const [name, { steps }] of Object.entries(WALL_WAITS))
    it(`${name} waits for somebody to set a clock that stands or runs back`, async () => {
      for (const pace of ['0', '-1']) {
        const engine = time({ pace })
        const setLater: Step[] = [
          () => ['fork'],
          (at) => {
            if (at.result !== 0) at.jump('parent')
          },
          sleep(1000),
          ...absolute(REALTIME, 5000, (_, t) => ['clock_settime', REALTIME, t]),
          exit(0),
        ]
        const s: Scripted = scripted(
          {
            main: setLater,
            parent: [...steps(60), () => void s.log.push(String(Math.floor(kernelNow(s)))), exit(0)],
          },
          { engines: [engine] },
        )
        await s.run('main')
        expect(s.log).toEqual(['1000'])
      }
    })

  it('a wait for a time that has passed ends at once, whichever way the clock runs', async () => {
    for (const pace of ['1', '0', '-1']) {
      const steps = absolute(REALTIME, -10, (_, t) => ['clock_nanosleep', REALTIME, ABSTIME, t, 0])
      const elapsed = await measure([time({ pace })], steps)
      expect(elapsed.kernel).toBeLessThan(SLACK)
      expect(elapsed.result).toBe(0)
    }
  })

  it('a year at a large pace, which is more than numbers hold exactly', async () => {
    const year = 365 * 86400
    const elapsed = await measure([time({ pace: '1e6' })], [sleep(year), sleep(100 * year), sleep(1e-6)])
    expect(elapsed.result).toBe(0)
    expect(Math.abs(elapsed.kernel - (101 * year) / 1e6)).toBeLessThan(0.1)
    expect(Math.abs(elapsed.wall - 101 * year)).toBeLessThan(1e5)
  })

  it('a periodic timer counts its periods by the view’s clock', async () => {
    let ticks = 0
    await measure(
      [time({ pace: '60' })],
      [
        () => ['timerfd_create', MONOTONIC, 0],
        (at) => {
          at.set(R12, at.result)
          return ['timerfd_settime', at.result, 0, at.pointers(1, 0, 1, 0), 0]
        },
        sleep(90.5),
        (at) => ['read', at.get(R12), at.room(8), 8],
        (at) => void (ticks = at.i64(SCRATCH)),
      ],
    )
    expect(ticks).toBe(90)
  })

  it('an interval timer of a microsecond does not stop the machine when the clock has run for centuries', async () => {
    const elapsed = await measure(
      [time({ pace: '1e9' })],
      [
        sleep(290 * 365 * 86400),
        sleep(290 * 365 * 86400),
        (at) => ['rt_sigaction', SIGALRM, at.pointers(1, 0, 0, 0), 0, 8],
        (at) => ['setitimer', 0, at.pointers(0, 1, 0, 1), 0],
        sleep(100_000),
      ],
    )
    expect(elapsed.result).toBe(0)
  })
})

describe('changing the pace', () => {
  it('is continuous, also for who sleeps: what is left passes at the new pace', async () => {
    const engine = time()
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result !== 0) at.jump('parent')
          },
          sleep(40),
          () => engine.setPace(60),
          sleep(30),
          () => engine.setPace(0.5),
          exit(0),
        ],
        // 40 at pace 1; 30 s of the child's are half a second; the last 30 at pace 0.5 take a minute.
        parent: [
          ...read(MONOTONIC, (t) => void s.log.push(t.toFixed(1))),
          sleep(100),
          ...read(MONOTONIC, (t) => void s.log.push(t.toFixed(1))),
          () => void s.log.push(kernelNow(s).toFixed(1)),
          exit(0),
        ],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(s.log).toEqual(['0.0', '100.0', '100.5'])
  })

  it('moves no clock', () => {
    const { kernel } = scripted({ main: [exit(0)] }).machine
    const engine = time({ offset: '0.123456789' })
    const { clock } = engine.offers!(kernel.world) as typeof kernel.world
    let earlier = clock.monotonicNs()
    for (const pace of [60, 0, -3.7, 1e6, 0.001, 1]) {
      const before = kernel.clock.monotonicNs()
      clock.readRealtimeAt(before)
      const wall = clock.sec * NS + clock.nsec
      const monotonic = clock.monotonicAt(before)
      engine.setPace(pace)
      expect(engine.pace).toBe(pace)
      expect(clock.monotonicAt(before)).toBe(monotonic)
      expect(monotonic).toBeGreaterThanOrEqual(earlier)
      earlier = monotonic
      const after = kernel.clock.monotonicNs()
      clock.readRealtimeAt(after)
      // Between the two readings a few microseconds passed, at either pace.
      expect(Math.abs(clock.sec * NS + clock.nsec - wall)).toBeLessThan((after - before) * 1.1e6)
    }
  })

  it('frees who waits for a wall clock that stood, and holds who waits for one that now stands', async () => {
    const engine = time({ pace: '0' })
    const until = (seconds: number): Step[] =>
      absolute(REALTIME, seconds, (_, t) => ['clock_nanosleep', REALTIME, ABSTIME, t, 0])
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result !== 0) at.jump('parent')
          },
          sleep(1000),
          () => engine.setPace(2),
          sleep(20),
          () => engine.setPace(-1),
          sleep(500),
          () => engine.setPace(1),
          exit(0),
        ],
        // 20 of 60 s pass; then 500 are lost; the 540 that are left pass at pace 1.
        parent: [...until(60), () => void s.log.push(kernelNow(s).toFixed(0)), exit(0)],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(s.log).toEqual([String(1000 + 10 + 500 + 540)])
  })

  it('thousands of times keeps only the last stretches', () => {
    const { kernel } = scripted({ main: [exit(0)] }).machine
    const engine = time()
    const { clock } = engine.offers!(kernel.world) as typeof kernel.world
    const start = kernel.clock.monotonicNs()
    for (let i = 0; i < 5000; i++) engine.setPace(1 + (i % 3))
    expect(clock.monotonicAt(start)).toBeLessThanOrEqual(clock.monotonicNs())
    expect(clock.monotonicAt(0)).toBe(0)
  })
})

describe('setting the clock', () => {
  const settime =
    (clock: number, sec: number, nsec = 0): Step =>
    (at) => ['clock_settime', clock, at.pointers(sec, nsec)]

  it('sets the view’s wall clock and nothing else', async () => {
    const seen: number[] = []
    const look = (at: At): void => void seen.push(at.result)
    const s: Scripted = scripted(
      {
        main: [
          settime(REALTIME, 1000),
          look,
          ...read(REALTIME, (t) => void seen.push(Math.floor(t))),
          ...read(MONOTONIC, (t) => void seen.push(Math.floor(t))),
          (at) => ['settimeofday', at.pointers(2000, 5), 0],
          look,
          ...read(REALTIME, (t) => void seen.push(Math.floor(t))),
          settime(MONOTONIC, 1),
          look,
          settime(REALTIME, 1, NS),
          look,
          () => ['clock_settime', REALTIME, 0],
          look,
          () => ['setuid', 1000],
          settime(REALTIME, 1),
          look,
          () => void s.machine.kernel.clock.readRealtime(),
          () => void seen.push(s.machine.kernel.clock.sec),
          exit(0),
        ],
      },
      { engines: [time()] },
    )
    await s.run('main')
    expect(seen).toEqual([0, 1000, 0, 0, 2000, -EINVAL, -EINVAL, -EFAULT, -EPERM, EPOCH_SEC])
  })

  it('is refused at the bottom', async () => {
    const seen: number[] = []
    const s = scripted({ main: [settime(REALTIME, 1000), (at) => void seen.push(at.result), exit(0)] })
    await s.run('main')
    expect(seen).toEqual([-EPERM])
  })

  it('moves absolute waits, and leaves relative ones', async () => {
    const engine = time()
    const until: Step[] = absolute(REALTIME, 1000, (_, t) => ['clock_nanosleep', REALTIME, ABSTIME, t, 0])
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('absolute')
          },
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('relative')
          },
          sleep(10),
          ...absolute(REALTIME, 600, (_, t) => ['clock_settime', REALTIME, t]),
          () => ['wait4', -1, 0, 0, 0],
          () => ['wait4', -1, 0, 0, 0],
          exit(0),
        ],
        absolute: [...until, () => void s.log.push(`absolute ${kernelNow(s).toFixed(0)}`), exit(0)],
        relative: [sleep(1000), () => void s.log.push(`relative ${kernelNow(s).toFixed(0)}`), exit(0)],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(s.log).toEqual(['absolute 400', 'relative 1000'])
  })

  it('cancels a timerfd that asked for it', async () => {
    const CANCEL_ON_SET = 2
    const seen: number[] = []
    const look = (at: At): void => void seen.push(at.result)
    const engine = time()
    const s = scripted(
      {
        main: [
          () => ['timerfd_create', REALTIME, 0o4000],
          (at) => {
            at.set(R12, at.result)
            return [
              'timerfd_settime',
              at.result,
              ABSTIME | CANCEL_ON_SET,
              at.pointers(0, 0, EPOCH_SEC + 1e6, 0),
              0,
            ]
          },
          look,
          (at) => ['read', at.get(R12), at.room(8), 8],
          look,
          () => engine.setPace(-1),
          (at) => ['read', at.get(R12), at.room(8), 8],
          look,
          settime(REALTIME, EPOCH_SEC - 5),
          (at) => ['read', at.get(R12), at.room(8), 8],
          look,
          (at) => ['read', at.get(R12), at.room(8), 8],
          look,
          () => engine.setTime('2024-06-01T00:00:00Z'),
          (at) => ['read', at.get(R12), at.room(8), 8],
          look,
          exit(0),
        ],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(seen).toEqual([0, -EAGAIN, -EAGAIN, -ECANCELED, -EAGAIN, -ECANCELED])
  })
})

describe('views in views', () => {
  const paces = (...list: string[]): TimeEngine[] => list.map((pace) => time({ pace }))

  for (const [list, rate, wall] of [
    [['60', '60'], 3600, 3600],
    [['60', '60', '2'], 7200, 7200],
    [['2', '0.5'], 1, 1],
    [['-1', '-1'], 1, 1],
    [['-1', '60'], 60, -60],
    [['0', '60'], 60, 0],
    [['60', '0'], 60, 0],
    [['3', '0.1', '10'], 3, 3],
  ] as const)
    it(`paces ${list.join(' × ')} are ${rate}, and ${wall} for the wall clock`, async () => {
      const elapsed = await measure(paces(...list), [sleep(7200)])
      expect(Math.abs(elapsed.kernel - 7200 / rate)).toBeLessThan(SLACK)
      expect(Math.abs(elapsed.monotonic - rate * elapsed.kernel)).toBeLessThan(SLACK * rate)
      expect(Math.abs(elapsed.wall - wall * elapsed.kernel)).toBeLessThan(SLACK * rate)
    })

  it('an offset over a frozen world stays frozen', async () => {
    const elapsed = await measure(
      [time({ start: '2001-01-01', pace: '0' }), time({ offset: '3600' })],
      [sleep(50)],
    )
    expect(elapsed.wall).toBe(0)
  })

  it('a change of the outer pace reaches who sleeps in the inner view', async () => {
    const outer = time()
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result !== 0) at.jump('parent')
          },
          // A second of the kernel, at 60 × 1.
          sleep(60),
          () => outer.setPace(60),
          exit(0),
        ],
        parent: [sleep(3660), () => void s.log.push(kernelNow(s).toFixed(2)), exit(0)],
      },
      { engines: [outer, time({ pace: '60' })] },
    )
    await s.run('main')
    expect(s.log).toEqual(['2.00'])
  })

  it('setting the inner clock leaves the outer, and turning the outer one turns the inner', () => {
    const { kernel } = scripted({ main: [exit(0)] }).machine
    const outer = time()
    const inner = time()
    const outerWorld = { ...kernel.world, ...outer.offers!(kernel.world) }
    const { clock } = inner.offers!(outerWorld) as typeof kernel.world
    expect(clock.setRealtime(1000, 0)).toBe(true)
    outerWorld.clock.readRealtime()
    expect(outerWorld.clock.sec).toBe(EPOCH_SEC)
    expect(clock.direction).toBe(1)
    outer.setPace(-1)
    expect(clock.direction).toBe(-1)
    expect(clock.monotonicOfRealtime(2000, 0)).toBe(Infinity)
  })

  it('a process keeps its start time, whoever looks', async () => {
    const engine = time({ pace: '60' })
    const seen: number[] = []
    const stat: Step[] = [
      () => ['open', '/proc/3/stat', 0],
      (at) => ['read', at.result, at.room(1000), 1000],
      (at) => void seen.push(Number(at.string(SCRATCH, at.result).split(' ')[21])),
    ]
    const s = scripted(
      {
        main: [
          sleep(120),
          () => ['fork'],
          (at) => {
            if (at.result === 0) at.jump('child')
          },
          ...stat,
          () => engine.setPace(1),
          sleep(1000),
          ...stat,
          exit(0),
        ],
        child: [sleep(1e6), exit(0)],
      },
      { engines: [engine], machine: { mounts: [{ at: '/proc', fs: { type: 'proc' } }] } },
    )
    await s.run('main')
    expect(seen).toEqual([12000, 12000])
  })
})

describe('engines that come and go', () => {
  it('taken out while tasks sleep, their waits end as they would have', async () => {
    const engine = time({ pace: '60' })
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result !== 0) at.jump('parent')
          },
          sleep(60),
          () => void s.machine.kernel.view.remove(engine),
          sleep(100),
          exit(0),
        ],
        parent: [
          sleep(600),
          () => void s.log.push(kernelNow(s).toFixed(1)),
          // The next one is on the clock of the world below.
          sleep(10),
          () => void s.log.push(kernelNow(s).toFixed(1)),
          exit(0),
        ],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(s.log).toEqual(['10.0', '20.0'])
  })

  it('in two machines it is two clocks', async () => {
    const engine = time({ start: '2001-01-01' })
    for (const pause of [100, 50]) {
      let seen = 0
      const main = [sleep(pause), ...read(REALTIME, (t) => void (seen = t)), exit(0)]
      await scripted({ main }, { engines: [engine] }).run('main')
      expect(Math.floor(seen)).toBe(START_SEC + pause)
    }
  })

  it('a sleeper that a signal wakes after that goes on with its rest, by the clock that it began on', async () => {
    const engine = time({ pace: '60' })
    const s: Scripted = scripted(
      {
        main: [
          () => ['fork'],
          (at) => {
            if (at.result !== 0) at.jump('parent')
          },
          sleep(300),
          () => void s.machine.kernel.view.remove(engine),
          () => ['kill', 2, 19],
          () => ['kill', 2, 18],
          exit(0),
        ],
        parent: [sleep(600), () => void s.log.push(kernelNow(s).toFixed(1)), exit(0)],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(s.log).toEqual(['10.0'])
  })

  it('when the one below goes, the one above goes on from where it was', async () => {
    const [below, above] = [time({ start: '1999-01-01', pace: '60' }), time({ offset: '3600', pace: '2' })]
    const seen: number[] = []
    const note = (t: number): void => void seen.push(Math.round(t))
    const both: Step[] = [...read(MONOTONIC, note), ...read(REALTIME, note)]
    const s: Scripted = scripted(
      {
        main: [
          sleep(1200),
          ...both,
          () => void s.machine.kernel.view.remove(below),
          ...both,
          sleep(10),
          ...both,
          () => seen.push(Math.round(kernelNow(s))) && undefined,
          exit(0),
        ],
      },
      { engines: [below, above] },
    )
    await s.run('main')
    const base = Date.UTC(1999, 0, 1) / 1000 + 3600
    expect(seen).toEqual([1200, base + 1200, 1200, base + 1200, 1210, base + 1210, 15])
  })
})

describe('file times', () => {
  /** Seconds and nanoseconds of st_mtime, as a step pair. */
  const mtime = (name: string, note: (sec: number, nsec: number) => void): Step[] => [
    (at) => ['stat', name, at.room(144)],
    (at) => note(at.i64(SCRATCH + 88), at.i64(SCRATCH + 96)),
  ]

  it('are the view’s: a file is as old as its clock says, an explicit time is exact', async () => {
    const log: unknown[] = []
    const touch: Step[] = [() => ['creat', '/tmp/x', 0o600], (at) => ['close', at.result]]
    for (const pace of ['60', '0.7', '0', '-1']) {
      const s = scripted(
        {
          main: [
            sleep(100),
            ...touch,
            ...read(REALTIME, (t) => void log.push(Math.floor(t))),
            ...mtime('/tmp/x', (sec) => void log.push(sec)),
            (at) => [
              'utimensat',
              -100,
              at.text('/tmp/x'),
              at.pointers(1_234_567_890, 123_456_789, 987_654_321, 999_999_999),
              0,
            ],
            ...mtime('/tmp/x', (sec, nsec) => void log.push([sec, nsec])),
            exit(0),
          ],
        },
        { engines: [time({ start: '2001-01-01', pace })] },
      )
      await s.run('main')
      const passed = { '60': 100, '0.7': 100, '0': 0, '-1': -101 }[pace]
      expect(log.splice(0)).toEqual([START_SEC + passed!, START_SEC + passed!, [987_654_321, 999_999_999]])
    }
  })

  it('order what is written as make needs it, in pipes, memfds and sockets too', async () => {
    const seen: number[] = []
    const fstat: Step[] = [
      (at) => ['fstat', at.result, at.room(144)],
      (at) => void seen.push(at.i64(SCRATCH + 88)),
    ]
    const s = scripted(
      {
        main: [
          () => ['memfd_create', 'm', 0],
          ...fstat,
          () => ['socket', 1, 1, 0],
          ...fstat,
          (at) => ['pipe2', at.room(8), 0],
          (at) => ['fstat', at.u32(SCRATCH), at.room(144)],
          (at) => void seen.push(at.i64(SCRATCH + 88)),
          () => ['mkdir', '/tmp/d', 0o700],
          ...mtime('/tmp/d', (sec) => void seen.push(sec)),
          ...mtime('/tmp', (sec) => void seen.push(sec)),
          () => ['rename', '/tmp/d', '/tmp/e'],
          // st_ctime
          ...mtime('/tmp/e', () => {}),
          (at) => void seen.push(at.i64(SCRATCH + 104)),
          exit(0),
        ],
      },
      { engines: [time({ start: '2001-01-01', pace: '0' })] },
    )
    await s.run('main')
    expect(seen).toEqual(seen.map(() => START_SEC))
  })

  it('of a shared mapping are those of whoever stores', async () => {
    const seen: number[] = []
    const s = scripted(
      {
        main: [
          () => ['open', '/tmp/m', O_CREAT | O_RDWR, 0o600],
          (at) => {
            at.set(R12, at.result)
            return ['ftruncate', at.result, 4096]
          },
          (at) => ['mmap', 0, 4096, 3, 1, at.get(R12), 0],
          (at) => ['clock_gettime', REALTIME, at.result],
          ...mtime('/tmp/m', (sec) => void seen.push(sec)),
          exit(0),
        ],
      },
      { engines: [time({ start: '2001-01-01', pace: '0' })] },
    )
    await s.run('main')
    expect(seen).toEqual([START_SEC])
  })

  it('of what was there before stay', async () => {
    let seen = 0
    const s = scripted(
      { main: [...mtime('/bin/main', (sec) => void (seen = sec)), exit(0)] },
      { engines: [time({ start: '2001-01-01' })] },
    )
    await s.run('main')
    expect(seen).toBe(EPOCH_SEC)
  })
})

describe('options', () => {
  const make = (text: string) => (): unknown => time(ModuleOptions.parse(text))

  for (const text of [
    'start=yesterday',
    'start=2001-02-30T00:00:00Z',
    'start=2001-13-01',
    'start=2001-01-01T24:00:00Z',
    'start=',
    'offset=',
    'offset=1e3',
    'offset=NaN',
    'pace=',
    'pace=fast',
    'pace=NaN',
    'pace=Infinity',
    'pace=2e9',
    'pace=1e-12',
    'speed=2',
    'start=2001-01-01,offset=5',
  ])
    it(`refuses ${text}`, () => expect(make(text)).toThrow(/^time: /))

  it('takes dates with zones and fractions', () => {
    for (const [text, sec, nsec] of [
      ['2001-01-01', START_SEC, 0],
      ['2001-01-01T00:00Z', START_SEC, 0],
      ['2001-01-01T02:00:00+02:00', START_SEC, 0],
      ['2000-12-31T19:30:00.000000001-0430', START_SEC, 1],
      ['2000-02-29 12:00:00', Date.UTC(2000, 1, 29, 12) / 1000, 0],
      ['1969-12-31T23:59:59.25', -1, 250_000_000],
      ['0050-12-31', -60_557_846_400, 0],
    ] as const) {
      const { kernel } = scripted({ main: [exit(0)] }).machine
      const { clock } = time({ start: text, pace: '0' }).offers!(kernel.world) as typeof kernel.world
      clock.readRealtime()
      expect([clock.sec, clock.nsec]).toEqual([sec, nsec])
    }
  })

  it('a pace is checked when it is set, too', () => {
    const engine = time()
    expect(() => engine.setPace(NaN)).toThrow()
    expect(() => engine.setTime('soon')).toThrow()
    expect(engine.pace).toBe(1)
  })
})
