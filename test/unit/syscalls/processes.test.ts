/** Processes, signals, pipes, memory and time, with a scripted CPU. */

import { describe, expect, it } from 'vitest'
import { R12, R13, R14, RDI, RDX, RSI, RSP } from '../../../emu/guest/x86/state.ts'
import { BufferInput } from '../../../src/host/sim/sim-host.ts'
import * as E from '../../../syscalls/abi/errno.ts'
import { type At, exit, SCRATCH, type Step, scripted, settle } from './scripted.ts'

const SA_SIGINFO = 4
const SA_RESTORER = 0x04000000
const SA_ONSTACK = 0x08000000
const SA_RESETHAND = 0x80000000

const onSignal =
  (signo: number, label: string, flags = 0): Step =>
  (at) => {
    const action = at.room(32)
    at.put64(action, at.label(label))
    at.put64(action + 8, (flags | SA_RESTORER) >>> 0)
    at.put64(action + 16, at.label('restorer'))
    at.put64(action + 24, 0)
    return ['rt_sigaction', signo, action, 0, 8]
  }
const restorer: Step[] = [() => ['rt_sigreturn']]
const sleepMs =
  (ms: number): Step =>
  (at) => ['nanosleep', at.pointers(0, ms * 1_000_000), 0]
const inChild =
  (label: string): Step =>
  (at) => {
    if (at.result === 0) at.jump(label)
    else at.set(R12, at.result)
  }

/** Runs parts and gives what steps put into the log. */
async function logOf(
  parts: (note: (what: unknown) => void) => Record<string, Step[]>,
  stdin?: BufferInput,
): Promise<unknown[]> {
  const log: unknown[] = []
  const s = scripted(
    parts((what) => {
      log.push(what)
    }),
    stdin ? { stdin } : {},
  )
  log.push(await s.run('main'))
  return log
}

