/** Which places a task uses, and how. Path: viewfs.ts asks before it takes them away. */

import type { Task } from '../../kernel/task.ts'
import type { Path } from '../../vfs/path.ts'

export interface UsedPath {
  /** As in a sentence that names the place at its end. */
  readonly how: 'stands in' | 'has open' | 'maps' | 'runs'
  readonly path: Path
}

/** Its root is what the view makes it. */
export function pathsOf(task: Task): UsedPath[] {
  const used: UsedPath[] = [{ how: 'stands in', path: task.fs.cwd }]
  const { exe, vmas } = task.mm
  if (exe) used.push({ how: 'runs', path: exe })
  for (const number of task.fds.open()) {
    const path = task.fds.get(number)?.heldPath
    if (path) used.push({ how: 'has open', path })
  }
  for (const { path, shared } of vmas.all) if (path) used.push({ how: shared ? 'maps' : 'runs', path })
  return used
}
