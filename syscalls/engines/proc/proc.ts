/**
 * The proc engine: which processes exist for those of the view. `--engine proc` leaves those of the view and of views
 * nested in it; `--engine proc,pids=own` gives what is started in it a PID namespace. docs/engines/proc.md.
 * Path: offers `reach` or `pids`; whatever finds or lists processes asks the world of its caller, by kernel/pid.ts.
 */

import { PidNamespace } from '../../kernel/pid-namespace.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import { type Engine, noCalls } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'
import type { View } from '../view.ts'

/** Process 1 of the machine, the kernel itself: every view has it. */
const INIT_PID = 1

/** Throws on what is no option. */
export function proc(options: OptionsLike = {}): Engine {
  const given = ModuleOptions.of(options)
  given.allowOnly('proc', ['pids'])
  const pids = given.last('pids') ?? 'view'
  if (pids === 'own') return ownNumbers()
  if (pids === 'view') return ownProcesses()
  throw new Error(`proc: pids=${pids} is neither view nor own`)
}

function ownNumbers(): Engine {
  // One for each namespace that it stands on: views may share the engine and differ below.
  const made = new Map<PidNamespace, PidNamespace>()
  return {
    name: 'proc',
    wants: noCalls,
    offers(below) {
      let pids = made.get(below.pids)
      if (!pids) {
        if (below.pids.isFull) throw new Error('proc: PID namespaces do not nest deeper')
        made.set(below.pids, (pids = new PidNamespace(below.pids)))
      }
      return { pids }
    },
  }
}

function ownProcesses(): Engine {
  const engine: Engine = {
    name: 'proc',
    wants: noCalls,
    offers(below) {
      const isHere = (group: ThreadGroup): boolean => group.pid === INIT_PID || isWithin(group.view)
      return { reach: (group) => isHere(group) && (below.reach?.(group) ?? true) }
    },
  }
  /** In a view that has the engine, or in one nested in such: that may be older than the engine. */
  const isWithin = (view: View | null): boolean => {
    for (let one = view; one; one = one.outer) if (one.has(engine)) return true
    return false
  }
  return engine
}