describe('processes', () => {
  it('fork shares descriptors and copies memory; wait4 gives statuses in order', async () => {
    const log = await logOf((note) => ({
      main: [
        (at) => at.put32(SCRATCH + 0x100, 1),
        () => ['fork'],
        inChild('child'),
        () => ['wait4', -1, SCRATCH, 0, 0],
        (at) => note([at.result, at.u32(SCRATCH), at.u32(SCRATCH + 0x100)]),
        () => ['wait4', -1, SCRATCH, 0, 0],
        (at) => note(at.result),
        exit(0),
      ],
      child: [(at) => at.put32(SCRATCH + 0x100, 2), exit(300)],
    }))
    expect(log).toEqual([[3, 44 << 8, 1], -E.ECHILD, { code: 0, signal: null }])
  })

  it('orphans go to init; WNOHANG; waitid leaves a zombie with WNOWAIT', async () => {
    const log = await logOf((note) => ({
      main: [
        () => ['fork'],
        inChild('child'),
        () => ['wait4', -1, SCRATCH, 1, 0],
        (at) => note(at.result),
        sleepMs(20),
        () => ['waitid', 0, 0, SCRATCH, 0x1000004, 0],
        (at) => note([at.result, at.u32(SCRATCH), at.u32(SCRATCH + 8), at.u32(SCRATCH + 24)]),
        () => ['wait4', -1, 0, 0, 0],
        (at) => note(at.result),
        exit(0),
      ],
      child: [() => ['fork'], inChild('grandchild'), sleepMs(5), exit(6)],
      grandchild: [sleepMs(10), () => ['getppid'], (at) => note(`parent ${at.result}`), exit(0)],
    }))
    expect(log).toEqual([0, 'parent 1', [0, 17, 1, 6], 3, { code: 0, signal: null }])
  })

  it('execve: errors, scripts, argument limit, close-on-exec', async () => {
    const log = await logOf((note) => {
      const tryExec = (path: string): Step[] => [
        (at) => ['execve', path, at.pointers(at.text(path), 0), 0],
        (at) => note(at.result),
      ]
      const write = (path: string, text: string, mode: number): Step[] => [
        () => ['creat', path, mode],
        (at) => {
          at.set(R13, at.result)
          return ['write', at.result, text, text.length]
        },
        (at) => ['close', at.get(R13)],
      ]
      return {
        main: [
          ...tryExec('/no'),
          ...tryExec('/tmp'),
          ...tryExec('/bin/main/x'),
          ...write('/tmp/plain', 'plain text', 0o755),
          ...tryExec('/tmp/plain'),
          ...write('/tmp/noexec', '#!/bin/other\n', 0o644),
          ...tryExec('/tmp/noexec'),
          ...write('/tmp/loop', '#!/tmp/loop\n', 0o755),
          ...tryExec('/tmp/loop'),
          ...write('/tmp/missing', '#!/no/such\n', 0o755),
          ...tryExec('/tmp/missing'),
          ...write('/tmp/truncated', '\x7fELF', 0o755),
          ...tryExec('/tmp/truncated'),
          () => ['execve', '/bin/other', 1, 0],
          (at) => note(at.result),
          ...write('/tmp/script', '#! /bin/other  -a b \nrest', 0o755),
          () => ['open', '/tmp/script', 0o2000000, 0],
          (at) => ['execve', '/tmp/script', at.pointers(at.text('name'), at.text('x y'), 0), 0],
        ],
        other: [
          (at) => {
            const argc = at.i64(at.get(RSP))
            const argv = Array.from({ length: argc }, (_, i) => {
              const addr = at.i64(at.get(RSP) + 8 + i * 8)
              return at.string(addr, 32).split('\0')[0]
            })
            note([argv, at.get(RSP) % 16])
            return ['fcntl', 3, 1]
          },
          (at) => note(at.result),
          exit(0),
        ],
      }
    })
    expect(log).toEqual([
      -E.ENOENT,
      -E.EACCES,
      -E.ENOTDIR,
      -E.ENOEXEC,
      -E.EACCES,
      -E.ELOOP,
      -E.ENOENT,
      -E.ENOEXEC,
      -E.EFAULT,
      [['/bin/other', '-a b', '/tmp/script', 'x y'], 0],
      -E.EBADF,
      { code: 0, signal: null },
    ])
  })

  it('groups and sessions', async () => {
    const log = await logOf((note) => {
      const call = (...c: [string, ...number[]]): Step[] => [() => c, (at) => note([c[0], at.result])]
      return {
        main: [
          ...call('getpgrp'),
          ...call('setsid'),
          () => ['fork'],
          inChild('child'),
          () => ['wait4', -1, 0, 0, 0],
          exit(0),
        ],
        child: [
          ...call('setpgid', 0, 0),
          ...call('getpgid', 0),
          ...call('setpgid', 0, 99),
          ...call('getsid', 0),
          ...call('kill', 77, 0),
          exit(0),
        ],
      }
    })
    expect(log.slice(0, -1)).toEqual([
      ['getpgrp', 2],
      ['setsid', -E.EPERM],
      ['setpgid', 0],
      ['getpgid', 3],
      ['setpgid', -E.EPERM],
      ['getsid', 2],
      ['kill', -E.ESRCH],
    ])
  })
})

