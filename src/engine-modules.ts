/**
 * Engines from modules of other people, loaded beside the kernel.
 * Path: the CLI's `--engine ./FILE.mjs,opt=val` comes here.
 *
 *   export default (options) => ({ name: 'mine', wants: { calls: ['openat'] }, syscallEntry(call) { … } })
 */

import type { Engine } from '../syscalls/engines/engine.ts'
import { ModuleOptions, type OptionsLike } from '../syscalls/engines/options.ts'
import { StartError } from './errors.ts'

/** What a module exports as its default: one engine, or several, the first one lowest. */
export type EngineModule = (options: ModuleOptions) => Engine | readonly Engine[]

/** Loads a module by its URL and makes its engines. Throws StartError: ENOENT, EINVAL. */
export async function importEngines(url: string, options: OptionsLike): Promise<readonly Engine[]> {
  let loaded: { default?: unknown }
  try {
    loaded = await import(url)
  } catch (error) {
    throw new StartError('ENOENT', `engine ${url} cannot be loaded: ${(error as Error).message}`)
  }
  const make = loaded.default
  if (typeof make !== 'function')
    throw new StartError('EINVAL', `engine ${url} has no function as its default export`)
  const made = (make as EngineModule)(ModuleOptions.of(options))
  const engines = Array.isArray(made) ? (made as readonly Engine[]) : [made as Engine]
  for (const { name, wants } of engines.map((engine) => engine ?? {}))
    if (typeof name !== 'string' || typeof wants !== 'object')
      throw new StartError('EINVAL', `engine ${url} made what has no name or wants no calls: no engine`)
  return engines
}
