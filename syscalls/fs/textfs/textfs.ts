/**
 * textfs: one file whose text a function makes whenever it is read from its beginning, and another may take what is
 * written. Path: path services of engines mount it on the name that is to answer.
 */

import { fromUtf8, utf8 } from '../../abi/bytes.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Caller } from '../../vfs/caller.ts'
import { KernelFs, ProcFile } from '../procfs/nodes.ts'

const TEXTFS_MAGIC = 0x74657874

/** Text for whoever reads, and what writing does: 0 or a negative errno. */
export interface TextFile {
  read(caller: Caller): string
  write?(text: string, caller: Caller): number
}

class TextFs extends KernelFs {
  readonly type: string = 'textfs'
  readonly root: ProcFile

  constructor(kernel: Kernel, { read, write }: TextFile) {
    super(kernel, TEXTFS_MAGIC)
    const store = write ? (caller: Caller, text: string) => write(fromUtf8(text), caller) : null
    this.root = new ProcFile(this, 1, (caller) => utf8(read(caller)), store)
  }
}

/** The file system of such a file, for a path service. */
export const textFile =
  (file: TextFile) =>
  (kernel: Kernel): TextFs =>
    new TextFs(kernel, file)
