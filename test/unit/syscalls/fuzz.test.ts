/** No system call with any arguments makes the kernel throw: pointers, lengths and flags are all the guest's. */

import { expect, it } from 'vitest'
import { SeededRandom } from '../../../src/host/sim/sim-host.ts'
import { X86_64_NUMBERS } from '../../../syscalls/abi/arch/x86-64-numbers.ts'
import { syscallRows } from '../../../syscalls/sys/index.ts'
import { type Call, exit, SCRATCH, type Step, scripted } from './scripted.ts'

const CALLS = 6000
/** Calls that end or block the only task, or take its registers away: they have tests of their own. */
const EXCLUDED = new Set([
  'exit',
  'exit_group',
  'pause',
  'rt_sigsuspend',
  'rt_sigtimedwait',
  'rt_sigreturn',
  'rt_sigaction',
  'kill',
  'tkill',
  'tgkill',
  'rt_sigqueueinfo',
  'alarm',
  'setrlimit',
  'prlimit64',
  'timer_settime',
  'pidfd_send_signal',
  'epoll_wait',
  'epoll_pwait',
  'epoll_pwait2',
  'accept',
  'accept4',
  'connect',
  'sendto',
  'sendmsg',
  'sendmmsg',
  'recvfrom',
  'recvmsg',
  'recvmmsg',
  'setitimer',
  'fork',
  'vfork',
  'clone',
  'clone3',
  'futex',
  'poll',
  'ppoll',
  'select',
  'pselect6',
  'restart_syscall',
  'nanosleep',
  'clock_nanosleep',
  'read',
  'readv',
  'preadv2',
  'sendfile',
  'flock',
  'fcntl',
  'brk',
  'munmap',
  'mknod',
  'mknodat',
  'pipe',
  'pipe2',
  'mremap',
  'semop',
  'seccomp',
  'prctl',
  'mq_timedsend',
  'mq_timedreceive',
  'mq_notify',
  'semtimedop',
  'msgsnd',
  'msgrcv',
])

it('random calls give results, not exceptions', async () => {
  const seed = Number(process.env.UMWELT_SEED ?? 1)
  const random = new SeededRandom(seed)
  const have = new Set(syscallRows.map((row) => row.name))
  const pick = <T>(list: readonly T[]): T => list[random.next() % list.length]!
  const names = Object.keys(X86_64_NUMBERS).filter((name) => have.has(name) && !EXCLUDED.has(name))
  const argument = (): number | string => {
    switch (random.next() % 10) {
      case 0:
        return 0
      case 1:
        return random.next() % 8
      case 2:
        return SCRATCH + (random.next() % 0x10000)
      case 3:
        return -(random.next() % 200)
      case 4:
        return random.next()
      case 5:
        return random.next() * 0x100000
      case 6:
        return pick([
          '/tmp',
          '/tmp/x',
          '/proc/self/fd/1',
          '/dev/null',
          'x/../y',
          '',
          '/bin/main',
          '/proc/self/maps',
          '/tmp/x/',
          '..',
        ])
      case 7:
        return 1 << (random.next() % 31)
      case 8:
        return 4096 * (random.next() % 64)
      default:
        return random.next() % 4096
    }
  }
  const seen = new Map<string, number>()
  let done = 0
  const step: Step = (at) => {
    if (done > 0) expect(Number.isFinite(at.result)).toBe(true)
    if (done++ === CALLS) {
      at.jump('end')
      return
    }
    const name = pick(names)
    seen.set(name, (seen.get(name) ?? 0) + 1)
    return [name, ...Array.from({ length: 6 }, argument)] as unknown as Call
  }
  const s = scripted({ main: [step, (at) => at.jump('main')], end: [exit(0)] }, { seed })
  const status = await s.run('main').catch((error: unknown) => {
    throw new Error(`seed ${seed}, after ${done} calls`, { cause: error })
  })
  expect(status).toEqual({ code: 0, signal: null })
  expect(seen.size).toBeGreaterThan(140)
})
