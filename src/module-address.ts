/** Where an engine's module is. Path: engine-choices.ts, and remote/sending.ts before it is sent. */

import type { EngineChoice, EngineModule } from './api.ts'
import { StartError } from './errors.ts'

export const isModule = (choice: Exclude<EngineChoice, string>): choice is URL | EngineModule =>
  choice instanceof URL || 'module' in choice

/** Its whole address; on a page it may be relative to the page. Throws StartError for what is none. */
export function moduleOf(choice: URL | EngineModule): { href: string; options: EngineModule['options'] } {
  const { module, options } = choice instanceof URL ? { module: choice, options: {} } : choice
  try {
    return { href: new URL(module, globalThis.location?.href).href, options }
  } catch {
    throw new StartError('EINVAL', `engine module ${module}: this is no URL`)
  }
}
