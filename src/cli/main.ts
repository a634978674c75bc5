/**
 * The umwelt command: `umwelt run|trace [options] PROGRAM [ARG...]`, `umwelt info ELF`, `umwelt index ARCHIVE`.
 * Path: bin/umwelt.mjs → here → root.ts, Machine. Errors are one line a person understands; statuses as
 * shells and `env` have them: 127 not found, 126 not executable, 125 our own.
 */

import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createCpu } from '../../emu/run/index.ts'
import { utf8 } from '../../syscalls/abi/bytes.ts'
import { signalNumber } from '../../syscalls/abi/signal.ts'
import type { Engine } from '../../syscalls/engines/engine.ts'
import type { Host } from '../../syscalls/host.ts'
import { FOLLOW, walkPath } from '../../syscalls/vfs/walk.ts'
import { DEFAULT_PATH, type ExitStatus } from '../api.ts'
import { BareMachine } from '../bare-machine.ts'
import { StartError } from '../errors.ts'
import { NodeHost } from '../host/node/node-host.ts'
import { nodeTranslationStore } from '../host/node/translation-store.ts'
import { SimHost } from '../host/sim/sim-host.ts'
import { enginesOf } from './engines.ts'
import { indexArchive } from './index-archive.ts'
import { infoText } from './info.ts'
import { parseRun, type RunOptions, USAGE, UsageError } from './options.ts'
import { type Tree, treeOf } from './root.ts'
import { serve } from './serve.ts'
import { isAtTerminal, runAtTerminal } from './terminal.ts'

const TIMED_OUT = 124
const OWN_ERROR = 125
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

/** A terminal in raw mode does not return at a newline. */
const tell = (text: string): void => {
  const isRaw = process.stderr.isTTY && process.stdin.isTTY && process.stdin.isRaw
  process.stderr.write(isRaw ? text.replaceAll('\n', '\r\n') : text)
}

const say = (line: string): void => tell(`umwelt: ${line}\n`)

/** Runs the command; the exit status. */
export async function main(words: readonly string[]): Promise<number> {
  try {
    const [command, ...rest] = words
    if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
      const wanted = command !== undefined
      ;(wanted ? process.stdout : process.stderr).write(`${USAGE}\n`)
      return wanted ? 0 : OWN_ERROR
    }
    if (command === 'info') {
      if (rest.length !== 1) throw new UsageError('umwelt info takes one ELF file')
      process.stdout.write(infoText(rest[0]!))
      return 0
    }
    if (command === 'serve') {
      process.stdout.write(await serve(rest))
      return 0
    }
    if (command === 'index') {
      if (rest.length !== 1) throw new UsageError('umwelt index takes one tar archive')
      process.stdout.write(indexArchive(rest[0]!))
      return 0
    }
    if (command !== 'run' && command !== 'trace')
      throw new UsageError(`there is no command ${command}; try umwelt --help`)
    const options = parseRun(rest, process.env)
    if (options.help) {
      process.stdout.write(`${USAGE}\n`)
      return 0
    }
    if (command === 'trace') options.trace = true
    return await run(options)
  } catch (error) {
    if (error instanceof UsageError) {
      say(error.message)
      return OWN_ERROR
    }
    if (error instanceof StartError) {
      say(error.message)
      return error.code === 'ENOENT' || error.code === 'ENOTDIR' ? NOT_FOUND : NOT_EXECUTABLE
    }
    throw error
  }
}

async function run(options: RunOptions): Promise<number> {
  const started = performance.now()
  const node = new NodeHost({ diagnostics: say })
  const host: Host =
    options.seed === null
      ? node
      : new SimHost({
          seed: options.seed,
          stdin: node.stdin,
          stdout: node.stdout,
          stderr: node.stderr,
          diagnostics: say,
        })
  const tree = await treeOf(options, say)
  const trace = traceSink(options)
  const ended = new AbortController()
  // Without something to wait for, Node would end while a program waits for an engine.
  const keepAlive = setInterval(() => {}, 2 ** 30)
  try {
    const engines = await enginesOf(options, trace.write, ended.signal)
    const machine = compose(options, host, tree, engines)
    const env = {
      PATH: DEFAULT_PATH,
      HOME: '/root',
      USER: 'root',
      TERM: process.env.TERM ?? 'dumb',
      ...tree.image?.config.env,
      ...options.env,
    }
    const { program, argv } = programOf(machine, options, tree, env.PATH)
    const { code, signal, timedOut } = await start(
      machine,
      program,
      argv,
      { env, cwd: tree.workdir },
      options,
    )
    if (options.stats) printStats(machine, performance.now() - started)
    await machine.dispose()
    if (timedOut) {
      say(`ended after --timeout ${options.timeoutSec}`)
      return TIMED_OUT
    }
    return signal === null ? code! : 128 + signalNumber(signal)!
  } finally {
    clearInterval(keepAlive)
    ended.abort()
    trace.close()
    await node.close()
  }
}

