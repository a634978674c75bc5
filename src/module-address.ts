/** Where an engine's module is. Path: engine-choices.ts, and remote/sending.ts before it is sent. */

import { ModuleOptions } from '../syscalls/engines/options.ts'
import type { EngineChoice, EngineModule } from './api.ts'
import { StartError } from './errors.ts'

export const isModule = (choice: Exclude<EngineChoice, string>): choice is URL | EngineModule =>
  choice instanceof URL || 'module' in choice

/** On a page, addresses may be relative to it. Throws StartError for what is none. */
export function absolute(what: string, url: URL | string): string {
  try {
    return new URL(url, globalThis.location?.href).href
  } catch {
    throw new StartError('EINVAL', `${what} ${url}: this is no URL`)
  }
}

export function moduleOf(choice: URL | EngineModule): { href: string; options: ModuleOptions } {
  const { module, options = {} } = choice instanceof URL ? { module: choice } : choice
  return { href: absolute('engine', module), options: ModuleOptions.of(options) }
}
