/**
 * Engines from modules of other people, loaded beside the kernel.
 * Path: the CLI's `--engine ./FILE.mjs,opt=val` comes here, and what users of the library choose (engine-choices.ts).
 *
 *   export default (options) => ({ name: 'mine', wants: { calls: ['openat'] }, syscallEntry(call) { … } })
 */

import type { Engine } from '../syscalls/engines/engine.ts'
import type { ModuleOptions } from '../syscalls/engines/options.ts'
import { type PlainEngine, plainEngine } from '../syscalls/engines/remote/plain.ts'
import { StartError } from './errors.ts'

type Made = Engine | PlainEngine
/** What a module exports as its default: one engine, or several, the first one lowest. */
type MakeEngines = (options: ModuleOptions) => Made | readonly Made[] | Promise<Made | readonly Made[]>

/** Loads a module by its URL and makes its engines. Throws StartError: ENOENT, EINVAL. */
export async function importEngines(url: string, options: ModuleOptions): Promise<readonly Engine[]> {
  let loaded: { default?: unknown }
  try {
    loaded = await import(/* @vite-ignore */ url)
  } catch (error) {
    throw new StartError('ENOENT', `engine ${url} cannot be loaded: ${(error as Error).message}`)
  }
  const make = loaded.default
  if (typeof make !== 'function')
    throw new StartError('EINVAL', `engine ${url} has no function as its default export`)
  let made: Made | readonly Made[]
  try {
    made = await (make as MakeEngines)(options)
  } catch (error) {
    throw new StartError('EINVAL', `engine ${url}: ${(error as Error).message}`)
  }
  const engines = Array.isArray(made) ? (made as readonly Made[]) : [made as Made]
  for (const { name, wants } of engines.map((engine) => engine ?? {}))
    if (typeof name !== 'string' || typeof wants !== 'object')
      throw new StartError('EINVAL', `engine ${url} made what has no name or wants no calls: no engine`)
  return engines.map((engine) => ('on' in engine ? plainEngine(engine) : engine))
}
