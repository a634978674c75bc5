/**
 * Views managed at run time: engines by name are added, listed and removed, a process gets a nested view.
 * Path: prctl(PR_UMWELT), which um(1) of the embedded userland calls with the lines below; the CLI and the library
 * make engines by name with `makeEngine`.
 *
 *   add NAME[,OPTION=VALUE]...          on top of the caller's view
 *   rm NAME                             the newest of that name, out of the caller's view
 *   ls                                  oldest first
 *   fork [NAME[,OPTION=VALUE]...]...    the caller goes into a nested view with these on top; its children inherit it
 *   attach PID NAME[,OPTION=VALUE]...   a process goes into a nested view with one more engine
 *
 * Other words are for the newest engine of the caller's view that knows them.
 */

import { fromUtf8, utf8 } from '../abi/bytes.ts'
import { CALL_NUMBERS } from '../abi/calls.ts'
import { CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EBUSY, EINVAL, ENODEV, ENOENT, EPERM, ESRCH } from '../abi/errno.ts'
import { findGroup } from '../kernel/pid.ts'
import { mayAccess, REALCREDS } from '../kernel/ptrace-access.ts'
import type { Task } from '../kernel/task.ts'
import type { Engine, Outcome } from './engine.ts'
import { ModuleOptions } from './options.ts'
import { EngineBusyError, EngineRefusedError, type View } from './view.ts'

/** What an engine may need of whoever makes it. */
export interface EngineSurroundings {
  /** Takes trace text. */
  readonly write: (text: string) => void
}

/** How engines are made, by name. They throw an Error that says what is wrong with the options. */
export type EngineTypes = Readonly<
  Record<string, (options: ModuleOptions, around: EngineSurroundings) => Engine>
>

const done = (text = ''): Outcome => ({ result: 0, text })
const refused = (errno: number, text: string): Outcome => ({ result: -errno, text })

/** What was written to make an engine, for lists. */
const written = new WeakMap<Engine, string>()

/** Splits `NAME[,OPTION=VALUE]...`. */
export function parseEngineChoice(text: string): { name: string; options: ModuleOptions } {
  const comma = text.indexOf(',')
  if (comma < 0) return { name: text, options: new ModuleOptions([]) }
  return { name: text.slice(0, comma), options: ModuleOptions.parse(text.slice(comma + 1)) }
}

/** There is no engine of that name. */
export class NoSuchEngineError extends Error {}

/** Makes an engine by name. Throws NoSuchEngineError, or an Error about its options. */
export function makeEngine(
  types: EngineTypes,
  name: string,
  options: ModuleOptions,
  around: EngineSurroundings,
): Engine {
  const make = Object.hasOwn(types, name) ? types[name] : undefined
  if (!make)
    throw new NoSuchEngineError(`there is no engine ${name}; there are ${Object.keys(types).join(', ')}`)
  const engine = make(options, around)
  written.set(
    engine,
    [name, ...options.entries.map(([key, value]) => (value ? `${key}=${value}` : key))].join(','),
  )
  return engine
}

/** What is wrong with an engine: it waits for calls that do not exist, and would never hear of them. Null: nothing. */
export function problemOf({ name, wants }: Engine): string | null {
  const wanted = wants.calls === 'all' ? (wants.except ?? []) : wants.calls
  const strange = wanted.filter((call) => !Object.hasOwn(CALL_NUMBERS, call))
  return strange.length > 0
    ? `engine ${name} waits for ${strange.join(', ')}: no system call is named so`
    : null
}

/** The engines of a view, oldest first, as they were written. */
export const listEngines = (view: View): string[] =>
  view.oldestFirst
    .filter(({ engine }) => !engine.isUnlisted)
    .map(({ engine }) => written.get(engine) ?? engine.name)

