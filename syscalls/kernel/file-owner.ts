/**
 * The owner of a description, who is told by a signal: F_SETOWN of fcntl(2); Linux fs/fcntl.c. SIGURG only: nobody is told
 * of readiness (SIGIO). Path: net/stream.ts, when an urgent byte comes.
 */

import { F_OWNER_PGRP, F_OWNER_TID } from '../abi/fcntl.ts'
import { SI_KERNEL, sigInfo } from '../abi/signal.ts'
import type { FileDescription, FileOwner } from '../vfs/file-description.ts'
import type { Kernel } from './kernel.ts'
import { sendSignal } from './signal.ts'
import type { ThreadGroup } from './thread-group.ts'

/** Whether who set the owner may signal this process. */
function mayTell(owner: FileOwner, group: ThreadGroup): boolean {
  const who = group.leader?.credentials
  if (!who || owner.euid === 0) return true
  return [owner.uid, owner.euid].some((id) => id === who.uid || id === who.suid)
}

/** Sends `signo` to the owner, if there is one. */
export function tellOwner(kernel: Kernel, { owner }: FileDescription, signo: number): void {
  const { type, id } = owner
  if (id === 0) return
  const info = sigInfo(signo, SI_KERNEL)
  if (type === F_OWNER_PGRP) {
    for (const group of kernel.groups.values())
      if (group.processGroup === id && mayTell(owner, group)) sendSignal(group, null, info)
    return
  }
  const task = type === F_OWNER_TID ? kernel.tasks.get(id) : undefined
  const group = task?.group ?? kernel.groups.get(id)
  if (group && mayTell(owner, group)) sendSignal(group, task ?? null, info)
}
