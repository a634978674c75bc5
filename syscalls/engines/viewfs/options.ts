/** What is said of a view: its mode, its directories, what stays the world's. As an engine's options, or mount(2)'s. */

import type { ViewMode } from '../../fs/viewfs/viewfs.ts'
import { ModuleOptions } from '../options.ts'

/** `move`: the other directory is seen instead, and no changes are kept. */
export type ViewKind = ViewMode | 'move'

/** Names in the guest are JavaScript's text here, as in all options. */
export interface ViewChoice {
  readonly kind: ViewKind
  /** Over which directory; B. */
  readonly at: string
  /** What lies over it; A. Null: a new one in memory. */
  readonly upper: string | null
  /** Below `at`: names that stay the world's. */
  readonly except: readonly string[]
}

const KINDS: Readonly<Record<string, ViewKind>> = {
  cow: 'cow',
  mincow: 'mincow',
  merge: 'merge',
  move: 'move',
  bind: 'move',
}
const NEEDS_UPPER: readonly ViewKind[] = ['merge', 'move']

/** `cow=/,upper=/path,except=/tmp`; null for no options at all: only mount(2) gets a new type. Throws in words. */
export function parseEngineOptions(options: ModuleOptions): ViewChoice | null {
  if (options.entries.length === 0) return null
  options.allowOnly('viewfs', [...Object.keys(KINDS), 'upper', 'except'])
  const { name, kind } = kindIn(options)
  const at = options.last(name)!
  if (!at.startsWith('/')) throw new Error(`viewfs: ${name}=DIRECTORY is an absolute path, such as ${name}=/`)
  const upper = options.last('upper') ?? null
  if (upper !== null && !upper.startsWith('/')) throw new Error(`viewfs: upper=${upper} is no absolute path`)
  return checked(kind, at, upper, options)
}

/** `cow,except=/tmp`, with the source and the target of mount(2). Flags that every mount may have are left out. */
export function parseMountOptions(text: string, source: string, target: string): ViewChoice {
  const options = new ModuleOptions(ModuleOptions.parse(text).entries.filter(([name]) => name !== 'rw'))
  options.allowOnly('viewfs', [...Object.keys(KINDS), 'except'])
  const { name, kind } = kindIn(options)
  if (options.last(name) !== '') throw new Error(`viewfs: the directories of ${name} are those of mount`)
  return checked(kind, target, source === '' || source === 'none' ? null : source, options)
}

function kindIn(options: ModuleOptions): { name: string; kind: ViewKind } {
  const named = options.entries.filter(([name]) => KINDS[name] !== undefined).map(([name]) => name)
  if (named.length !== 1) throw new Error(`viewfs: say one of ${Object.keys(KINDS).join(', ')}`)
  return { name: named[0]!, kind: KINDS[named[0]!]! }
}

function checked(kind: ViewKind, at: string, upper: string | null, options: ModuleOptions): ViewChoice {
  if (upper === null && NEEDS_UPPER.includes(kind))
    throw new Error(`viewfs: ${kind} needs a directory to show: upper=DIRECTORY`)
  const except = options.all('except')
  for (const path of except) {
    const names = path.split('/').filter(Boolean)
    if (!path.startsWith('/') || names.length === 0 || names.some((name) => name === '.' || name === '..'))
      throw new Error(`viewfs: except=${path} is no name below the directory, such as except=/tmp`)
  }
  return { kind, at, upper, except }
}
