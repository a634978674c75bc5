/**
 * What is said between a page and its machine.
 *
 *   page → machine   {type: 'ask', id, method, args}
 *   machine → page   {type: 'answer', id, value} | {type: 'answer', id, error}
 *   machine → page   {type: 'event', event, args}                     of events that are listened to
 *
 * Programs, streams and engines are numbers. A stream's next piece is asked for, so a reader that does not read stops
 * its program. Files, sources of bytes and plain engines of the page have a MessagePort each (engines/remote). Nothing
 * here needs a transferable stream or shared memory.
 * Path: remote-machine.ts asks, machine-server.ts answers.
 */

import type { ModuleOptions } from '../../syscalls/engines/options.ts'
import type { ExitStatus, GuestFiles, MachineEvents, MachineOptions, SpawnOptions } from '../api.ts'
import type { MessagePortLike } from '../channels.ts'
import { FileError, StartError } from '../errors.ts'
import type { FileSystemChoice, MountChoice, VolumeMode } from '../mounting.ts'

/** An engine as it is sent: by its number alone when it is known. */
export type SentEngine = { readonly number: number } & (
  | { readonly text?: never }
  | { readonly text: string }
  | { readonly port: MessagePortLike }
  | { readonly module: string; readonly options: ModuleOptions['entries'] }
)

/** Files or an archive's bytes of the page, or what is data anyway. */
export type SentFileSystem =
  | Exclude<FileSystemChoice, { files: unknown } | { promises: unknown } | ((...args: never) => unknown)>
  | { readonly port: MessagePortLike; readonly mode: VolumeMode }
  | { readonly source: MessagePortLike; readonly sizeBytes: number; readonly mode?: 'ro' | 'cow' }

export type SentMount = Omit<MountChoice, 'fs'> & { readonly fs: SentFileSystem }

export type SentOptions = Omit<MachineOptions, 'host' | 'cpu' | 'root' | 'mounts' | 'engines'> & {
  readonly cpu?: 'jit' | 'interpreter'
  readonly root?: SentFileSystem
  readonly mounts: readonly SentMount[]
  readonly engines: readonly SentEngine[]
}

export type SentSpawnOptions = Omit<SpawnOptions, 'signal' | 'engines'> & {
  readonly engines?: readonly SentEngine[]
}

/** A program that was started; a stream that there is not is 0. */
export interface Started {
  readonly process: number
  readonly pid: number
  readonly stdin: number
  readonly stdout: number
  readonly stderr: number
}

/** A program's view by its number; the machine's is 0. */
export type ViewNumber = number

/** What a machine can be asked, by method. */
export interface MachineRequests {
  create(options: SentOptions): Promise<void>
  spawn(path: string, args: readonly string[], options: SentSpawnOptions): Promise<Started>
  exited(process: number): Promise<ExitStatus>
  kill(process: number, signal: string | number): Promise<boolean>
  resize(process: number, columns: number, rows: number): Promise<void>
  /** Nobody has this program any more. */
  forget(process: number): Promise<void>
  push(view: ViewNumber, engine: SentEngine): Promise<{ readonly name: string }>
  remove(view: ViewNumber, engine: number | string): Promise<void>
  list(view: ViewNumber): Promise<string[]>
  /** The next piece of a stream; null at its end. */
  read(stream: number): Promise<Uint8Array | null>
  cancel(stream: number): Promise<void>
  write(stream: number, bytes: Uint8Array): Promise<void>
  close(stream: number): Promise<void>
  abort(stream: number): Promise<void>
  files(method: FileMethod, args: readonly unknown[]): Promise<unknown>
  listen(event: keyof MachineEvents, on: boolean): Promise<void>
  save(): Promise<void>
  /** What is kept of the machine. */
  forgetKept(): Promise<void>
  dispose(): Promise<void>
}

/** The methods of `machine.fs`: what may be asked for. */
export const FILE_METHODS = [
  'readFile',
  'writeFile',
  'appendFile',
  'copyFile',
  'readdir',
  'stat',
  'lstat',
  'access',
  'realpath',
  'mkdir',
  'rmdir',
  'unlink',
  'rm',
  'rename',
  'symlink',
  'link',
  'readlink',
  'chmod',
  'chown',
  'truncate',
  'utimes',
] as const satisfies readonly (keyof GuestFiles)[]

export type FileMethod = (typeof FILE_METHODS)[number]

/** An error, as data. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly syscall?: string
  readonly path?: string
}

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, code, syscall, path } = error as Error & SentError
  return {
    name,
    message,
    ...(code && { code }),
    ...(syscall && { syscall }),
    ...(path !== undefined && { path }),
  }
}

export function receivedError({ name, message, code = '', syscall = '', path = '' }: SentError): Error {
  if (name === 'StartError') return new StartError(code, message)
  if (name === 'FileError') return new FileError(code, message, syscall, path)
  return Object.assign(new Error(message), { name, ...(code && { code }) })
}

/** Bytes that may be given away, with nothing of a larger buffer around them. */
export const ownBytes = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes.slice()
