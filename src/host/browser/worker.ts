/**
 * A machine in a Worker: the page posts what to run, the Worker posts what comes out.
 * Path: the entry point of the browser bundle.
 *
 *   page → worker  {files: {'/bin/x': Uint8Array}, program, args, env?, stdin?, cpu?}
 *   worker → page  {stdout: Uint8Array} | {stderr: Uint8Array} | {diagnostic: string} | {exit: ExitStatus} | {error: string}
 */

import { type CpuKind, createCpu } from '../../../emu/run/index.ts'
import { addImageEntry } from '../../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { Machine } from '../../machine.ts'
import { BrowserHost } from './browser-host.ts'

/** What a page asks for. */
export interface RunRequest {
  files: Record<string, Uint8Array>
  program: string
  args: string[]
  env?: Record<string, string>
  stdin?: Uint8Array
  cpu?: CpuKind
}

const worker = self as unknown as DedicatedWorkerGlobalScope

async function run(request: RunRequest): Promise<void> {
  const host = new BrowserHost({
    stdout: (bytes) => worker.postMessage({ stdout: bytes }),
    stderr: (bytes) => worker.postMessage({ stderr: bytes }),
    diagnostics: (line) => worker.postMessage({ diagnostic: line }),
  })
  if (request.stdin) host.stdin.push(request.stdin)
  host.stdin.push(null)
  const machine = new Machine({
    host,
    cpu: createCpu(request.cpu ?? 'jit'),
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      for (const [name, data] of Object.entries(request.files))
        addImageEntry(root, kernel.caller, { name, type: 'file', mode: 0o755, data })
      return root
    },
    mounts: [
      { at: '/proc', fs: { type: 'proc' } },
      { at: '/sys', fs: { type: 'sysfs' }, readOnly: true },
      { at: '/dev', fs: { type: 'devtmpfs' } },
      { at: '/dev/pts', fs: { type: 'devpts' } },
      { at: '/tmp', fs: { type: 'tmpfs' } },
    ],
  })
  const exit = await machine.run(request.program, request.args, { env: request.env ?? {} })
  worker.postMessage({ exit })
}

worker.onmessage = (event: MessageEvent<RunRequest>) => {
  run(event.data).catch((error: unknown) => worker.postMessage({ error: String(error) }))
}