describe('signals', () => {
  it('a handler gets siginfo and ucontext, and everything comes back afterwards', async () => {
    const log = await logOf((note) => ({
      main: [
        onSignal(11, 'handler', SA_SIGINFO),
        (at) => at.set(R14, 0x1234),
        (at) => {
          if (at.get(R14) === 0x1234) at.load(0x1000)
          note('retried')
        },
        (at) => note([at.get(R14).toString(16), at.get(RSP) % 16]),
        exit(0),
      ],
      handler: [
        (at) => {
          const info = at.get(RSI)
          const context = at.get(RDX)
          note([at.get(RDI), at.u32(info), at.u32(info + 8), at.i64(info + 16), (at.get(RSP) + 8) % 16])
          // gregs: r14 is the seventh, TRAPNO 20, ERR 19, CR2 22.
          const gregs = context + 40
          note([at.i64(gregs + 20 * 8), at.i64(gregs + 19 * 8), at.i64(gregs + 22 * 8)])
          at.put64(gregs + 6 * 8, 0x5678)
        },
        (at) => at.return(),
      ],
      restorer,
    }))
    expect(log).toEqual([
      [11, 11, 1, 0x1000, 0],
      [14, 4, 0x1000],
      'retried',
      ['5678', 0],
      { code: 0, signal: null },
    ])
  })

  it('unhandled faults end the program; SEGV_ACCERR on a read-only page; a blocked fault kills', async () => {
    expect(await logOf(() => ({ main: [(at) => at.load(0x1000)] }))).toEqual([
      { code: null, signal: 'SIGSEGV' },
    ])
    const log = await logOf((note) => ({
      main: [
        onSignal(11, 'handler', SA_SIGINFO),
        () => ['mmap', 0, 4096, 1, 0x22, -1, 0],
        (at) => at.set(R12, at.result),
        (at) => at.store(at.get(R12)),
      ],
      handler: [(at) => note([at.u32(at.get(RSI) + 8), at.i64(at.get(RSI) + 16) === at.get(R12)]), exit(0)],
      restorer,
    }))
    expect(log[0]).toEqual([2, true])
    const blocked = await logOf(() => ({
      main: [
        onSignal(11, 'handler'),
        (at) => ['rt_sigprocmask', 0, at.pointers(1 << 10), 0, 8],
        (at) => at.load(0x1000),
      ],
      handler: [exit(1)],
      restorer,
    }))
    expect(blocked).toEqual([{ code: null, signal: 'SIGSEGV' }])
  })

  it('sigaltstack, SA_RESETHAND, masks, pending', async () => {
    const log = await logOf((note) => ({
      main: [
        onSignal(10, 'handler', SA_ONSTACK | SA_RESETHAND),
        (at) => ['sigaltstack', at.pointers(SCRATCH + 0x10000, 0, 0x4000), 0],
        (at) => ['rt_sigprocmask', 0, at.pointers(1 << 9), 0, 8],
        () => ['kill', 2, 10],
        () => ['kill', 2, 10],
        () => ['rt_sigpending', SCRATCH, 8],
        (at) => note(at.u32(SCRATCH)),
        (at) => ['rt_sigprocmask', 1, at.pointers(1 << 9), 0, 8],
        () => note('after'),
        () => ['kill', 2, 10],
      ],
      handler: [
        (at) => note(at.get(RSP) > SCRATCH + 0x10000 && at.get(RSP) < SCRATCH + 0x14000),
        (at) => at.return(),
      ],
      restorer,
    }))
    expect(log).toEqual([1 << 9, true, 'after', { code: null, signal: 'SIGUSR1' }])
  })

  it('sigsuspend waits and restores; pause; alarm; EINTR of a sleep with what is left', async () => {
    const log = await logOf((note) => ({
      main: [
        onSignal(14, 'handler'),
        (at) => ['rt_sigprocmask', 0, at.pointers(1 << 13), 0, 8],
        () => ['alarm', 1],
        (at) => ['rt_sigsuspend', at.pointers(0), 8],
        (at) => note(['suspend', at.result]),
        () => ['rt_sigprocmask', 0, 0, SCRATCH, 8],
        (at) => note(at.u32(SCRATCH) === 1 << 13),
        (at) => ['rt_sigprocmask', 2, at.pointers(0), 0, 8],
        () => ['alarm', 1],
        (at) => ['nanosleep', at.pointers(5, 0), SCRATCH + 0x200],
        (at) => note(['sleep', at.result, at.i64(SCRATCH + 0x200)]),
        () => ['alarm', 1],
        () => ['pause'],
        (at) => note(['pause', at.result]),
        exit(0),
      ],
      handler: [() => note('handler'), (at) => at.return()],
      restorer,
    }))
    expect(log).toEqual([
      'handler',
      ['suspend', -E.EINTR],
      true,
      'handler',
      ['sleep', -E.EINTR, 3],
      'handler',
      ['pause', -E.EINTR],
      { code: 0, signal: null },
    ])
  })

  it('a stopped sleep goes on by restart_syscall and lasts as long as it should', async () => {
    const log = await logOf((note) => ({
      main: [
        () => ['fork'],
        inChild('child'),
        sleepMs(100),
        (at) => ['kill', at.get(R12), 19],
        sleepMs(100),
        (at) => ['kill', at.get(R12), 18],
        () => ['wait4', -1, SCRATCH, 0, 0],
        exit(0),
      ],
      child: [
        () => ['clock_gettime', 1, SCRATCH + 0x300],
        (at) => ['nanosleep', at.pointers(0, 500_000_000), 0],
        (at) => note(at.result),
        () => ['clock_gettime', 1, SCRATCH + 0x310],
        (at) => {
          const ms =
            (at.i64(SCRATCH + 0x310) - at.i64(SCRATCH + 0x300)) * 1000 +
            (at.i64(SCRATCH + 0x318) - at.i64(SCRATCH + 0x308)) / 1e6
          note(Math.round(ms / 10) * 10)
        },
        exit(0),
      ],
    }))
    expect(log).toEqual([0, 500, { code: 0, signal: null }])
  })

  it('sigtimedwait takes a blocked signal or times out', async () => {
    const log = await logOf((note) => ({
      main: [
        (at) => ['rt_sigprocmask', 0, at.pointers(1 << 9), 0, 8],
        (at) => ['rt_sigtimedwait', at.pointers(1 << 9), 0, at.pointers(0, 1000), 8],
        (at) => note(at.result),
        () => ['kill', 2, 10],
        (at) => ['rt_sigtimedwait', at.pointers(1 << 9), SCRATCH, 0, 8],
        (at) => note([at.result, at.u32(SCRATCH)]),
        exit(0),
      ],
    }))
    expect(log.slice(0, 2)).toEqual([-E.EAGAIN, [10, 10]])
  })
})

