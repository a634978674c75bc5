/** Engines in modules of their own: the default export makes one of its options. Path: local-machine.ts. */

import type { Engine } from '../syscalls/engines/engine.ts'
import type { OptionsLike } from '../syscalls/engines/options.ts'
import { type PlainEngine, plainEngine } from '../syscalls/engines/remote/plain.ts'
import { StartError } from './errors.ts'

const isEngine = (made: unknown): made is Engine | PlainEngine =>
  typeof made === 'object' && made !== null && 'name' in made && 'wants' in made

/** Loads the module and makes its engine. Rejects with StartError, which names the module. */
export async function loadEngine(url: string, options: OptionsLike = {}): Promise<Engine> {
  let loaded: { default?: unknown }
  try {
    loaded = await import(/* @vite-ignore */ url)
  } catch (error) {
    throw new StartError('ENOENT', `engine module ${url}: ${(error as Error).message}`)
  }
  if (typeof loaded.default !== 'function')
    throw new StartError('EINVAL', `engine module ${url}: its default export is no function of options`)
  let made: unknown
  try {
    made = await loaded.default(options)
  } catch (error) {
    throw new StartError('EINVAL', `engine module ${url}: ${(error as Error).message}`)
  }
  if (!isEngine(made)) throw new StartError('EINVAL', `engine module ${url}: what it makes is no engine`)
  return 'on' in made ? plainEngine(made) : made
}
