/**
 * The id engine: an identity of the view's own. `--engine id,uid=0,fakeroot`. What its processes call themselves, what
 * they make of themselves (su, setuid) and whose they say files are (chown, mknod) holds in the view; what they may do
 * must be allowed outside too.
 * Path: puts a level of credentials on each task of the view, kernel/id-level.ts. docs/engines/id.md.
 */

import {
  CAP_EMPTY_SET,
  CAP_FULL_SET,
  type CapabilitySet,
  capabilityBit,
  capabilityByName,
} from '../../abi/capability.ts'
import { commitCredentials } from '../../kernel/change-credentials.ts'
import { Credentials } from '../../kernel/credentials.ts'
import { IdLevel } from '../../kernel/id-level.ts'
import type { Task } from '../../kernel/task.ts'
import { type Engine, noCalls } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'

const OPTIONS = ['uid', 'gid', 'groups', 'caps', 'fakeroot']
const ID_MAX = 0xfffffffe

function parseId(name: string, text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > ID_MAX) throw new Error(`id: ${name}=${text} is no id`)
  return Number(text)
}

/** `all`, `none`, or names with + between them: `chown+setuid`. */
function parseCapabilities(text: string): CapabilitySet {
  if (text === 'all') return CAP_FULL_SET
  let set = CAP_EMPTY_SET
  for (const name of text === 'none' ? [] : text.split('+')) {
    const number = capabilityByName(name)
    if (number === undefined) throw new Error(`id: caps=${name} is no capability`)
    set |= capabilityBit(number)
  }
  return set
}

/** Ids that are not given are the task's own; with `fakeroot` they are 0. Throws on what is no id or capability. */
export function id(wanted: OptionsLike): Engine {
  const options = ModuleOptions.of(wanted)
  options.allowOnly('id', OPTIONS)
  const isFakeroot = options.has('fakeroot')
  const number = (name: string): number | undefined => {
    const text = options.last(name) ?? (isFakeroot ? '0' : undefined)
    return text === undefined ? undefined : parseId(name, text)
  }
  const uid = number('uid')
  const gid = number('gid')
  const groups = options
    .last('groups')
    ?.split('+')
    .map((text) => parseId('groups', text))
  const caps = options.last('caps') === undefined ? null : parseCapabilities(options.last('caps')!)
  let level: IdLevel | null = null

  /** The one level of this engine, by whom its first task is outside. */
  const levelFor = (outside: Credentials): IdLevel => {
    level ??= new IdLevel(
      isFakeroot ? { uid: { from: outside.euid, to: uid! }, gid: { from: outside.egid, to: gid! } } : null,
    )
    return level
  }

  return {
    name: 'id',
    wants: noCalls,
    enter(task: Task) {
      const outside = task.credentials
      const who = new Credentials(uid ?? outside.euid, gid ?? outside.egid)
      who.groups = groups ?? (gid === undefined ? outside.groups : [gid])
      // Also across execve, of root and of others.
      if (caps !== null) who.permitted = who.effective = who.inheritable = who.ambient = who.bounding = caps
      else if (uid === undefined) {
        who.permitted = outside.permitted
        who.effective = outside.effective
      }
      who.below = outside
      who.level = levelFor(outside)
      commitCredentials(task, who)
    },
    leave(task: Task) {
      if (level) commitCredentials(task, withoutLevel(task.credentials, level))
    },
  }
}

/** The identity with one level less, wherever that was. */
function withoutLevel(who: Credentials, level: IdLevel): Credentials {
  if (who.level === level) return who.below!
  if (who.below === null) return who
  const copy = who.copy()
  copy.below = withoutLevel(who.below, level)
  return copy
}
