/**
 * The composition root: a host, a CPU, file systems and engines become a machine that runs Linux programs.
 * Path: the CLI and library users call createMachine; it builds syscalls/linux.ts's kernel.
 *
 *   const machine = createMachine({ host, cpu, root: { type: 'tmpfs' } })
 *   const { code, signal } = await machine.run('/bin/sh', ['sh', '-c', 'echo hi'], {})
 */

import type { Cpu } from '../emu/run/cpu.ts'
import { fromUtf8, utf8 } from '../syscalls/abi/bytes.ts'
import { ENOENT, ENOTDIR, ERRNO_TEXT } from '../syscalls/abi/errno.ts'
import { RLIM_INFINITY, RLIMIT_AS } from '../syscalls/abi/process.ts'
import type { Engine } from '../syscalls/engines/engine.ts'
import { standardStreams } from '../syscalls/fs/devfs/devfs.ts'
import type { Host } from '../syscalls/host.ts'
import { Credentials } from '../syscalls/kernel/credentials.ts'
import { startFirst } from '../syscalls/kernel/first-task.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import { GROUP_REAPED, type ThreadGroup } from '../syscalls/kernel/thread-group.ts'
import { createLinux, viewOf } from '../syscalls/linux.ts'
import type { FileSystem } from '../syscalls/vfs/inode.ts'
import type { Path } from '../syscalls/vfs/path.ts'
import { FOLLOW, walkPath } from '../syscalls/vfs/walk.ts'

/** A file system by its type's name, or one made by the caller. */
export type FileSystemChoice =
  | { type: string; source?: string; options?: Readonly<Record<string, string>> }
  | ((kernel: Kernel) => FileSystem)

export interface MountChoice {
  /** Guest path of an existing directory; missing ones are made. */
  at: string
  fs: FileSystemChoice
  source?: string
  readOnly?: boolean
}

export interface MachineOptions {
  host: Host
  cpu: Cpu
  /** What `/` is; an empty tmpfs unless said. */
  root?: FileSystemChoice
  /** Mounted in order. */
  mounts?: readonly MountChoice[]
  /** The first one lowest. */
  engines?: readonly Engine[]
  hostname?: string
  uid?: number
  gid?: number
  /** Address space of one process at most, in bytes (RLIMIT_AS). */
  memoryLimitBytes?: number
  explainFaults?: boolean
}

/** How a program ended: by exit, or by a signal. */
export interface ExitStatus {
  code: number | null
  signal: number | null
}

/** The program could not be started; `errno` is Linux's, the message is for a person. */
export class StartError extends Error {
  readonly errno: string

  constructor(errno: string, message: string) {
    super(message)
    this.errno = errno
  }
}

export interface Machine {
  readonly kernel: Kernel
  /** Runs a program to its end. Processes it leaves behind end with it. */
  run(
    path: string,
    argv?: readonly string[],
    env?: Readonly<Record<string, string>>,
    cwd?: string,
  ): Promise<ExitStatus>
}

export function createMachine(options: MachineOptions): Machine {
  const { kernel, console } = createLinux({
    host: options.host,
    cpu: options.cpu,
    ...(options.hostname === undefined ? {} : { hostname: utf8(options.hostname) }),
    explainFaults: options.explainFaults ?? false,
  })
  kernel.mount(
    makeFileSystem(kernel, options.root ?? { type: 'tmpfs', options: { mode: '755' } }),
    null,
    'rootfs',
  )
  for (const mount of options.mounts ?? []) mountAt(kernel, mount)
  const strange = unknownCalls(kernel, options.engines ?? [])
  if (strange.length > 0)
    throw new StartError('EINVAL', `an engine waits for ${strange.join(', ')}: no system call is named so`)
  const credentials = (): Credentials => {
    const who = new Credentials(options.uid ?? 0, options.gid ?? 0)
    who.groups = [options.gid ?? 0]
    return who
  }

  return {
    kernel,
    async run(path, argv = [path], env = {}, cwd = '/') {
      const start = walkPath(kernel.caller, kernel.root, kernel.root, utf8(cwd), FOLLOW)
      if (typeof start === 'number') throw startError(start, `working directory ${cwd}`, '')
      if (!start.inode.isDirectory) throw startError(-ENOTDIR, `working directory ${cwd}`, '')
      const task = startFirst(kernel, {
        path: utf8(path),
        argv: argv.map(utf8),
        env: Object.entries(env).map(([name, value]) => utf8(`${name}=${value}`)),
        cwd: start,
        view: viewOf(kernel, options.engines ?? []),
        credentials: credentials(),
        files: standardStreams(kernel, console),
      })
      if (typeof task === 'number') throw startError(task, path, kernel.execProblem)
      const { group } = task
      if (options.memoryLimitBytes !== undefined) limitMemory(group, options.memoryLimitBytes)
      await kernel.run(() => group.state === GROUP_REAPED)
      return statusOf(group.status)
    },
  }
}

/** Calls that an engine waits for and that do not exist: a slip of the pen that would otherwise do nothing, silently. */
function unknownCalls(kernel: Kernel, engines: readonly Engine[]): string[] {
  const wanted = engines.flatMap(({ wants }) => (wants.calls === 'all' ? [] : [...wants.calls]))
  return wanted.filter((name) => !(name in kernel.arch.numbers))
}

function limitMemory(group: ThreadGroup, bytes: number): void {
  group.limits[RLIMIT_AS] = { soft: bytes, hard: Math.min(bytes, RLIM_INFINITY) }
  for (const task of group.tasks) task.mm.sizeMax = bytes
}

function statusOf(status: number): ExitStatus {
  const signal = status & 0x7f
  return signal ? { code: null, signal } : { code: (status >> 8) & 0xff, signal: null }
}

function startError(errno: number, what: string, why: string): StartError {
  const [name, text] = ERRNO_TEXT.get(-errno) ?? [`${-errno}`, `error ${-errno}`]
  return new StartError(name, `${what}: ${why ? `${fromUtf8(why)} (${text})` : text}`)
}

export function makeFileSystem(kernel: Kernel, choice: FileSystemChoice): FileSystem {
  if (typeof choice === 'function') return choice(kernel)
  const type = kernel.fileSystemTypes.find((known) => known.name === choice.type)
  if (!type) throw new Error(`no file-system type ${choice.type}`)
  const fs = type.mount(kernel, utf8(choice.source ?? 'none'), new Map(Object.entries(choice.options ?? {})))
  if (typeof fs === 'number') throw startError(fs, `mounting ${choice.type}`, '')
  return fs
}

function mountAt(kernel: Kernel, mount: MountChoice): void {
  const at = ensureDirectory(kernel, utf8(mount.at))
  const fs = makeFileSystem(kernel, mount.fs)
  kernel.mount(fs, at, utf8(mount.source ?? fs.type), mount.readOnly ?? false)
}

/** The directory of that name, made with its parents when it is missing. */
export function ensureDirectory(kernel: Kernel, name: string): Path {
  let path = kernel.root
  for (const part of name.split('/').filter(Boolean)) {
    let next = walkPath(kernel.caller, kernel.root, path, part, FOLLOW)
    if (next === -ENOENT) {
      const made = path.inode.mkdir(kernel.caller, part, 0o040755)
      if (typeof made === 'number') throw startError(made, `making ${name}`, '')
      next = walkPath(kernel.caller, kernel.root, path, part, FOLLOW)
    }
    if (typeof next === 'number') throw startError(next, name, '')
    path = next
  }
  if (!path.inode.isDirectory) throw startError(-ENOTDIR, name, 'a file system is mounted on a directory')
  return path
}
