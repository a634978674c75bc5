/** The engines by name, one line each. Path: the CLI's --engine NAME,opt=val and library users. */

import { deny } from './deny/deny.ts'
import { id } from './id/id.ts'
import type { EngineTypes } from './manage.ts'
import { name } from './name/name.ts'
import { proc } from './proc/proc.ts'
import { strace } from './strace/strace.ts'
import { time } from './time/time.ts'

export const engines: EngineTypes = {
  strace: (options, around) =>
    strace({ write: around.write, format: options.last('format') === 'json' ? 'json' : 'strace' }),
  deny: (options) => deny(options),
  id: (options) => id(options),
  name: (options) => name(options),
  proc: (options) => proc(options),
  time: (options) => time(options),
}
