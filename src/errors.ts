/** Errors that users of the library see. Each carries Linux's name of the error in `code`. */

import { ERRNO_TEXT } from '../syscalls/abi/errno.ts'

/** A positive errno as its name and text. */
const described = (errno: number): readonly [name: string, text: string] =>
  ERRNO_TEXT.get(errno) ?? [`E${errno}`, `error ${errno}`]

/** A program could not be started, or a file system not be mounted. The message is one line for a person. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** `result` is a negative errno; `why` says more than its text where something is known. */
export function startError(result: number, what: string, why = ''): StartError {
  const [name, text] = described(-result)
  return new StartError(name, `${what}: ${why ? `${why} (${text})` : text}`)
}

/** An operation on `machine.fs` failed. Shaped as Node's: code, syscall, path. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: string
  readonly syscall: string
  readonly path: string

  constructor(code: string, message: string, syscall: string, path: string) {
    super(message)
    this.code = code
    this.syscall = syscall
    this.path = path
  }
}

/** `result` is a negative errno. */
export function fileError(result: number, syscall: string, path: string): FileError {
  const [name, text] = described(-result)
  return new FileError(name, `${name}: ${text}, ${syscall} '${path}'`, syscall, path)
}
