/**
 * Views that come and go at random under running programs, against a simple model: engines are put on and taken out,
 * views fork and nest, processes fork, are moved, change their names and die. Each process asks who and where it is.
 */

import { expect, it } from 'vitest'
import { R12 } from '../../emu/guest/x86/state.ts'
import { ENOENT } from '../../syscalls/abi/errno.ts'
import { calls, type Engine, RUN } from '../../syscalls/engines/engine.ts'
import { id } from '../../syscalls/engines/id/id.ts'
import { name } from '../../syscalls/engines/name/name.ts'
import type { View } from '../../syscalls/engines/view.ts'
import { textFile } from '../../syscalls/fs/textfs/textfs.ts'
import type { Task } from '../../syscalls/kernel/task.ts'
import { type At, type Call, exit, scripted } from '../unit/syscalls/scripted.ts'

const STEPS = 6000
const PROCESSES_MAX = 12
const DEPTH_MAX = 10

/** Numbers from a seed: mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below) | 0
  }
}

/** What an engine is in the model. */
type Kind =
  | { kind: 'name'; nodename: string }
  | { kind: 'id'; uid: number }
  | { kind: 'path'; text: string }
  | { kind: 'count'; seen: number }

class Model {
  readonly engines = new Map<Engine, Kind>()
  /** The stack of each view, oldest first. */
  readonly stacks = new Map<View, Engine[]>()
  ground = 'umwelt'
  private serial = 0

  make(kind: number): Engine {
    const serial = this.serial++
    const made: [Engine, Kind] =
      kind === 0
        ? [name({ nodename: `n${serial}` }), { kind: 'name', nodename: `n${serial}` }]
        : kind === 1
          ? [id({ uid: String(1000 + serial) }), { kind: 'id', uid: 1000 + serial }]
          : kind === 2
            ? [this.answering(`t${serial}`), { kind: 'path', text: `t${serial}` }]
            : this.counting()
    this.engines.set(...made)
    return made[0]
  }

  private answering(text: string): Engine {
    return {
      name: text,
      wants: calls(),
      services: [{ kind: 'path', at: '/tmp/answer', fs: textFile({ read: () => text }) }],
    }
  }

  private counting(): [Engine, Kind] {
    const kind: Kind = { kind: 'count', seen: 0 }
    const engine: Engine = {
      name: 'count',
      wants: calls('getppid'),
      syscallEntry() {
        kind.seen++
        return RUN
      },
    }
    return [engine, kind]
  }

  newest<K extends Kind['kind']>(view: View, kind: K): Extract<Kind, { kind: K }> | undefined {
    const stack = this.stacks.get(view)!
    const found = stack.findLast((engine) => this.engines.get(engine)!.kind === kind)
    return found && (this.engines.get(found) as Extract<Kind, { kind: K }>)
  }
}

