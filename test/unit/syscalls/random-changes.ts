/** Random changes to a tree, for tests that compare trees: the same for each tree that they are done to. */

import { SeededRandom } from '../../../src/host/sim/sim-host.ts'
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from '../../../syscalls/abi/fcntl.ts'
import { S_IFCHR, S_IFIFO } from '../../../syscalls/abi/stat.ts'
import type { RegularFile } from '../../../syscalls/vfs/file-description.ts'
import { stamp, type Tree } from './view-trees.ts'

const NAMES = ['a', 'b', '-c', 'dir', '.-']

export type Random = () => number

/** Seeded, from 0 to 1. */
export function randomOf(seed: number): Random {
  const source = new SeededRandom(seed)
  return () => source.next() / 2 ** 32
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

function nameOf(random: Random): string {
  const depth = 1 + Math.floor(random() * 3)
  let name = ''
  // `.-` is the records' at the top.
  for (let i = 0; i < depth; i++) name += `/${pick(random, i === 0 ? NAMES.slice(0, 4) : NAMES)}`
  return name
}

export function fill(tree: Tree, links: boolean): void {
  tree.create('/a', 'first file')
  tree.create('/b', 'x'.repeat(90))
  tree.mkdir('/dir')
  tree.create('/dir/a', 'inside')
  tree.create('/dir/-c', 'dashes', 0o600)
  tree.symlink('/dir/b', '../a')
  tree.mkdir('/dir/dir', 0o700)
  tree.create('/dir/dir/a', 'deep')
  tree.create('/dir/dir/b', '')
  tree.mkdir('/-c')
  tree.mknod('/-c/a', S_IFIFO | 0o644)
  if (links) {
    tree.link('/dir/a', '/-c/b')
    tree.link('/dir/a', '/-c/dir')
  }
  tree.setXattr('/a', 'user.a', 'one')
}

export type Handles = Map<number, RegularFile>

/** One operation: the same for each tree that it is done to. */
export function operation(random: Random): (tree: Tree, handles: Handles) => number {
  const [name, other] = [nameOf(random), nameOf(random)]
  const text = pick(random, ['', 'text', 'more'.repeat(12)])
  const pos = pick(random, [0, 3, 50])
  const mode = pick(random, [0o600, 0o755, 0o4711])
  const id = pick(random, [0, 1000, 7])
  const handle = Math.floor(random() * 3)
  const operations: ((tree: Tree, handles: Handles) => number)[] = [
    (tree) => tree.create(name, text),
    (tree) => tree.create(name, text),
    (tree) => tree.write(name, text || 'x', pos),
    (tree) => tree.append(name, text || 'x'),
    (tree) => tree.set(name, { size: pos }),
    (tree) => tree.set(name, { mode }),
    (tree) => tree.set(name, { uid: id, gid: id }),
    (tree) => tree.set(name, { atime: stamp(5), mtime: stamp(pos, 123) }),
    (tree) => tree.unlink(name),
    (tree) => tree.unlink(name),
    (tree) => tree.rmdir(name),
    (tree) => tree.mkdir(name, mode & 0o755),
    (tree) => tree.mkdir(name, mode & 0o755),
    (tree) => tree.rename(name, other),
    (tree) => tree.rename(name, other),
    (tree) => tree.rename(name, other, RENAME_NOREPLACE),
    (tree) => tree.rename(name, other, RENAME_EXCHANGE),
    (tree) => (tree.links ? tree.link(name, other) : 0),
    (tree) => tree.symlink(name, '../a'),
    (tree) =>
      tree.mknod(
        name,
        pick(() => pos / 60, [S_IFIFO | 0o644, S_IFCHR | 0o600]),
        pos,
      ),
    (tree) => tree.setXattr(name, 'user.b', text === '' ? null : 'value'),
    (tree, handles) => {
      handles.get(handle)?.release()
      handles.delete(handle)
      const file = tree.open(name)
      if (typeof file === 'number') return file
      handles.set(handle, file)
      return 0
    },
    (tree, handles) => {
      const file = handles.get(handle)
      return file ? tree.writeTo(file, text || 'x', pos) : -1
    },
    (tree, handles) => {
      const file = handles.get(handle)
      if (!file) return -1
      const bytes = new Uint8Array(20_000)
      const got = file.readAt(tree.caller, 0, bytes, 0, bytes.length)
      return got < 0 ? got : bytes.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, got)
    },
  ]
  return pick(random, operations)
}
