/**
 * A task's capabilities: capget(2), capset(2), and the options of prctl(2) about them. capabilities(7); Linux
 * kernel/capability.c, security/commoncap.c, whose order of checks this is.
 */

import { get32, put32 } from '../abi/bytes.ts'
import {
  CAP_EMPTY_SET,
  CAP_FULL_SET,
  CAP_LAST_CAP,
  CAP_SETPCAP,
  CAPABILITY_WORDS,
  type CapabilitySet,
  capabilityBit,
  isSubset,
  LINUX_CAPABILITY_VERSION_3,
  SECBIT_KEEP_CAPS,
  SECBIT_KEEP_CAPS_LOCKED,
  SECBIT_NO_CAP_AMBIENT_RAISE,
  SECURE_ALL_BITS,
  SECURE_ALL_LOCKS,
  SECURE_ALL_UNPRIVILEGED,
} from '../abi/capability.ts'
import { EFAULT, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { commitCredentials } from '../kernel/change-credentials.ts'
import type { Credentials } from '../kernel/credentials.ts'
import { findTask } from '../kernel/pid.ts'
import type { Task } from '../kernel/task.ts'
import { inStruct, outStruct, syscall } from './row.ts'

/** One word of each set: effective, permitted, inheritable. */
const WORDS_SIZE = 12

/** How many words the header's version has; for another one the header is told which is right. */
function readVersion(task: Task, header: number): number {
  if (!task.mm.canRead(header, 4)) return -EFAULT
  const words = CAPABILITY_WORDS.get(task.mm.getU32(header))
  if (words !== undefined) return words
  return task.mm.setU32(header, LINUX_CAPABILITY_VERSION_3) ? -EINVAL : -EFAULT
}

function sysCapget(task: Task, header: number, at: number): number {
  const { mm } = task
  const words = readVersion(task, header)
  // Whoever gives no place for sets only asks for the version.
  if (at === 0 && (words > 0 || words === -EINVAL)) return 0
  if (words < 0) return words
  if (!mm.canRead(header + 4, 4)) return -EFAULT
  const pid = mm.i32(header + 4)
  if (pid < 0) return -EINVAL
  const target = pid === 0 ? task : findTask(task, pid)
  if (!target) return -ESRCH
  const { effective, permitted, inheritable } = target.credentials
  const bytes = new Uint8Array(words * WORDS_SIZE)
  for (const [i, set] of [effective, permitted, inheritable].entries())
    for (let word = 0; word < words; word++)
      put32(bytes, word * WORDS_SIZE + i * 4, Number((set >> BigInt(word * 32)) & 0xffffffffn), mm.model)
  return mm.copyOut(at, bytes) ? 0 : -EFAULT
}

function sysCapset(task: Task, header: number, at: number): number {
  const { mm } = task
  const words = readVersion(task, header)
  if (words < 0) return words
  if (!mm.canRead(header + 4, 4)) return -EFAULT
  const pid = mm.i32(header + 4)
  if (pid !== 0 && pid !== task.ownTid) return -EPERM
  const bytes = mm.copyIn(at, words * WORDS_SIZE)
  if (!bytes) return -EFAULT
  const [effective, permitted, inheritable] = [0, 1, 2].map((i) => {
    let set = CAP_EMPTY_SET
    for (let word = 0; word < words; word++)
      set |= BigInt(get32(bytes, word * WORDS_SIZE + i * 4, mm.model)) << BigInt(word * 32)
    return set & CAP_FULL_SET
  }) as [CapabilitySet, CapabilitySet, CapabilitySet]
  const old = task.credentials
  if (!old.capableOwn(CAP_SETPCAP) && !isSubset(inheritable, old.inheritable | old.permitted)) return -EPERM
  if (!isSubset(inheritable, old.inheritable | old.bounding)) return -EPERM
  if (!isSubset(permitted, old.permitted) || !isSubset(effective, permitted)) return -EPERM
  const ambient = old.ambient & permitted & inheritable
  return commit(task, { effective, permitted, inheritable, ambient })
}

function commit(task: Task, change: Partial<Credentials>): number {
  commitCredentials(task, Object.assign(task.credentials.copy(), change))
  return 0
}

export const readBoundingSet = (task: Task, capability: number): number =>
  capability > CAP_LAST_CAP ? -EINVAL : task.credentials.bounding & capabilityBit(capability) ? 1 : 0

export function dropFromBoundingSet(task: Task, capability: number): number {
  const { credentials: who } = task
  if (!who.capableOwn(CAP_SETPCAP)) return -EPERM
  if (capability > CAP_LAST_CAP) return -EINVAL
  return commit(task, { bounding: who.bounding & ~capabilityBit(capability) })
}

export function setKeepCaps(task: Task, argument: number): number {
  const { securebits } = task.credentials
  if (argument > 1) return -EINVAL
  if (securebits & SECBIT_KEEP_CAPS_LOCKED) return -EPERM
  return commit(task, {
    securebits: argument ? securebits | SECBIT_KEEP_CAPS : securebits & ~SECBIT_KEEP_CAPS,
  })
}

export function setSecurebits(task: Task, wanted: number): number {
  const { securebits: old } = task.credentials
  if (wanted > SECURE_ALL_BITS) return -EPERM
  const changed = old ^ wanted
  if (((old & SECURE_ALL_LOCKS) >> 1) & changed || old & SECURE_ALL_LOCKS & ~wanted) return -EPERM
  // Without privilege only what is of no concern to the kernel; and to change nothing has always been refused.
  if (!task.credentials.capableOwn(CAP_SETPCAP) && (changed === 0 || changed & ~SECURE_ALL_UNPRIVILEGED))
    return -EPERM
  return commit(task, { securebits: wanted })
}

/** PR_CAP_AMBIENT; `hasRest`: an argument behind the capability is not 0. */
export function ambient(task: Task, operation: number, capability: number, hasRest: boolean): number {
  const { credentials: who } = task
  if (operation === P.PR_CAP_AMBIENT_CLEAR_ALL)
    return capability !== 0 || hasRest ? -EINVAL : commit(task, { ambient: CAP_EMPTY_SET })
  if (capability > CAP_LAST_CAP || hasRest) return -EINVAL
  const bit = capabilityBit(capability)
  switch (operation) {
    case P.PR_CAP_AMBIENT_IS_SET:
      return who.ambient & bit ? 1 : 0
    case P.PR_CAP_AMBIENT_RAISE:
      if (!(who.permitted & who.inheritable & bit) || who.securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
        return -EPERM
      return commit(task, { ambient: who.ambient | bit })
    case P.PR_CAP_AMBIENT_LOWER:
      return commit(task, { ambient: who.ambient & ~bit })
    default:
      return -EINVAL
  }
}

export const capabilityRows = [
  syscall('capget', [inStruct('capHeader'), outStruct('capSets')], sysCapget),
  syscall('capset', [inStruct('capHeader'), inStruct('capSets')], sysCapset),
]