for (const seed of [1, 2, 3])
  it(`a random life of views, seed ${seed}`, async () => {
    const below = random(seed)
    const model = new Model()
    let steps = 0
    let checks = 0
    const s = scripted({
      main: [() => ['getpid'], (at) => at.set(R12, at.result), (at) => at.jump('life')],
      life: [
        (at) => act(at),
        // Whoever came back from a fork, or did nothing, asks who it is.
        () => ['getpid'],
        (at) => at.set(R12, at.result),
        // What a call must say is settled when it is made: before its result is looked at, others may have run.
        (at) => expecting(at, model.newest(viewOf(at), 'id')?.uid ?? 0, ['getuid']),
        (at) => check(at, at.result),
        (at) =>
          expecting(at, model.newest(viewOf(at), 'name')?.nodename ?? model.ground, ['uname', at.room(390)]),
        (at) => check(at, at.string(0x480000 + 65, 12).split('\0')[0]),
        (at) =>
          expecting(at, model.newest(viewOf(at), 'path')?.text ?? -ENOENT, [
            'open',
            at.text('/tmp/answer'),
            0,
            0,
          ]),
        (at) => {
          if (at.result >= 0) return ['read', at.result, at.room(16), 16]
          check(at, at.result)
          at.jump('count')
          return undefined
        },
        (at) => check(at, at.string(0x480000, at.result)),
        () => ['close', 3],
      ],
      count: [
        (at) => {
          const counters = countersOf(at)
          return expecting(at, { counters, seen: counters.map(({ seen }) => seen + 1) }, ['getppid'])
        },
        (at) => {
          const { counters, seen } = wanted.get(at.get(R12)) as {
            counters: { seen: number }[]
            seen: number[]
          }
          checks++
          // Others in the same view may have called meanwhile.
          for (const [i, counter] of counters.entries()) expect(counter.seen).toBeGreaterThanOrEqual(seen[i]!)
        },
        (at) => at.jump(steps >= STEPS ? 'end' : 'life'),
      ],
      end: [exit(0)],
    })
    const { kernel } = s.machine
    model.stacks.set(kernel.view, [])
    const mountsBefore = kernel.mountTree.table.count

    const taskOf = (at: At): Task => kernel.tasks.get(at.get(R12))!
    function viewOf(at: At): View {
      return taskOf(at).view
    }
    const wanted = new Map<number, unknown>()
    function expecting(at: At, value: unknown, call: Call): Call {
      wanted.set(at.get(R12), value)
      return call
    }
    function check(at: At, got: unknown): void {
      checks++
      expect(got, `step ${steps}`).toEqual(wanted.get(at.get(R12)))
    }
    const countersOf = (at: At) =>
      model.stacks
        .get(viewOf(at))!
        .map((engine) => model.engines.get(engine)!)
        .filter((kind) => kind.kind === 'count')

    /** Something happens to this process, its view, or another process. */
    function act(at: At): Call | undefined {
      steps++
      const task = taskOf(at)
      const { view } = task
      const stack = model.stacks.get(view)!
      const others = [...kernel.tasks.values()].filter((other) => other !== task)
      const other = others[below(others.length)]
      switch (below(8)) {
        case 0:
        case 1: {
          if (stack.length >= DEPTH_MAX) return undefined
          const engine = model.make(below(4))
          view.push(engine)
          stack.push(engine)
          return undefined
        }
        case 2:
        case 3: {
          const engine = stack[below(stack.length)]
          if (!engine) return undefined
          expect(view.remove(engine)).toBe(true)
          stack.splice(stack.lastIndexOf(engine), 1)
          return undefined
        }
        case 4: {
          // Itself or another one goes into a nested view.
          const moved = below(2) || !other ? task : other
          const nested = moved.view.fork()
          model.stacks.set(nested, [...model.stacks.get(moved.view)!])
          moved.enter(nested)
          nested.drop()
          return undefined
        }
        case 5: {
          if (!task.credentials.capable(21)) return undefined
          const nodename = `set${steps}`
          const own = model.newest(view, 'name')
          if (own) own.nodename = nodename
          else model.ground = nodename
          return ['sethostname', at.text(nodename), nodename.length]
        }
        case 6:
          return kernel.tasks.size < PROCESSES_MAX ? ['fork'] : undefined
        default:
          if (other && other.tid !== 2 && kernel.tasks.size > 6)
            kernel.sendToTask(other, { signo: 9 } as never)
          return undefined
      }
    }
    await s.run('main')
    await s.machine.dispose()
    expect(steps).toBeGreaterThanOrEqual(STEPS)
    expect(checks).toBeGreaterThan(STEPS)
    expect(s.host.lines).toEqual([])
    // What outer views have is what the machine's own view is left with.
    const left = model.stacks.get(kernel.view)!
    for (const engine of [...left]) kernel.view.remove(engine)
    expect(kernel.mountTree.table.count).toBe(mountsBefore)
  })
