/** devpts as a file-system type: every mount shows the machine's one set of terminals. */

import { terminalsOf } from '../../tty/terminals.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'

export const devpts: FileSystemType = {
  name: 'devpts',
  needsSource: false,
  mount: (kernel) => terminalsOf(kernel).devpts,
}
