/** The engines by name, one line each. Path: the CLI's --engine NAME,opt=val and library users. */

import { allow } from './allow/allow.ts'
import { deny } from './deny/deny.ts'
import { id } from './id/id.ts'
import type { EngineTypes } from './manage.ts'
import { name } from './name/name.ts'
import { proc } from './proc/proc.ts'
import { record } from './record/record.ts'
import { strace } from './strace/strace.ts'
import { time } from './time/time.ts'
import { viewfs } from './viewfs/viewfs.ts'

export const engines: EngineTypes = {
  strace: (options, around) =>
    strace({ write: around.write, format: options.last('format') === 'json' ? 'json' : 'strace' }),
  allow: (options) => allow(options),
  deny: (options) => deny(options),
  id: (options) => id(options),
  name: (options) => name(options),
  record: (options, around) => record(options, around.write),
  proc: (options) => proc(options),
  time: (options) => time(options),
  viewfs: (options) => viewfs(options),
}
