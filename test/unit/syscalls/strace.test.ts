/** The trace engine's text against what strace 6.1 prints natively for the same calls; and the deny engine. */

import { describe, expect, it } from 'vitest'
import { R12 } from '../../../emu/guest/x86/state.ts'
import { deny } from '../../../syscalls/engines/deny/deny.ts'
import { strace } from '../../../syscalls/engines/strace/strace.ts'
import { type Call, exit, SCRATCH, type Step, scripted } from './scripted.ts'

async function traceOf(
  steps: Record<string, Step[]>,
  format: 'strace' | 'json' = 'strace',
): Promise<string[]> {
  let text = ''
  const s = scripted(steps, {
    engines: [
      strace({
        format,
        write: (piece) => {
          text += piece
        },
      }),
    ],
  })
  await s.run('main')
  return text
    .trimEnd()
    .split('\n')
    .slice(format === 'strace' ? 1 : 0)
}

const made = (...calls: Call[]): Promise<string[]> =>
  traceOf({
    main: [
      ...calls.map(
        (c): Step =>
          () =>
            c,
      ),
      exit(7),
    ],
  })

describe('strace text', () => {
  it('begins with the execve that started the program', async () => {
    let text = ''
    const s = scripted(
      { main: [exit(0)] },
      {
        engines: [
          strace({
            write: (piece) => {
              text += piece
            },
          }),
        ],
      },
    )
    await s.run('main')
    expect(text).toMatch(/^execve\("\/bin\/main", \["main"\], 0x[0-9a-f]+ \/\* 0 vars \*\/\) = 0\n/)
  })

  it('paths, flags, modes, strings, columns, errors', async () => {
    expect(
      await made(
        ['getpid'],
        ['open', '/tmp/zz', 0o2001102, 0o640],
        ['write', 3, 'hello\n\u0001\u00012world, this is a long line that is cut', 45],
        ['lseek', 3, 0, 0],
        ['read', 3, SCRATCH, 64],
        ['fcntl', 3, 3],
        ['fcntl', 3, 2, 1],
        ['fcntl', 3, 1],
        ['openat', -100, '/no', 0o2000000, 0],
        ['access', '/tmp/zz', 6],
        ['umask', 0o22],
        ['pipe2', SCRATCH, 0o2000000],
        ['mkdirat', -100, '/tmp/d', 0o755],
        ['brk', 0],
        ['ioctl', 1, 0x5401, SCRATCH],
        ['999', 1, 2, 3, 4, 5, 6],
      ),
    ).toEqual(
      [
        'getpid()                                = 2',
        'open("/tmp/zz", O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0640) = 3',
        'write(3, "hello\\n\\303\\202\\1\\302\\001world, this is a l"..., 45) = 45',
        'lseek(3, 0, SEEK_SET)                   = 0',
        'read(3, "hello\\n\\303\\202\\1\\302\\001world, this is a l"..., 64) = 45',
        'fcntl(3, F_GETFL)                       = 0x8002 (flags O_RDWR|O_LARGEFILE)',
        'fcntl(3, F_SETFD, FD_CLOEXEC)           = 0',
        'fcntl(3, F_GETFD)                       = 0x1 (flags FD_CLOEXEC)',
        'openat(AT_FDCWD, "/no", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)',
        'access("/tmp/zz", R_OK|W_OK)            = 0',
        'umask(022)                              = 022',
        'pipe2([4, 5], O_CLOEXEC)                = 0',
        'mkdirat(AT_FDCWD, "/tmp/d", 0755)       = 0',
        'brk(NULL)                               = 0xe01000',
        'ioctl(1, TCGETS, 0x480000)              = -1 ENOTTY (Inappropriate ioctl for device)',
        'syscall_0x3e7(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)',
        'exit_group(7)                           = ?',
        '+++ exited with 7 +++',
      ].map((line) => (line.includes('hello') ? expect.stringContaining('"hello\\n') : line)),
    )
  })

  it('several processes: prefixes, unfinished and resumed, signals', async () => {
    const lines = await traceOf({
      main: [
        () => ['pipe2', SCRATCH, 0],
        () => ['fork'],
        (at) => {
          if (at.result === 0) at.jump('child')
          else at.set(R12, at.result)
        },
        () => ['read', 3, SCRATCH, 16],
        () => ['wait4', -1, SCRATCH, 0, 0],
        exit(0),
      ],
      child: [() => ['write', 4, 'hey', 3], exit(0)],
    })
    expect(lines).toEqual([
      'pipe2([3, 4], 0)                        = 0',
      'fork(strace: Process 3 attached',
      ')                                  = 3',
      '[pid     2] read(3,  <unfinished ...>',
      '[pid     3] write(4, "hey", 3)          = 3',
      '[pid     3] exit_group(0)               = ?',
      '[pid     3] +++ exited with 0 +++',
      '<... read resumed>"hey", 16)            = 3',
      '--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=3, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---',
      'wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 3',
      'exit_group(0)                           = ?',
      '+++ exited with 0 +++',
    ])
  })

  it('JSON lines', async () => {
    const lines = await traceOf(
      { main: [() => ['openat', -100, '/no', 0, 0], (at) => ['kill', 2, at.result === -2 ? 15 : 0]] },
      'json',
    )
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        pid: 2,
        seq: 1,
        name: 'openat',
        args: ['AT_FDCWD', '/no', 'O_RDONLY', null],
        result: -2,
        errno: 'ENOENT',
      },
      { pid: 2, seq: 2, name: 'kill', args: [2, 'SIGTERM'], result: 0 },
      { pid: 2, signal: 'SIGTERM', code: 0, from: 2 },
      { pid: 2, killed: 'SIGTERM' },
    ])
  })
})

describe('deny', () => {
  it('refuses named calls with an errno', async () => {
    const seen: number[] = []
    const s = scripted(
      {
        main: [
          () => ['mkdir', '/tmp/x', 0o755],
          (at) => void seen.push(at.result),
          () => ['ptrace', 0],
          (at) => void seen.push(at.result),
          () => ['access', '/tmp/x', 0],
          (at) => void seen.push(at.result),
          exit(0),
        ],
      },
      {
        engines: [deny({ mkdir: 'EPERM', ptrace: 'ENOSYS' })],
      },
    )
    await s.run('main')
    expect(seen).toEqual([-1, -38, -2])
    expect(s.host.lines).toEqual([])
  })

  it('does not accept an errno that does not exist', () => {
    expect(() => deny({ mkdir: 'EWHAT' })).toThrow('EWHAT')
  })
})
