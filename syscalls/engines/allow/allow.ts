/**
 * The allow engine: only named calls are made, and only named arguments; everything else fails.
 * `--engine allow,read,write,exit_group,family=unix,errno=EPERM`. docs/engines/allow.md.
 * Path: asked at entry for every call but those named, when any are; arguments are services (deny/refusals.ts).
 */

import { resultOf, servicesFor } from '../deny/deny.ts'
import { REFUSE } from '../deny/refusals.ts'
import { type Engine, noCalls, SKIPCALL } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'

/** Calls that end a program or a handler: without them nothing could be refused in peace. */
const ALWAYS = ['exit', 'exit_group', 'rt_sigreturn', 'restart_syscall']

/** Options without a value are calls; those with one are arguments: device, family, ioctl, type. */
export function allow(permissions: OptionsLike): Engine {
  const options = ModuleOptions.of(permissions)
  const allowed: string[] = []
  const values = new Map<string, string[]>()
  for (const [name, value] of options.entries)
    if (name === 'errno') continue
    else if (value === '') allowed.push(name)
    else if (Object.hasOwn(REFUSE, name)) values.set(name, [...(values.get(name) ?? []), value])
    else throw new Error(`allow: ${name}=${value}: there is no option ${name}; calls have no value`)
  const result = resultOf('allow', options.last('errno') ?? 'EPERM')
  const kept = new Set([...allowed, ...ALWAYS])
  return {
    name: 'allow',
    wants: allowed.length === 0 ? noCalls : { calls: 'all', except: [...kept] },
    services: [...values].flatMap(([name, named]) => servicesFor('allow', name, named, true, result)),
    syscallEntry(call) {
      call.result = result
      return SKIPCALL
    },
  }
}