describe('pipes and polling', () => {
  it('a large write blocks in parts and repeats nothing', async () => {
    const SIZE = 200_000
    let total = 0
    const log = await logOf((note) => ({
      main: [
        () => ['pipe2', SCRATCH, 0],
        () => ['fork'],
        inChild('child'),
        () => ['close', 4],
        () => ['mmap', 0, SIZE, 3, 0x22, -1, 0],
        (at) => at.set(R13, at.result),
      ],
      reading: [
        (at) => ['read', 3, at.get(R13), 7000],
        (at) => {
          total += at.result
          if (at.result > 0) at.jump('reading')
        },
        exit(0),
      ],
      child: [
        () => ['mmap', 0, SIZE, 3, 0x22, -1, 0],
        (at) => ['write', 4, at.result, SIZE],
        (at) => note(at.result),
        exit(0),
      ],
    }))
    expect(log).toEqual([SIZE, { code: 0, signal: null }])
    expect(total).toBe(SIZE)
  })

  it('SIGPIPE and EPIPE; EAGAIN; end of file', async () => {
    const log = await logOf((note) => ({
      main: [
        () => ['pipe2', SCRATCH, 0o4000],
        () => ['read', 3, SCRATCH, 1],
        (at) => note(at.result),
        () => ['close', 3],
        (at) => ['rt_sigaction', 13, at.pointers(1, 0, 0, 0), 0, 8],
        () => ['write', 4, SCRATCH, 1],
        (at) => note(at.result),
        (at) => ['rt_sigaction', 13, at.pointers(0, 0, 0, 0), 0, 8],
        () => ['write', 4, SCRATCH, 1],
      ],
    }))
    expect(log).toEqual([-E.EAGAIN, -E.EPIPE, { code: null, signal: 'SIGPIPE' }])
  })

  it('poll: timeout, ready, hang-up, bad descriptor', async () => {
    const poll =
      (...fds: [number, number][]): Step =>
      (at: At) => {
        const where = SCRATCH + 0x400
        fds.forEach(([fd, events], i) => {
          at.put32(where + i * 8, fd)
          at.put32(where + i * 8 + 4, events)
        })
        return ['poll', where, fds.length, 10]
      }
    const revents = (at: At, i: number): number => at.u32(SCRATCH + 0x400 + i * 8 + 4) >>> 16
    const log = await logOf((note) => ({
      main: [
        () => ['pipe2', SCRATCH, 0],
        poll([3, 1]),
        (at) => note(at.result),
        () => ['write', 4, SCRATCH, 1],
        poll([3, 1], [4, 4], [-1, 1], [99, 1]),
        (at) => note([at.result, revents(at, 0), revents(at, 1), revents(at, 2), revents(at, 3)]),
        () => ['close', 4],
        () => ['read', 3, SCRATCH, 1],
        poll([3, 1]),
        (at) => note([at.result, revents(at, 0)]),
        exit(0),
      ],
    }))
    expect(log.slice(0, -1)).toEqual([0, [3, 1, 4, 0, 32], [1, 16]])
  })

  it('standard input arrives late and ends', async () => {
    const stdin = new BufferInput(undefined, false)
    const log: unknown[] = []
    const s = scripted(
      {
        main: [
          () => ['read', 0, SCRATCH, 100],
          (at) => void log.push(at.string(SCRATCH, at.result)),
          () => ['read', 0, SCRATCH, 100],
          (at) => void log.push(at.result),
          exit(0),
        ],
      },
      { stdin },
    )
    const run = s.run('main')
    await settle()
    stdin.push(new TextEncoder().encode('late'))
    await settle()
    stdin.end()
    await run
    expect(log).toEqual(['late', 0])
  })
})

