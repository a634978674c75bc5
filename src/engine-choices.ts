/** What users name, load or make becomes an Engine of the kernel. Path: local-machine.ts → here → BareView.push. */

import type { Engine } from '../syscalls/engines/engine.ts'
import { plainEngine } from '../syscalls/engines/remote/plain.ts'
import type { EngineChoice } from './api.ts'
import { loadEngine } from './engine-modules.ts'
import { isModule, moduleOf } from './module-address.ts'

/** The engines of one machine by what its user holds of them. */
export class EngineChoices {
  private readonly made = new WeakMap<object, Engine>()

  /** Text stays text: the kernel's own engines are made in the view that they are put on. */
  async engineOf(choice: EngineChoice): Promise<Engine | string> {
    if (typeof choice === 'string') return choice
    if (isModule(choice)) {
      const { href, options } = moduleOf(choice)
      return this.remember(choice, await loadEngine(href, options))
    }
    if (!('on' in choice)) return choice
    return this.made.get(choice) ?? this.remember(choice, plainEngine(choice))
  }

  /** The engine that was made of it: what was put on a view as it is, is itself. */
  madeOf(choice: object): Engine {
    return this.made.get(choice) ?? (choice as Engine)
  }

  private remember(choice: object, engine: Engine): Engine {
    this.made.set(choice, engine)
    return engine
  }
}
