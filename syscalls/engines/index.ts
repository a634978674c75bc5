/** The engines by name, one line each. Path: the CLI's --engine NAME,opt=val and library users. */

import { deny } from './deny/deny.ts'
import type { Engine } from './engine.ts'
import { name } from './name/name.ts'
import type { ModuleOptions } from './options.ts'
import { strace } from './strace/strace.ts'
import { time } from './time/time.ts'

/** What an engine may need of whoever makes it. */
export interface EngineSurroundings {
  /** Takes trace text. */
  write: (text: string) => void
}

export const engines: Readonly<
  Record<string, (options: ModuleOptions, around: EngineSurroundings) => Engine>
> = {
  strace: (options, around) =>
    strace({ write: around.write, format: options.last('format') === 'json' ? 'json' : 'strace' }),
  deny: (options) => deny(options),
  name: (options) => name(options),
  time: (options) => time(options),
}
