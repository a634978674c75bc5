/** The embedded userland as a root: one program under many names. Path: host/node and host/browser read it. */

import { utf8 } from '../syscalls/abi/bytes.ts'
import type { ImageEntry } from '../syscalls/fs/tmpfs/populate.ts'

export interface Userland {
  readonly elf: Uint8Array
  /** The names of its program. */
  readonly applets: readonly string[]
  /** The files of /etc. */
  readonly etc: Readonly<Record<string, Uint8Array | string>>
}

export function entriesOf({ elf, applets, etc }: Userland): ImageEntry[] {
  const bytes = (data: Uint8Array | string): Uint8Array =>
    typeof data === 'string' ? new TextEncoder().encode(data) : data
  return [
    { name: '/', type: 'directory', mode: 0o755 },
    { name: '/root', type: 'directory', mode: 0o700 },
    { name: '/usr/bin', type: 'directory' },
    { name: '/bin/userland', type: 'file', mode: 0o755, data: elf },
    ...applets.map(
      (applet): ImageEntry => ({ name: utf8(`/bin/${applet}`), type: 'symlink', target: 'userland' }),
    ),
    ...Object.entries(etc).map(
      ([name, data]): ImageEntry => ({
        name: utf8(`/etc/${name}`),
        type: 'file',
        mode: 0o644,
        data: bytes(data),
      }),
    ),
  ]
}
