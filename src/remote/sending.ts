/**
 * What a user gives to a machine elsewhere, as it is sent: strings and data go as they are; files, sources of bytes and
 * plain engines stay here and are served over a port; what calls back into the kernel is refused.
 * Path: remote-machine.ts.
 */

import { serveFiles } from '../../syscalls/engines/remote/files.ts'
import { servePlainEngine } from '../../syscalls/engines/remote/link.ts'
import { serveSource } from '../../syscalls/engines/remote/source.ts'
import type { AsyncFiles } from '../../syscalls/fs/asyncfs/async-files.ts'
import type { EngineChoice, MachineOptions } from '../api.ts'
import { messagePortChannel } from '../channels.ts'
import { StartError } from '../errors.ts'
import { absolute, isModule, moduleOf } from '../module-address.ts'
import type { FileSystemChoice } from '../mounting.ts'
import { asyncFilesOf, type PromiseFiles } from '../promise-files.ts'
import { promisesOf } from '../sync-files.ts'
import type { SentEngine, SentFileSystem, SentOptions } from './protocol.ts'

const cannotBeSent = (what: string): StartError =>
  new StartError('EINVAL', `${what} cannot be sent to the machine, which is in a Worker`)

/** Collects what moves along with one request, and knows what was sent before. */
export class Sending {
  /** What the request being put together takes along. */
  private taken: object[] = []
  private readonly numbers = new WeakMap<object, number>()
  private readonly ports = new Set<MessagePort>()
  private newest = 0

  /** What moves along with all that was made since the last time. */
  transfer(): object[] {
    const taken = this.taken
    this.taken = []
    return taken
  }

  /** Throws StartError for an engine with callbacks into the kernel. */
  engine(choice: EngineChoice): SentEngine {
    if (typeof choice === 'string') return { number: ++this.newest, text: choice }
    if (isModule(choice)) {
      const { href, options } = moduleOf(choice)
      return { number: this.numbered(choice, ++this.newest), module: href, options: options.entries }
    }
    if (!('on' in choice))
      throw new StartError(
        'EINVAL',
        `engine ${choice.name} calls into the kernel, which is in a Worker: make it a plain engine, or a module`,
      )
    const known = this.numbers.get(choice)
    if (known !== undefined) return { number: known }
    const port = this.port((mine) => servePlainEngine(choice, messagePortChannel(mine)))
    return { number: this.numbered(choice, ++this.newest), port }
  }

  /** What `remove` is to say of it. Throws StartError for what was never sent. */
  numberOf(choice: EngineChoice | { readonly name: string }): number | string {
    if (typeof choice === 'string') return choice
    const number = this.numbers.get(choice)
    if (number !== undefined) return number
    throw new StartError(
      'ENOENT',
      `this view has no engine ${'name' in choice ? choice.name : String(choice)}`,
    )
  }

  numbered(what: object, number: number): number {
    this.numbers.set(what, number)
    return number
  }

  /** Throws StartError for a function. */
  fileSystem(choice: FileSystemChoice): SentFileSystem {
    if (typeof choice === 'function') throw cannotBeSent('a file system that a function makes')
    if ('promises' in choice) {
      const { promises, directory, mode = 'rw' } = choice
      return this.files('read' in promises ? promises : asyncFilesOf(promises, directory), mode)
    }
    if ('files' in choice) {
      const { files, directory, mode = 'rw' } = choice
      const { promises = promisesOf(files) } = files as { promises?: PromiseFiles }
      return this.files(asyncFilesOf(promises, directory), mode)
    }
    if ('image' in choice) {
      const { image, ...rest } = choice
      if (typeof image === 'string' || image instanceof URL)
        return { ...rest, image: absolute('image', image) }
      if (!('read' in image)) return { ...rest, image }
      const { sizeBytes } = image
      return { ...rest, sizeBytes, source: this.port((mine) => serveSource(image, messagePortChannel(mine))) }
    }
    return choice
  }

  options(options: MachineOptions): SentOptions {
    const { host, cpu, root, mounts = [], engines = [], ...rest } = options
    if (host) throw cannotBeSent('a host')
    if (typeof cpu === 'object') throw cannotBeSent('a CPU that was made here')
    return {
      ...rest,
      ...(cpu && { cpu }),
      ...(root && { root: this.fileSystem(root) }),
      mounts: mounts.map((mount) => ({ ...mount, fs: this.fileSystem(mount.fs) })),
      engines: engines.map((engine) => this.engine(engine)),
    }
  }

  /** No more questions about what is here. */
  close(): void {
    for (const port of this.ports) port.close()
    this.ports.clear()
  }

  private files(files: AsyncFiles, mode: 'ro' | 'rw' | 'cow'): SentFileSystem {
    return { port: this.port((mine) => serveFiles(files, messagePortChannel(mine))), mode }
  }

  /** The other end of a port at which something is served. */
  private port(serve: (mine: MessagePort) => Promise<void>): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.ports.add(port1)
    void serve(port1)
    this.taken.push(port2)
    return port2
  }
}
