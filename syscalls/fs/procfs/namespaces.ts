/** /proc/PID/ns: links that lead to the files of a task's namespaces. namespaces(7), Linux fs/proc/namespaces.c. */

import { ENOENT } from '../../abi/errno.ts'
import { S_IFLNK } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Namespace, NamespaceKind } from '../../kernel/namespace.ts'
import { namespaceOf } from '../../kernel/nsproxy.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileSystem } from '../../vfs/inode.ts'
import type { Path } from '../../vfs/path.ts'
import { namespacePath, onlyNamespace } from '../nsfs/nsfs.ts'
import { type ProcEntry, type ProcInode, ProcLink } from './nodes.ts'

/** The links by name. */
const LINKS: readonly (readonly [name: string, kind: NamespaceKind])[] = [
  ['cgroup', 'cgroup'],
  ['ipc', 'ipc'],
  ['mnt', 'mnt'],
  ['net', 'net'],
  ['pid', 'pid'],
  ['pid_for_children', 'pid'],
  ['time', 'time'],
  ['time_for_children', 'time'],
  ['user', 'user'],
  ['uts', 'uts'],
]

/** `inspects`: 0, or why the caller may not look. `own` gives an inode the owner that such files have. */
export function namespaceEntries(
  fs: FileSystem,
  kernel: Kernel,
  task: Task | undefined,
  base: number,
  inspects: (caller: Caller) => number,
  own: <T extends ProcInode>(inode: T) => T,
): ProcEntry[] {
  return LINKS.map(([name, kind], i) => {
    const ino = base + i
    const find = (caller: Caller): Path | number => {
      const refused = inspects(caller)
      if (refused) return refused
      if (!task?.alive) return -ENOENT
      const isForChildren = name === 'pid_for_children'
      // One that nobody was born in yet cannot be named.
      if (isForChildren && task.world.pids.init === null) return -ENOENT
      const namespace: Namespace = isForChildren
        ? task.world.pids
        : (namespaceOf(task, kind) ?? onlyNamespace(kernel, kind))
      return namespacePath(kernel, namespace)
    }
    const target = (caller: Caller): string | number => {
      const path = find(caller)
      return typeof path === 'number' ? path : path.dentry.name
    }
    return { name, ino, mode: S_IFLNK | 0o777, make: () => own(new ProcLink(fs, ino, target, find)) }
  })
}
