/**
 * Mount trees of views: copies, what dies with a view, places that the file system does not have, mounts that show
 * themselves to some callers only. What programs see of namespaces is test/abi's ns-*.
 */

import { describe, expect, it } from 'vitest'
import { S_IFDIR } from '../../../syscalls/abi/stat.ts'
import { namespacePath } from '../../../syscalls/fs/nsfs/nsfs.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { Credentials } from '../../../syscalls/kernel/credentials.ts'
import type { Kernel } from '../../../syscalls/kernel/kernel.ts'
import { removeDirectory } from '../../../syscalls/vfs/change.ts'
import { DirectoryFile } from '../../../syscalls/vfs/file-description.ts'
import type { MountTree } from '../../../syscalls/vfs/mount-tree.ts'
import type { Path } from '../../../syscalls/vfs/path.ts'
import { FOLLOW, walkParent, walkPath } from '../../../syscalls/vfs/walk.ts'
import { scripted } from './scripted.ts'

const made = (): Kernel => scripted({}).machine.kernel

function find(kernel: Kernel, tree: MountTree, name: string, caller = kernel.caller): Path {
  const path = walkPath(caller, tree.root, tree.root, name, FOLLOW)
  if (typeof path === 'number') throw new Error(`${name}: ${path}`)
  return path
}

const errorOf = (kernel: Kernel, tree: MountTree, name: string): Path | number =>
  walkPath(kernel.caller, tree.root, tree.root, name, FOLLOW)

/** A directory of the first tree's root. */
function mkdir(kernel: Kernel, name: string): Path {
  kernel.mountTree.root.inode.mkdir(kernel.caller, name, S_IFDIR | 0o755)
  return find(kernel, kernel.mountTree, name)
}

function list(kernel: Kernel, directory: Path, room = Infinity): string[] {
  const names: string[] = []
  const file = new DirectoryFile(0, directory)
  for (;;) {
    const before = names.length
    file.readdir(kernel.caller, {
      add: (name) => names.length - before < room && names.push(name) > 0,
    })
    if (names.length === before) break
  }
  file.release()
  return names.filter((name) => name !== '.' && name !== '..')
}

describe('the tree of a view', () => {
  it('begins as a copy and goes its own way', () => {
    const kernel = made()
    const place = mkdir(kernel, 'place')
    const inner = kernel.view.fork()
    expect([...inner.mounts.mounts].map(({ fs }) => fs)).toEqual(
      [...kernel.mountTree.mounts].map(({ fs }) => fs),
    )
    const outer = kernel.mountTree.add(new Tmpfs(kernel.clock), place, 'outer')
    expect(find(kernel, kernel.mountTree, 'place').mount).toBe(outer)
    expect(find(kernel, inner.mounts, 'place').isMountRoot).toBe(false)
    const own = inner.mounts.add(new Tmpfs(kernel.clock), find(kernel, inner.mounts, 'place'), 'inner')
    expect(find(kernel, inner.mounts, 'place').mount).toBe(own)
    kernel.mountTree.detach(outer)
    expect(find(kernel, kernel.mountTree, 'place').isMountRoot).toBe(false)
    expect(find(kernel, inner.mounts, 'place').mount).toBe(own)
  })

  it('can be shared', () => {
    const kernel = made()
    const place = mkdir(kernel, 'place')
    const inner = kernel.view.fork('share')
    kernel.mountTree.add(new Tmpfs(kernel.clock), place, 'outer')
    expect(find(kernel, inner.mounts, 'place').isMountRoot).toBe(true)
    inner.drop()
    expect(find(kernel, kernel.mountTree, 'place').isMountRoot).toBe(true)
  })

  it('gives its mounts back with the last holder of the view', () => {
    const kernel = made()
    const place = mkdir(kernel, 'place')
    kernel.mountTree.add(new Tmpfs(kernel.clock), place, 'outer')
    const { table } = kernel.mountTree
    const before = table.count
    const opens = kernel.mountTree.root.inode.openCount
    const views = Array.from({ length: 1000 }, () => kernel.view.fork())
    expect(table.count).toBe(before * 1001)
    expect(place.dentry.mounts!.size).toBe(1001)
    const nested = views[0]!.fork()
    for (const view of views) view.drop()
    expect(table.count).toBe(before * 2)
    expect(nested.outer).toBe(kernel.view)
    nested.drop()
    expect(table.count).toBe(before)
    expect(place.dentry.mounts!.size).toBe(1)
    expect(kernel.mountTree.root.inode.openCount).toBe(opens)
  })

  it('ends with a bind of its file, and so does whatever that kept', () => {
    const kernel = made()
    const { mountTree } = kernel
    const before = mountTree.table.count
    const trees = [mountTree]
    const depth = 5000
    for (let i = 0; i < depth; i++) {
      const view = kernel.view.fork()
      const outer = trees.at(-1)!
      outer.bind(namespacePath(kernel, view.mounts), outer.root, false)
      trees.push(view.mounts)
      view.drop()
    }
    expect(mountTree.table.count).toBe((depth + 1) * before + depth)
    const [bound] = [...mountTree.mounts].slice(-1)
    mountTree.detach(bound!)
    expect(mountTree.table.count).toBe(before)
  })

  it('loses what was mounted on a name that another tree removed', () => {
    const kernel = made()
    mkdir(kernel, 'place')
    const inner = kernel.view.fork()
    const mount = inner.mounts.add(new Tmpfs(kernel.clock), find(kernel, inner.mounts, 'place'), 'inner')
    const { root } = kernel.mountTree
    const last = walkParent(kernel.caller, root, root, 'place')
    if (typeof last === 'number') throw new Error('no parent')
    expect(removeDirectory(kernel.caller, last)).toBe(0)
    expect(mount.tree).toBe(null)
    expect(errorOf(kernel, inner.mounts, 'place')).toBe(-2)
  })
})

