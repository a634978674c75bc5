/** The command line of `umwelt run` and `umwelt trace` as data. Path: main.ts parses here, then composes. */

import { parseArgs } from 'node:util'
import { parseEngineChoice } from '../../syscalls/engines/manage.ts'
import type { ModuleOptions } from '../../syscalls/engines/options.ts'
import type { Limits } from '../api.ts'
import type { VolumeMode } from '../mounting.ts'

/** A mistake of the person at the keyboard: one line, status 125. */
export class UsageError extends Error {}

export interface Volume {
  host: string
  guest: string
  mode: VolumeMode
}

export interface EngineChoice {
  name: string
  options: ModuleOptions
}

export interface RunOptions {
  program: string | null
  args: string[]
  volumes: Volume[]
  root: string | null
  env: Record<string, string>
  workdir: string | null
  engines: EngineChoice[]
  trace: boolean
  traceTo: string | null
  traceFormat: 'strace' | 'json'
  cpu: 'jit' | 'interpreter'
  unchecked: boolean
  /** Keep translations in the user's cache folder. */
  cache: boolean
  seed: number | null
  stats: boolean
  hostname: string | null
  user: { uid: number; gid: number } | null
  limits: Limits
  /** Wall-clock seconds, then everything is killed. */
  timeoutSec: number | null
  help: boolean
}

const OPTIONS = {
  volume: { type: 'string', short: 'v', multiple: true },
  root: { type: 'string' },
  env: { type: 'string', short: 'e', multiple: true },
  workdir: { type: 'string', short: 'w' },
  engine: { type: 'string', multiple: true },
  trace: { type: 'boolean' },
  'trace-to': { type: 'string' },
  'trace-format': { type: 'string' },
  cpu: { type: 'string' },
  unchecked: { type: 'boolean' },
  'no-cache': { type: 'boolean' },
  seed: { type: 'string' },
  stats: { type: 'boolean' },
  user: { type: 'string', short: 'u' },
  hostname: { type: 'string' },
  memory: { type: 'string' },
  disk: { type: 'string' },
  processes: { type: 'string' },
  'open-files': { type: 'string' },
  'cpu-time': { type: 'string' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

export const USAGE = `usage: umwelt run [options] [--] [PROGRAM [ARG...]]
       umwelt trace [options] [--] [PROGRAM [ARG...]]
       umwelt info ELF                 what a program needs, and what of it is missing here
       umwelt serve [--port N]         the site, on localhost (8080)
       umwelt index ARCHIVE.tar        writes ARCHIVE.tar.index, with which a page reads the archive in parts

PROGRAM is a path in the guest. Without it the userland's shell runs: interactive at a terminal, else it runs the
script on its standard input. The current directory is at /work, copy-on-write.

  -v, --volume HOST:GUEST[:ro|rw|cow]  mount a host directory (cow when unsaid: changes stay in memory)
      --root DIR|FILE                  what / is: a folder, copy-on-write; a tar archive (gzip, xz, zstd); a docker-save
                                       archive or OCI layout, with its program, user and environment (default: the
                                       embedded userland)
  -e, --env NAME=VALUE                 set a variable; NAME alone passes the host's
  -w, --workdir DIR                    the working directory in the guest
      --engine NAME[,opt=val]...       stand an engine above the kernel, the first one lowest; docs/engines. NAME is also
                                       a module of one's own (./FILE.mjs), or remote,socket=PATH: docs/own-engines
      --trace                          system calls to standard error; --trace-to FILE, --trace-format strace|json
      --cpu jit|interpreter            how instructions run
      --unchecked                      loads are not checked: faster, and wild reads give zeros
      --no-cache                       what is translated is not kept in the user's cache for the next run
      --seed N                         the same clock, random bytes and schedule for the same N
      --stats                          what the run cost, at the end
  -u, --user UID[:GID]                 who the program is (default 0:0)
      --hostname NAME                  what uname -n says
      --memory SIZE                    for all processes: more is ENOMEM, then the largest is killed (512M, 2G)
      --disk SIZE                      for files that live in memory: more is ENOSPC
      --processes N                    processes and threads at a time: more is EAGAIN
      --open-files N                   descriptors of a process: more is EMFILE
      --cpu-time SECONDS               processor time of a process: SIGXCPU, then SIGKILL
      --timeout SECONDS                after so long everything is killed, and the exit status is 124

When standard input and output are both terminals, the program gets a terminal of its own (job control, window size)
and umwelt shows it; otherwise it gets the streams as they are.

The exit status is the program's, 128+N when signal N ended it; 124 to 127 are umwelt's own.`

/** How many words of the command line are options: the first other word is PROGRAM. */
function optionWords(words: readonly string[]): { count: number; skip: number } {
  const takesValue = new Set<string>()
  for (const [name, option] of Object.entries(OPTIONS))
    if (option.type === 'string') {
      takesValue.add(`--${name}`)
      if ('short' in option) takesValue.add(`-${option.short}`)
    }
  let i = 0
  while (i < words.length) {
    const word = words[i]!
    if (word === '--') return { count: i, skip: 1 }
    if (!word.startsWith('-') || word === '-') break
    i += takesValue.has(word) ? 2 : 1
  }
  return { count: Math.min(i, words.length), skip: 0 }
}

/** Reads the words behind `run` or `trace`. Throws UsageError. */
export function parseRun(
  words: readonly string[],
  hostEnv: Readonly<Record<string, string | undefined>>,
): RunOptions {
  const { count, skip } = optionWords(words)
  let values: ReturnType<typeof parse>
  try {
    values = parse(words.slice(0, count))
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]!)
  }
  const [program = null, ...args] = words.slice(count + skip)
  return {
    program,
    args,
    volumes: (values.volume ?? []).map(parseVolume),
    root: values.root ?? null,
    env: parseEnv(values.env ?? [], hostEnv),
    workdir: values.workdir ?? null,
    engines: (values.engine ?? []).map(parseEngineChoice),
    trace: values.trace ?? false,
    traceTo: values['trace-to'] ?? null,
    traceFormat: oneOf('--trace-format', values['trace-format'] ?? 'strace', ['strace', 'json']),
    cpu: oneOf('--cpu', values.cpu ?? 'jit', ['jit', 'interpreter']),
    unchecked: values.unchecked ?? false,
    cache: !values['no-cache'],
    seed: values.seed === undefined ? null : parseSeed(values.seed),
    stats: values.stats ?? false,
    hostname: values.hostname ?? null,
    user: values.user === undefined ? null : parseUser(values.user),
    limits: parseLimits(values),
    timeoutSec: values.timeout === undefined ? null : parseNumber('--timeout', values.timeout),
    help: values.help ?? false,
  }
}

