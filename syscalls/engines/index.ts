/** The engines by name, one line each. Path: the CLI's --engine NAME,opt=val and library users. */

import { deny } from './deny/deny.ts'
import type { Engine } from './engine.ts'
import { strace } from './strace/strace.ts'

/** What an engine may need of whoever makes it. */
export interface EngineSurroundings {
  /** Takes trace text. */
  write: (text: string) => void
}

export const engines: Readonly<
  Record<string, (options: ReadonlyMap<string, string>, around: EngineSurroundings) => Engine>
> = {
  strace: (options, around) =>
    strace({ write: around.write, format: options.get('format') === 'json' ? 'json' : 'strace' }),
  deny: (options) => deny(options),
}
