/**
 * The deny engine: named calls fail with an errno, and so does what is named by argument; nothing else changes.
 * `--engine deny,mkdir=EPERM,path=/etc/shadow,family=inet,errno=EACCES`. docs/engines/deny.md.
 * Path: asked at entry for the named calls only; arguments are services (refusals.ts).
 */

import { errnoByName } from '../../abi/errno.ts'
import { type Engine, SKIPCALL } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'
import type { Service } from '../services.ts'
import { REFUSE } from './refusals.ts'

/** An errno's name as a result. Throws for what Linux does not have. */
export function resultOf(engine: string, name: string): number {
  const errno = errnoByName(name)
  if (errno === undefined) throw new Error(`${engine}: ${name} is no error name`)
  return -errno
}

/** An option whose value is an errno is about a call; else it is about an argument. */
const isArgument = (name: string, value: string): boolean =>
  Object.hasOwn(REFUSE, name) && !(name === 'ioctl' && (value === '' || errnoByName(value) !== undefined))

/** Call name → errno name (EPERM unless said); arguments get `errno` (EACCES unless said). */
export function deny(refusals: OptionsLike): Engine {
  const options = ModuleOptions.of(refusals)
  const results = new Map<string, number>()
  const values = new Map<string, string[]>()
  for (const [name, value] of options.entries)
    if (name === 'errno') continue
    else if (isArgument(name, value)) values.set(name, [...(values.get(name) ?? []), value])
    else results.set(name, resultOf('deny', value || 'EPERM'))
  const result = resultOf('deny', options.last('errno') ?? 'EACCES')
  return {
    name: 'deny',
    wants: { calls: [...results.keys()] },
    services: [...values].flatMap(([name, named]) => servicesFor('deny', name, named, false, result)),
    syscallEntry(call) {
      call.result = results.get(call.name)!
      return SKIPCALL
    },
  }
}

/** The services that refuse some values of an argument, or all others. Throws for what is no value of it. */
export function servicesFor(
  engine: string,
  name: string,
  values: readonly string[],
  others: boolean,
  result: number,
): Service[] {
  try {
    return REFUSE[name]!({ values, others }, result)
  } catch (error) {
    throw new Error(`${engine}: ${(error as Error).message}`)
  }
}
