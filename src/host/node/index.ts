/**
 * `umwelt` in Node: the public API with Node's clock, streams and files, and the embedded userland as `/`.
 * Path: package.json's exports lead here.
 */

import * as nodeFs from 'node:fs'
import { resolve } from 'node:path'
import type { HostFiles } from '../../../syscalls/fs/hostfs/host-files.ts'
import type { FileSystemChoice, VolumeMode } from '../../mounting.ts'
import { providePlatform } from '../../platform.ts'
import { SimHost } from '../sim/sim-host.ts'
import { NodeHost } from './node-host.ts'
import { userlandRoot } from './userland.ts'

export * from '../../index.ts'
export { SimHost } from '../sim/sim-host.ts'
export { NodeHost } from './node-host.ts'
export { socketChannel } from './socket-channel.ts'
export { userlandRoot } from './userland.ts'

/** A directory of the host, to be mounted. Copy-on-write unless said: the host is never changed then. */
export function hostDirectory(path: string, mode: VolumeMode = 'cow'): FileSystemChoice {
  return { files: nodeFs as unknown as HostFiles, directory: resolve(path), mode }
}

providePlatform({
  limits: {},
  makeHost({ seed, diagnostics }) {
    const node = new NodeHost({ diagnostics })
    const { stdin, stdout, stderr } = node
    const host = seed === undefined ? node : new SimHost({ seed, stdin, stdout, stderr, diagnostics })
    return { host, close: () => node.close() }
  },
  makeRoot: async () => userlandRoot(),
  openStore: async () => 'machines are kept in browsers only',
  openTranslations: async () => null,
})