/** Runs the program to its end, or to the time-out. */
async function start(
  machine: BareMachine,
  program: string,
  argv: readonly string[],
  where: { env: Record<string, string>; cwd: string },
  options: RunOptions,
): Promise<ExitStatus & { timedOut: boolean }> {
  const timeout = new AbortController()
  const timer =
    options.timeoutSec === null ? undefined : setTimeout(() => timeout.abort(), options.timeoutSec * 1000)
  try {
    const how = { argv0: argv[0]!, ...where, signal: timeout.signal }
    const status = isAtTerminal()
      ? await runAtTerminal(machine, program, argv.slice(1), how)
      : await machine.run(program, argv.slice(1), how)
    return { ...status, timedOut: timeout.signal.aborted }
  } catch (error) {
    throw error instanceof StartError ? explain(error, options.program ?? program, machine) : error
  } finally {
    clearTimeout(timer)
  }
}

/** The machine that the options describe. A volume on a file, say, is a UsageError. */
function compose(options: RunOptions, host: Host, tree: Tree, engines: readonly Engine[]): BareMachine {
  try {
    return new BareMachine({
      host,
      cpu: createCpu(options.cpu, {
        uncheckedLoads: options.unchecked,
        ...(options.cache && { store: nodeTranslationStore(options.unchecked ? 'unchecked' : 'checked') }),
      }),
      root: tree.root,
      mounts: tree.mounts,
      engines,
      explainFaults: true,
      ...(options.user ?? tree.image?.user),
      limits: options.limits,
      ...(options.hostname === null ? {} : { hostname: options.hostname }),
    })
  } catch (error) {
    throw error instanceof StartError ? new UsageError(error.message) : error
  }
}

/** PROGRAM and its arguments; without PROGRAM the userland's shell. A bare name is looked for in PATH. */
function programOf(
  machine: BareMachine,
  options: RunOptions,
  { workdir, image }: Tree,
  path: string,
): { program: string; argv: string[] } {
  const usual = image ? [...image.config.entrypoint, ...image.config.command] : []
  const argv = options.program === null ? usual : [options.program, ...options.args]
  if (argv.length === 0) argv.push('sh')
  const name = argv[0]!
  if (name === '') throw new UsageError('PROGRAM is empty')
  const { kernel } = machine
  const cwd = walkPath(kernel.caller, kernel.mountTree.root, kernel.mountTree.root, utf8(workdir), FOLLOW)
  if (typeof cwd === 'number' || !cwd.inode.isDirectory)
    throw new UsageError(`the working directory ${workdir} is no directory of the guest`)
  if (name.includes('/')) return { program: name, argv }
  for (const folder of path.split(':')) {
    const found = walkPath(
      kernel.caller,
      kernel.mountTree.root,
      cwd,
      utf8(`${folder || '.'}/${name}`),
      FOLLOW,
    )
    if (typeof found !== 'number' && found.inode.isRegular && found.inode.mode & 0o111)
      return { program: `${folder || '.'}/${name}`, argv }
  }
  throw new StartError('ENOENT', `${name}: not found in the guest's PATH${hint(name)}`)
}

/** When only the host has the program, how to mount it. */
function explain(error: StartError, program: string, machine: BareMachine): StartError {
  // A problem in words means that the program is there and something else is missing.
  const isMissing = error.code === 'ENOENT' && machine.kernel.execProblem === ''
  return isMissing ? new StartError(error.code, `${error.message}${hint(program)}`) : error
}

function hint(program: string): string {
  if (!program.startsWith('/')) {
    if (program.includes('/')) return ''
    if (existsSync(program)) return `; the current directory has it: ./${program}`
    const folder = (process.env.PATH ?? '')
      .split(delimiter)
      .find((dir) => dir && existsSync(join(dir, program)))
    return folder === undefined
      ? ''
      : `; the host has it in ${folder}: mount that with -v ${folder}:/host:ro and run /host/${program}`
  }
  if (!existsSync(program)) return ''
  const folder = program.slice(0, program.lastIndexOf('/')) || '/'
  return `; only the host has it: mount it with -v ${folder}:${folder}:ro`
}

interface TraceSink {
  write: (text: string) => void
  close: () => void
}

function traceSink(options: RunOptions): TraceSink {
  if (options.traceTo === null) return { write: tell, close: () => {} }
  let fd: number
  try {
    fd = openSync(options.traceTo, 'w')
  } catch (error) {
    throw new UsageError(
      `--trace-to ${options.traceTo} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
    )
  }
  return { write: (text) => void writeSync(fd, text), close: () => closeSync(fd) }
}

function printStats(machine: BareMachine, elapsedMs: number): void {
  const { kernel } = machine
  say(
    `stats: ${elapsedMs.toFixed(0)} ms, ${kernel.callCount} system calls, ${kernel.contextSwitches} slices, ` +
      `${kernel.newestPid(kernel.world.pids) - 1} processes, cpu ${kernel.cpu.name}: ${kernel.cpu.summary}`,
  )
}