describe('a mount on a name that the file system does not have', () => {
  it('is found and listed once, where it is mounted', () => {
    const kernel = made()
    const directory = mkdir(kernel, 'directory')
    directory.inode.mkdir(kernel.caller, 'real', S_IFDIR | 0o755)
    const inner = kernel.view.fork()
    const within = find(kernel, inner.mounts, 'directory')
    const fs = new Tmpfs(kernel.clock)
    const mount = inner.mounts.add(fs, inner.mounts.ghost(within, 'ghost', fs.root), 'ghost')
    const second = new Tmpfs(kernel.clock)
    inner.mounts.add(second, inner.mounts.ghost(within, 'second', second.root), 'second')
    const path = find(kernel, inner.mounts, 'directory/ghost')
    expect(path.mount).toBe(mount)
    expect(path.name(inner.mounts.root)).toBe('/directory/ghost')
    expect(find(kernel, inner.mounts, 'directory/ghost/..').equals(within)).toBe(true)
    expect(list(kernel, within)).toEqual(['real', 'ghost', 'second'])
    expect(list(kernel, within, 1)).toEqual(['real', 'ghost', 'second'])
    expect(list(kernel, directory)).toEqual(['real'])
    expect(errorOf(kernel, kernel.mountTree, 'directory/ghost')).toBe(-2)
    // A real one of that name shows in the other tree.
    directory.inode.mkdir(kernel.caller, 'ghost', S_IFDIR | 0o755)
    expect(list(kernel, within)).toEqual(['real', 'ghost', 'second'])
    expect(list(kernel, directory)).toEqual(['real', 'ghost'])
    expect(find(kernel, inner.mounts, 'directory/ghost').mount).toBe(mount)
    expect(find(kernel, kernel.mountTree, 'directory/ghost').isMountRoot).toBe(false)
    inner.mounts.detach(mount)
    expect(find(kernel, inner.mounts, 'directory/ghost').isMountRoot).toBe(false)
    inner.drop()
    expect(directory.dentry.ghosts).toBe(null)
  })

  it('is copied with the tree, and may be a bind', () => {
    const kernel = made()
    const directory = mkdir(kernel, 'directory')
    const source = mkdir(kernel, 'source')
    const tree = kernel.mountTree
    tree.bind(source, tree.ghost(directory, 'bound', source.inode), false)
    const inner = kernel.view.fork()
    expect(find(kernel, inner.mounts, 'directory/bound').dentry).toBe(source.dentry)
    tree.detach(find(kernel, tree, 'directory/bound').mount)
    expect(errorOf(kernel, tree, 'directory/bound')).toBe(-2)
    expect(find(kernel, inner.mounts, 'directory/bound').dentry).toBe(source.dentry)
  })
})

describe('a mount that does not show itself to everybody', () => {
  it('is passed through to what lies below it', () => {
    const kernel = made()
    const { mountTree: tree } = kernel
    const place = mkdir(kernel, 'place')
    const user = { ...kernel.caller, credentials: new Credentials(1000, 1000) }
    const first = tree.add(new Tmpfs(kernel.clock), place, 'first')
    const second = tree.add(new Tmpfs(kernel.clock), place.covered(null), 'second')
    const seenBy = (caller: typeof user): Path => find(kernel, tree, 'place', caller)
    second.confirm = ({ credentials }) => credentials.uid === 0
    expect(seenBy(kernel.caller).mount).toBe(second)
    expect(seenBy(user).mount).toBe(first)
    first.confirm = () => false
    expect(seenBy(kernel.caller).mount).toBe(second)
    expect(seenBy(user).equals(place)).toBe(true)
    const copy = kernel.view.fork().mounts
    expect(find(kernel, copy, 'place', user).isMountRoot).toBe(false)
    expect(find(kernel, copy, 'place').isMountRoot).toBe(true)
  })

  it('leaves a name that only it made to those who see it', () => {
    const kernel = made()
    const { mountTree: tree } = kernel
    const fs = new Tmpfs(kernel.clock)
    const mount = tree.add(fs, tree.ghost(tree.root, 'ghost', fs.root), 'ghost')
    mount.confirm = () => false
    expect(errorOf(kernel, tree, 'ghost')).toBe(-2)
    expect(list(kernel, tree.root)).not.toContain('ghost')
  })
})