/** One command of a task: see the top of this file. Byte strings in and out. */
export function command(task: Task, line: string): Outcome {
  const [verb, ...words] = fromUtf8(line).trim().split(/\s+/)
  const [first = '', second = ''] = words
  switch (verb) {
    case 'add':
      return ownsView(task) ? add(task, task.view, first) : notAllowed
    case 'rm':
      return ownsView(task) ? remove(task.view, first) : notAllowed
    case 'ls':
      return done(
        utf8(
          listEngines(task.view)
            .map((text) => `${text}\n`)
            .join(''),
        ),
      )
    case 'fork':
      return nest(task, words)
    case 'attach':
      return attach(task, first, second)
    default:
      return commandOfEngine(task, verb!, [first, second].filter((word) => word !== '').map(utf8))
  }
}

/** What the newest engine makes of it that knows it. */
function commandOfEngine(task: Task, verb: string, args: readonly string[]): Outcome {
  for (const { engine } of task.view.oldestFirst.toReversed()) {
    const outcome = engine.command?.(task, verb, args)
    if (outcome) return outcome
  }
  return refused(EINVAL, utf8(`there is no command ${verb}, and this view has no engine with one`))
}

export const notAllowed = refused(EPERM, 'this view is not yours to change; `um run` makes one that is')

/** Whether a task may change what every process of its view sees: as who it is there, and as who it is outside. */
export function ownsView({ view, credentials }: Task): boolean {
  return [credentials, credentials.bottom].every(
    (who) => who.capableHere(CAP_SYS_ADMIN) || who.euid === view.ownerUid,
  )
}

function add(task: Task, view: View, text: string): Outcome {
  const { kernel } = task
  const { name, options } = parseEngineChoice(text)
  let engine: Engine
  try {
    engine = makeEngine(kernel.engineTypes, name, options, { write: (line) => kernel.host.diagnostics(line) })
  } catch (error) {
    const errno = error instanceof NoSuchEngineError ? ENODEV : EINVAL
    return refused(errno, utf8((error as Error).message))
  }
  const problem = problemOf(engine)
  if (problem !== null) return refused(EINVAL, problem)
  try {
    view.push(engine, task)
    return done()
  } catch (error) {
    const errno = error instanceof EngineRefusedError ? error.errno : EINVAL
    return refused(errno, utf8((error as Error).message))
  }
}

/** The newest engine of that name; undefined when the view has none. */
export const findEngine = (view: View, name: string): Engine | undefined =>
  view.oldestFirst.findLast(({ engine }) => engine.name === name && !engine.isUnlisted)?.engine

function remove(view: View, name: string): Outcome {
  const engine = findEngine(view, name)
  if (!engine) return refused(ENOENT, utf8(`this view has no engine ${name}`))
  try {
    view.remove(engine)
    return done()
  } catch (error) {
    if (error instanceof EngineBusyError) return refused(EBUSY, utf8(error.message))
    throw error
  }
}

/**
 * A task goes into a nested view. Who is not privileged can change what set-user-ID programs would see, so there are
 * none for it any more (PR_SET_NO_NEW_PRIVS), as with seccomp(2).
 */
function nest(task: Task, engines: readonly string[]): Outcome {
  const view = task.view.fork()
  view.ownerUid = task.credentials.bottom.euid
  let outcome = done()
  for (const text of engines) if (outcome.result === 0) outcome = add(task, view, text)
  if (outcome.result === 0) {
    if (!task.credentials.capable(CAP_SYS_ADMIN)) task.noNewPrivileges = true
    task.enter(view)
  }
  view.drop()
  return outcome
}

function attach(task: Task, pidText: string, engineText: string): Outcome {
  const group = findGroup(task, Number(pidText))
  const leader = group?.tasks[0]
  if (!group || !leader) return refused(ESRCH, `there is no process ${utf8(pidText)}`)
  const { credentials } = task
  if (!mayAccess(credentials, task.group.pid, leader, REALCREDS))
    return refused(EPERM, `process ${utf8(pidText)} is not yours`)
  const before = leader.view
  const view = before.fork()
  view.ownerUid = credentials.bottom.euid
  const outcome = add(task, view, engineText)
  if (outcome.result === 0)
    for (const member of group.tasks) {
      if (member.view === before) member.enter(view)
      if (!credentials.capable(CAP_SYS_ADMIN)) member.noNewPrivileges = true
    }
  view.drop()
  return outcome
}
