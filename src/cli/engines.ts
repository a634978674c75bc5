/**
 * The engines that the command line names: ready-made ones, modules by their file, and remote ones behind a Unix
 * socket. The last two reach the host, so they are named here and never from inside the guest.
 * Path: main.ts, before it makes the machine.
 */

import { connect } from 'node:net'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Engine } from '../../syscalls/engines/engine.ts'
import { engines as engineTypes } from '../../syscalls/engines/index.ts'
import { makeEngine } from '../../syscalls/engines/manage.ts'
import type { ModuleOptions } from '../../syscalls/engines/options.ts'
import { remoteEngine } from '../../syscalls/engines/remote/link.ts'
import { strace } from '../../syscalls/engines/strace/strace.ts'
import { importEngines } from '../engine-modules.ts'
import { socketChannel } from '../host/node/socket-channel.ts'
import { type RunOptions, UsageError } from './options.ts'

const isFile = (name: string): boolean => /^(\.{0,2}[/\\]|[A-Za-z]:[/\\])/.test(name)

/**
 * The first one lowest; the trace on top, for it shows what the program itself asked for. `ended` lets go of remote ones.
 * Throws UsageError.
 */
export async function enginesOf(
  options: RunOptions,
  write: (text: string) => void,
  ended: AbortSignal,
): Promise<readonly Engine[]> {
  const engines: Engine[] = []
  try {
    for (const { name, options: settings } of options.engines) {
      if (isFile(name)) engines.push(...(await importEngines(pathToFileURL(resolve(name)).href, settings)))
      else if (name === 'remote') engines.push(await connectEngine(settings, ended))
      else engines.push(makeEngine(engineTypes, name, settings, { write }))
    }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  if (options.trace || options.traceTo !== null) engines.push(strace({ write, format: options.traceFormat }))
  return engines
}

/** `remote,socket=PATH`: the engine that listens there says what it is. */
function connectEngine(options: ModuleOptions, signal: AbortSignal): Promise<Engine> {
  options.allowOnly('remote', ['socket'])
  const path = options.last('socket')
  if (!path) throw new Error('remote: say where the engine listens: --engine remote,socket=PATH')
  return new Promise((resolve, reject) => {
    const socket = connect({ path, signal })
    socket.once('error', (error) =>
      reject(new Error(`remote: no engine answers at ${path}: ${error.message}`)),
    )
    remoteEngine(socketChannel(socket)).then(resolve, reject)
  })
}
