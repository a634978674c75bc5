/**
 * A view as the embedder changes it: engines are put on and taken out while its programs run.
 * Path: bare-machine.ts and bare-process.ts hand them out; engines/view.ts does the work.
 */

import { ERRNO_TEXT } from '../syscalls/abi/errno.ts'
import type { Engine } from '../syscalls/engines/engine.ts'
import { engines as engineTypes } from '../syscalls/engines/index.ts'
import {
  findEngine,
  listEngines,
  makeEngine,
  NoSuchEngineError,
  parseEngineChoice,
  problemOf,
} from '../syscalls/engines/manage.ts'
import { EngineBusyError, EngineRefusedError, type View } from '../syscalls/engines/view.ts'
import { StartError } from './errors.ts'

export class BareView {
  private readonly view: View

  constructor(view: View) {
    this.view = view
  }

  /**
   * Puts an engine on top: one, or its name and options, `name,nodename=mars`. Programs that share the view see it at
   * their next call. Throws StartError for a name that there is not (ENODEV) and for wrong options
   * (EINVAL), and when the engine cannot be there.
   */
  push(engine: Engine | string): Engine {
    const made = typeof engine === 'string' ? this.make(engine) : engine
    const problem = problemOf(made)
    if (problem !== null) throw new StartError('EINVAL', problem)
    try {
      this.view.push(made)
    } catch (error) {
      if (!(error instanceof EngineRefusedError)) throw error
      throw new StartError(ERRNO_TEXT.get(error.errno)?.[0] ?? 'EINVAL', error.message)
    }
    return made
  }

  private make(text: string): Engine {
    const { kernel } = this.view
    const { name, options } = parseEngineChoice(text)
    try {
      return makeEngine(engineTypes, name, options, { write: (line) => kernel.host.diagnostics(line) })
    } catch (error) {
      const code = error instanceof NoSuchEngineError ? 'ENODEV' : 'EINVAL'
      throw new StartError(code, (error as Error).message)
    }
  }

  /**
   * Takes an engine out, or the newest of a name. Calls that wait for it fail. Throws StartError when it is not there
   * (ENOENT), or when something holds it (EBUSY).
   */
  remove(engine: Engine | string): void {
    const found = typeof engine === 'string' ? findEngine(this.view, engine) : engine
    try {
      if (found && this.view.remove(found)) return
    } catch (error) {
      throw error instanceof EngineBusyError ? new StartError('EBUSY', error.message) : error
    }
    throw new StartError(
      'ENOENT',
      `this view has no engine ${typeof engine === 'string' ? engine : engine.name}`,
    )
  }

  /** The engines, oldest first, each as it was written. */
  list(): string[] {
    return listEngines(this.view)
  }
}
