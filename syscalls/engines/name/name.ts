/**
 * The name engine: what uname(2) tells is the view's own. `--engine name,nodename=mars,release=2.6.32`. hostname(1)
 * in the view sets the view's.
 * Path: offers a Uts; uname, sethostname, setdomainname and /proc/sys/kernel ask the world of their caller.
 */

import { utf8 } from '../../abi/bytes.ts'
import { UTS_NAME_MAX, type Uts } from '../../kernel/uts.ts'
import { type Engine, noCalls } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'

const FIELDS = ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'] as const

/** Names that are not given are those of the world below. Throws on an unknown or too long one. */
export function name(names: OptionsLike): Engine {
  const options = ModuleOptions.of(names)
  options.allowOnly('name', FIELDS)
  for (const field of FIELDS)
    if (utf8(options.last(field) ?? '').length > UTS_NAME_MAX)
      throw new Error(`name: ${field} is longer than ${UTS_NAME_MAX} bytes`)
  let uts: Uts | null = null
  return {
    name: 'name',
    wants: noCalls,
    offers(below) {
      if (!uts) {
        uts = below.uts.copy()
        for (const field of FIELDS) {
          const text = options.last(field)
          if (text !== undefined) uts[field] = utf8(text)
        }
      }
      return { uts }
    },
  }
}
