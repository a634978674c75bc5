/** What users name, load or make becomes Engines of the kernel. Path: local-machine.ts → here → BareView.push. */

import type { Engine } from '../syscalls/engines/engine.ts'
import { plainEngine } from '../syscalls/engines/remote/plain.ts'
import type { EngineChoice } from './api.ts'
import { importEngines } from './engine-modules.ts'
import { isModule, moduleOf } from './module-address.ts'

/** The engines of one machine by what its user holds of them. */
export class EngineChoices {
  private readonly made = new WeakMap<object, readonly Engine[]>()

  /** Text stays text: the kernel's own engines are made in the view that they are put on. */
  async of(choice: EngineChoice): Promise<readonly (Engine | string)[]> {
    if (typeof choice === 'string') return [choice]
    if (isModule(choice)) {
      const { href, options } = moduleOf(choice)
      return this.remember(choice, await importEngines(href, options))
    }
    if (!('on' in choice)) return [choice]
    return this.made.get(choice) ?? this.remember(choice, [plainEngine(choice)])
  }

  async all(choices: readonly EngineChoice[]): Promise<(Engine | string)[]> {
    return (await Promise.all(choices.map((choice) => this.of(choice)))).flat()
  }

  /** The engines that were made of it: what was put on a view as it is, is itself. */
  madeOf(choice: object): readonly Engine[] {
    return this.made.get(choice) ?? [choice as Engine]
  }

  private remember(choice: object, engines: readonly Engine[]): readonly Engine[] {
    this.made.set(choice, engines)
    return engines
  }
}