describe('memory', () => {
  it('mmap, mprotect to nothing and back, munmap, mremap, brk', async () => {
    const log = await logOf((note) => ({
      main: [
        () => ['mmap', 0, 8192, 3, 0x22, -1, 0],
        (at) => {
          at.set(R12, at.result)
          at.put32(at.result, 77)
          return ['mprotect', at.result, 8192, 0]
        },
        (at) => ['write', 1, at.get(R12), 4],
        (at) => note(at.result),
        (at) => ['mprotect', at.get(R12), 8192, 3],
        (at) => note(at.u32(at.get(R12))),
        (at) => ['mremap', at.get(R12), 8192, 1 << 22, 1],
        (at) => {
          at.set(R12, at.result)
          note(at.u32(at.result))
          return ['munmap', at.result, 1 << 22]
        },
        (at) => ['write', 1, at.get(R12), 4],
        (at) => note(at.result),
        () => ['brk', 0],
        (at) => ['brk', at.result + 5000],
        (at) => ['write', 1, at.result - 8, 4],
        (at) => note(at.result),
        () => ['mmap', 0, 0, 3, 0x22, -1, 0],
        (at) => note(at.result),
        () => ['mmap', 0x2_0000_0000, 4096, 3, 0x32, -1, 0],
        (at) => note(at.result),
        () => ['mmap', 0, 2 ** 40, 3, 0x22, -1, 0],
        (at) => note(at.result),
        () => ['mmap', 0, 0x40000000, 0, 0x22, -1, 0],
        (at) => note(at.result > 0),
        exit(0),
      ],
    }))
    expect(log.slice(0, -1)).toEqual([-E.EFAULT, 77, 77, -E.EFAULT, 4, -E.EINVAL, -E.ENOMEM, -E.ENOMEM, true])
  })

  it('a wild pointer is EFAULT for every kind of argument', async () => {
    const calls: [string, ...number[]][] = [
      ['read', 0, 0x10, 5],
      ['write', 1, 2 ** 40, 5],
      ['stat', -1, SCRATCH],
      ['uname', 0x1ff000],
      ['pipe2', 0xffff_ffff, 0],
      ['getcwd', 0, 100],
      ['rt_sigaction', 10, 0x10, 0, 8],
      ['clock_gettime', 0, 0x10],
      ['writev', 1, 0x10, 2],
      ['nanosleep', 0x10, 0],
    ]
    const log = await logOf((note) => ({
      main: [...calls.flatMap((c): Step[] => [() => c, (at) => note([c[0], at.result])]), exit(0)],
    }))
    expect(log.slice(0, -1)).toEqual(calls.map((c) => [c[0], -E.EFAULT]))
  })

  it('the kernel’s own tables below 2 MiB are out of reach of a copy-out', async () => {
    const log = await logOf((note) => ({
      main: [
        () => ['getrandom', 0x1000, 64, 0],
        (at) => note(at.result),
        () => ['getrandom', 0x100000, 64, 0],
        (at) => note(at.result),
        exit(0),
      ],
    }))
    expect(log).toEqual([-E.EFAULT, -E.EFAULT, { code: 0, signal: null }])
  })
})
