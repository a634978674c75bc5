/**
 * Choice by argument: the newest service that matches and confirms answers, else the kernel; and the calls that an
 * engine makes itself in the world below it. viewos.md section 3.
 */

import { describe, expect, it } from 'vitest'
import { EAFNOSUPPORT, ENODEV, ENOENT, ENOTTY, ENXIO } from '../../../syscalls/abi/errno.ts'
import { calls, type Engine, noCalls, RUN, SKIPCALL } from '../../../syscalls/engines/engine.ts'
import { OwnCalls } from '../../../syscalls/engines/own-calls.ts'
import type { Service } from '../../../syscalls/engines/services.ts'
import { NullFile } from '../../../syscalls/fs/devfs/devices.ts'
import { tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { exit, type Step, scripted } from './scripted.ts'

const offering = (name: string, ...services: Service[]): Engine => ({ name, wants: noCalls, services })

/** Results of calls, one after the other. */
async function results(engines: Engine[], ...steps: Step[]): Promise<number[]> {
  const seen: number[] = []
  const look: Step = (at) => void seen.push(at.result)
  const s = scripted({ main: [...steps.flatMap((step) => [step, look]), exit(0)] }, { engines })
  await s.run('main')
  return seen
}

describe('services', () => {
  it('a file-system type: the newest that confirms, by name or by its beginning; else the kernel', async () => {
    const log: string[] = []
    const type = (name: string, who: string, confirm = true): Service => ({
      kind: 'filesystem',
      type: {
        name,
        needsSource: false,
        mount(kernel, source, options, by, file) {
          log.push(`${who} mounts ${source} for ${by?.tid}`)
          return tmpfs.mount(kernel, source, options, by, file)
        },
      },
      confirm: () => confirm,
    })
    const mount =
      (name: string): Step =>
      (at) => ['mount', 'src', '/tmp', at.text(name), 0, 0]
    const seen = await results(
      [offering('a', type('x*', 'a')), offering('b', type('xfs', 'b'), type('xfs', 'c', false))],
      mount('xfs'),
      mount('xyz'),
      mount('tmpfs'),
      mount('yfs'),
    )
    expect(seen).toEqual([0, 0, 0, -ENODEV])
    expect(log).toEqual(['b mounts src for 2', 'a mounts src for 2'])
  })

  it('a protocol family that the kernel does not have, or all of them', async () => {
    const AF_INET = 2
    const AF_APPLETALK = 5
    const refusing = (family: number | null): Service => ({
      kind: 'family',
      family,
      sockets: { family: family ?? 0, create: () => -4000, createPair: () => -4001, files: {} },
      confirm: (_task, _family, type) => type === 1,
    })
    const socket =
      (family: number, type: number): Step =>
      () => ['socket', family, type, 0]
    const seen = await results(
      [offering('one', refusing(AF_APPLETALK))],
      socket(AF_APPLETALK, 1),
      socket(AF_APPLETALK, 2),
      socket(AF_INET, 1),
    )
    expect(seen).toEqual([-4000, -EAFNOSUPPORT, 3])
    expect(await results([offering('all', refusing(null))], socket(AF_INET, 1), socket(AF_INET, 2))).toEqual([
      -4000, 3,
    ])
  })

  it('a device number, of character and block nodes, on whatever file system the node lies', async () => {
    const device = (isBlock: boolean, minor: number | null, confirm = true): Service => ({
      kind: 'device',
      isBlock,
      major: 240,
      minor,
      device: { name: 'test', open: (_caller, flags, path) => new NullFile(flags, path) },
      confirm: () => confirm,
    })
    const S_IFCHR = 0o020000
    const S_IFBLK = 0o060000
    const open = (type: number, minor: number): Step[] => [
      (at) => ['mknod', at.text(`/tmp/d${minor}`), type | 0o600, (240 << 8) | minor],
      (at) => ['open', at.text(`/tmp/d${minor}`), 0, 0],
      (at) => ['unlink', at.text(`/tmp/d${minor}`)],
    ]
    const seen = await results(
      [offering('d', device(false, 7), device(true, null), device(false, 8, false))],
      ...open(S_IFCHR, 7),
      ...open(S_IFCHR, 8),
      ...open(S_IFBLK, 9),
    )
    expect(seen).toEqual([0, 3, 0, 0, -ENXIO, 0, 0, 4, 0])
  })

  it('an ioctl request, which may pass on to the file', async () => {
    const TCGETS = 0x5401
    const service = (confirm: boolean): Service => ({
      kind: 'ioctl',
      request: 0x1234,
      handle: (_task, _file, request, argument) => request + argument,
      confirm: () => confirm,
    })
    const steps: Step[] = [
      (at) => ['open', at.text('/dev/null'), 0, 0],
      () => ['ioctl', 3, 0x1234, 1],
      () => ['ioctl', 3, TCGETS, 0],
    ]
    expect(await results([offering('i', service(true))], ...steps)).toEqual([3, 0x1235, -ENOTTY])
    expect(await results([offering('i', service(false))], ...steps)).toEqual([3, -ENOTTY, -ENOTTY])
  })

  it('a binary format: the program is the interpreter’s argument', async () => {
    const log: string[] = []
    const s = scripted(
      {
        main: [
          (at) => ['execve', at.text('/tmp/x.py'), at.pointers(at.text('argv0'), at.text('one'), 0), 0],
          exit(9),
        ],
        python: [
          (at) => {
            const sp = at.get(4)
            for (let i = 0; i < at.i64(sp); i++)
              log.push(at.string(at.i64(sp + 8 + i * 8), 9).split('\0')[0]!)
          },
          exit(4),
        ],
      },
      {
        engines: [
          offering('binfmt', {
            kind: 'binfmt',
            matches: (head, name) => name.endsWith('.py') && head[0] === 0x70,
            interpreter: '/bin/python',
          }),
        ],
      },
    )
    await s.machine.fs.writeFile('/tmp/x.py', 'print()\n', { mode: 0o755 })
    expect(await s.run('main')).toEqual({ code: 4, signal: null })
    expect(log).toEqual(['/bin/pyth', '/tmp/x.py', 'one'])
  })

  it('a nested view’s services are not the outer one’s', () => {
    const s = scripted({ main: [exit(0)] })
    const outer = s.machine.kernel.view
    const inner = outer.fork()
    inner.push(offering('x', { kind: 'ioctl', request: 1, handle: () => 0 }))
    expect([outer.world.services.ioctls.length, inner.world.services.ioctls.length]).toEqual([0, 1])
  })
})

describe('an engine’s own calls', () => {
  it('are answered by the engines below it, not by itself or newer ones', async () => {
    const log: string[] = []
    const naming = (name: string, text: string): Engine => ({
      name,
      wants: calls('readlink'),
      async syscallEntry(call) {
        const own = new OwnCalls(call.task.view, this)
        const bytes = new Uint8Array(32)
        const result = await own.call('readlink', '/link', bytes, bytes.length)
        own.close()
        log.push(`${name}: ${result}`)
        const answer = new TextEncoder().encode(
          `${text}(${result < 0 ? 'none' : new TextDecoder().decode(bytes.subarray(0, result))})`,
        )
        call.write(call.args[1]!, answer)
        call.result = answer.length
        return SKIPCALL
      },
    })
    let seen = ''
    const s = scripted(
      {
        main: [
          (at) => ['readlink', at.text('/link'), at.room(64), 64],
          (at) => {
            seen = at.string(0x480010, at.result)
          },
          exit(0),
        ],
      },
      {
        engines: [
          naming('a', 'a'),
          naming('b', 'b'),
          { name: 'c', wants: calls('readlink'), syscallEntry: () => RUN },
        ],
      },
    )
    await s.run('main')
    expect(seen).toBe('b(a(none))')
    expect(log).toEqual([`a: ${-ENOENT}`, 'b: 7'])
  })

  it('use descriptors and rights of their own; several wait at the same time; what is for programs is refused', async () => {
    const log: string[] = []
    const engine: Engine = {
      name: 'own',
      wants: calls('getppid'),
      async syscallEntry(call) {
        const own = new OwnCalls(call.task.view, this)
        const ends = new Int32Array(2)
        log.push(`pipe ${await own.call('pipe2', new Uint8Array(ends.buffer), 0)} ${[...ends]}`)
        const bytes = new Uint8Array(2)
        const read = own.call('read', ends[0]!, bytes, 2)
        log.push(`write ${await own.call('write', ends[1]!, 'hi', 2)}`)
        log.push(`read ${await read} ${String.fromCharCode(...bytes)}`)
        log.push(`uid ${await own.call('getuid')}`)
        log.push((await own.call('fork').catch((error: Error) => error.message)) as string)
        log.push((await own.call('nonsense').catch((error: Error) => error.message)) as string)
        log.push(`tasks ${call.task.kernel.tasks.size}`)
        own.close()
        return RUN
      },
    }
    const s = scripted(
      {
        main: [
          () => ['getppid'],
          (at) => ['open', at.text('/dev/null'), 0, 0],
          (at) => void log.push(`fd ${at.result}`),
          exit(0),
        ],
      },
      { engines: [engine], machine: { uid: 1000 } },
    )
    await s.run('main')
    expect(s.host.lines).toEqual([])
    expect(log).toEqual([
      'pipe 0 0,1',
      'write 2',
      'read 2 hi',
      'uid 0',
      'fork is for programs',
      'no system call is named nonsense',
      'tasks 1',
      'fd 3',
    ])
  })
})
