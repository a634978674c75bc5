/**
 * The deny engine: named calls fail with an errno, nothing else changes. `--engine deny,mkdir=EPERM,ptrace=ENOSYS`.
 * Path: asked at entry for the named calls only.
 */

import { errnoByName } from '../../abi/errno.ts'
import { type Engine, SKIPCALL } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'

/** Call name → errno name. Throws on an errno that Linux does not have. */
export function deny(refusals: OptionsLike): Engine {
  const results = new Map<string, number>()
  for (const [call, name] of ModuleOptions.of(refusals).entries) {
    const errno = errnoByName(name || 'EPERM')
    if (errno === undefined) throw new Error(`deny: ${name} is no error name`)
    results.set(call, -errno)
  }
  return {
    name: 'deny',
    wants: { calls: [...results.keys()] },
    syscallEntry(call) {
      call.result = results.get(call.name)!
      return SKIPCALL
    },
  }
}