const parse = (args: string[]) =>
  parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values

/** UID or UID:GID. */
function parseUser(text: string): { uid: number; gid: number } {
  const match = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(text)
  if (!match) throw new UsageError(`--user is UID or UID:GID in numbers, not ${text}`)
  return { uid: Number(match[1]), gid: Number(match[2] ?? match[1]) }
}

function parseLimits(values: ReturnType<typeof parse>): Limits {
  const limits: { -readonly [K in keyof Limits]: Limits[K] } = {}
  if (values.memory !== undefined) limits.memoryBytes = parseSize('--memory', values.memory)
  if (values.disk !== undefined) limits.diskBytes = parseSize('--disk', values.disk)
  if (values.processes !== undefined) limits.processes = parseNumber('--processes', values.processes)
  if (values['open-files'] !== undefined) limits.openFiles = parseNumber('--open-files', values['open-files'])
  if (values['cpu-time'] !== undefined) limits.cpuSeconds = parseNumber('--cpu-time', values['cpu-time'])
  return limits
}

const UNITS: Record<string, number> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }

/** Bytes, or with k, M or G behind the number. */
function parseSize(option: string, text: string): number {
  const match = /^(\d{1,12})([kmg]?)(?:i?b)?$/i.exec(text)
  const bytes = match ? Number(match[1]) * UNITS[match[2]!.toLowerCase()]! : 0
  if (bytes <= 0) throw new UsageError(`${option} is a size such as 512M or 2G, not ${text}`)
  return bytes
}

function parseNumber(option: string, text: string): number {
  const number = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || number <= 0)
    throw new UsageError(`${option} is a number above 0, not ${text}`)
  return number
}

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((choice) => choice === value)
  if (found === undefined) throw new UsageError(`${option} is ${known.join(' or ')}, not ${value}`)
  return found
}

function parseSeed(text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`--seed is a whole number, not ${text}`)
  return Number(text) >>> 0
}

const isMode = (text: string): text is VolumeMode => text === 'ro' || text === 'rw' || text === 'cow'

/** HOST:GUEST[:MODE], split from the right, so that C:\x:/y works. */
export function parseVolume(text: string): Volume {
  let rest = text
  let mode: VolumeMode = 'cow'
  const last = rest.slice(rest.lastIndexOf(':') + 1)
  if (rest.includes(':') && isMode(last)) {
    mode = last
    rest = rest.slice(0, -last.length - 1)
  }
  const at = rest.lastIndexOf(':')
  const host = rest.slice(0, Math.max(0, at))
  const guest = rest.slice(at + 1)
  if (host === '' || guest === '') throw new UsageError(`a volume is HOST:GUEST[:ro|rw|cow], not ${text}`)
  if (!guest.startsWith('/'))
    throw new UsageError(`the guest directory of a volume begins with /, not ${guest}`)
  return { host, guest, mode }
}

function parseEnv(
  words: readonly string[],
  hostEnv: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    if (at === 0) throw new UsageError(`a variable is NAME=VALUE, not ${word}`)
    if (at > 0) env[word.slice(0, at)] = word.slice(at + 1)
    else if (hostEnv[word] !== undefined) env[word] = hostEnv[word]
  }
  return env
}
