/** Namespaces as parts of views: which engines a task meets that unshared, and what ends with its last user. */

import { describe, expect, it } from 'vitest'
import { MNT_DETACH } from '../../../syscalls/abi/mount.ts'
import { CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWUTS } from '../../../syscalls/abi/process.ts'
import { calls, type Engine, RUN } from '../../../syscalls/engines/engine.ts'
import { name } from '../../../syscalls/engines/name/name.ts'
import type { View } from '../../../syscalls/engines/view.ts'
import type { Task } from '../../../syscalls/kernel/task.ts'
import { type At, exit, type Scripted, type Step, scripted } from './scripted.ts'

const IPC_CREAT = 0o1000
const SEGMENT_SIZE = 1 << 20
const UNAME_SIZE = 390
const NODENAME = 65

/** uname's node name goes to the log. */
const saysItsName = (s: () => Scripted): Step[] => {
  let at = 0
  return [
    (here: At) => ['uname', (at = here.room(UNAME_SIZE))],
    (here: At) => void s().log.push(here.string(at + NODENAME, 8).replace(/\0.*/s, '')),
  ]
}

const setName =
  (text: string): Step =>
  () => ['sethostname', text, text.length]

const theTask = ({ machine }: Scripted): Task => [...machine.kernel.tasks.values()].at(-1)!

describe('a task that unshares', () => {
  it('keeps the engines that it had, and does not meet later ones', async () => {
    const asked: string[] = []
    const noting = (who: string): Engine => ({
      name: who,
      wants: calls('getpid'),
      syscallEntry() {
        asked.push(who)
        return RUN
      },
    })
    const s: Scripted = scripted(
      {
        main: [
          () => ['unshare', CLONE_NEWUTS],
          () => void s.machine.use(noting('late')),
          () => ['getpid'],
          exit(0),
        ],
      },
      { engines: [noting('early')] },
    )
    await s.run('main')
    expect(asked).toEqual(['early'])
    await s.run('main')
    expect(asked).toEqual(['early', 'late', 'early'])
  })

  it('begins with the names that an engine gave', async () => {
    const s: Scripted = scripted(
      {
        main: [
          () => ['unshare', CLONE_NEWUTS],
          ...saysItsName(() => s),
          setName('venus'),
          ...saysItsName(() => s),
          exit(0),
        ],
        other: [...saysItsName(() => s), exit(0)],
      },
      { engines: [name({ nodename: 'mars' })] },
    )
    await s.run('main')
    await s.run('other')
    expect(s.log).toEqual(['mars', 'venus', 'mars'])
  })

  it('has one node more, however often it does', async () => {
    const seen: [depth: number, outer: View | null][] = []
    const all = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS
    const again: Step[] = Array.from({ length: 100 }, () => () => ['unshare', all])
    const s: Scripted = scripted({
      main: [
        ...again,
        () => {
          const { view } = theTask(s)
          seen.push([view.oldestFirst.length, view.outer])
        },
        exit(0),
      ],
    })
    const { kernel } = s.machine
    const { oldestFirst } = kernel.view
    await s.run('main')
    expect(seen).toEqual([[oldestFirst.length + 1, kernel.view]])
    expect(kernel.mountTree.table.count).toBe(kernel.mountTree.mounts.size)
  })
})

describe('a mount namespace', () => {
  it('may lose its root before it ends', async () => {
    const s: Scripted = scripted({
      main: [
        () => ['unshare', CLONE_NEWNS],
        () => ['umount2', '/', MNT_DETACH],
        (at) => void s.log.push(`${at.result} ${theTask(s).view.mounts.mounts.size}`),
        () => ['unshare', CLONE_NEWNS],
        () => ['mount', 't', '/tmp', 'tmpfs', 0, 0],
        exit(0),
      ],
    })
    const { mountTree } = s.machine.kernel
    const before = mountTree.table.count
    await s.run('main')
    expect(s.log).toEqual(['0 0'])
    expect(mountTree.table.count).toBe(before)
    expect(mountTree.mounts.size).toBe(before)
  })
})

describe('an IPC namespace', () => {
  it('gives back what its objects have when its last task ends', async () => {
    let key = 1
    const used: number[] = []
    const s: Scripted = scripted({
      main: [
        () => ['unshare', CLONE_NEWIPC],
        () => ['shmget', key++, SEGMENT_SIZE, IPC_CREAT | 0o600],
        () => ['semget', key++, 10, IPC_CREAT | 0o600],
        () => ['msgget', key++, IPC_CREAT | 0o600],
        () => {
          const { ipc } = theTask(s).world
          used.push(ipc.segments.count, ipc.semaphores.count, ipc.queues.count)
        },
        exit(0),
      ],
    })
    let ipc: Task['world']['ipc'] | null = null
    s.machine.kernel.view.push({
      name: 'watch',
      wants: calls('msgget'),
      syscallEntry(call) {
        ipc = call.task.world.ipc
        return RUN
      },
    })
    await s.run('main')
    expect(used).toEqual([1, 1, 1])
    expect([ipc!.segments.count, ipc!.semaphores.count, ipc!.queues.count]).toEqual([0, 0, 0])
  })
})
