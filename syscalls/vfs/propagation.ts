/**
 * Propagation: what is mounted or unmounted on one mount happens on its peers too, and on the slaves of their group.
 * mount_namespaces(7), Linux fs/pnode.c. All members of a group have the same master, so a master is a group here.
 * Path: mount-tree.ts asks who gets what; sys/mount.ts changes what a mount is.
 */

import { type Dentry, type Mount, Path } from './path.ts'

/** Mounts that tell each other: shared:ID. */
export class PeerGroup {
  readonly id: number
  /** A ring: whoever comes behind one hears first of what happened there. */
  readonly members: Mount[] = []
  /** Mounts that hear of what happens here, and do not answer. */
  readonly slaves: Mount[] = []

  constructor(id: number) {
    this.id = id
  }

  /** All others, from the one behind `mount` on. */
  othersFrom(mount: Mount): Mount[] {
    const at = this.members.indexOf(mount)
    return [...this.members.slice(at + 1), ...this.members.slice(0, at)]
  }
}

function remove(list: Mount[], mount: Mount): void {
  list.splice(list.indexOf(mount), 1)
}

/** MS_SHARED: in a group, a new one unless it has one. */
export function makeShared(mount: Mount, newGroup: () => PeerGroup): void {
  mount.unbindable = false
  if (mount.peers) return
  mount.peers = newGroup()
  mount.peers.members.push(mount)
}

function setMaster(mount: Mount, master: PeerGroup | null): void {
  if (mount.master) remove(mount.master.slaves, mount)
  mount.master = master
  master?.slaves.unshift(mount)
}

/** MS_SLAVE: it only hears of its former peers; without any, of whom its group heard. */
export function makeSlave(mount: Mount): void {
  const { peers } = mount
  if (!peers) return
  remove(peers.members, mount)
  mount.peers = null
  if (peers.members.length > 0) setMaster(mount, peers)
  else for (const slave of [...peers.slaves]) setMaster(slave, mount.master)
}

/** MS_PRIVATE. */
export function makePrivate(mount: Mount): void {
  makeSlave(mount)
  setMaster(mount, null)
}

/** A copy belongs to where the mount does. */
export function joinAs(copy: Mount, mount: Mount): void {
  const { peers, master } = mount
  if (peers) {
    copy.peers = peers
    peers.members.splice(peers.members.indexOf(mount) + 1, 0, copy)
  }
  if (!master) return
  copy.master = master
  master.slaves.splice(master.slaves.indexOf(mount) + 1, 0, copy)
}

/** Slaves of a group by their own groups; those that have none stand alone. */
function slaveGroups(group: PeerGroup): Mount[][] {
  const seen = new Set<PeerGroup>()
  const found: Mount[][] = []
  for (const slave of group.slaves) {
    const { peers } = slave
    if (!peers) found.push([slave])
    else if (!seen.has(peers)) {
      seen.add(peers)
      found.push([slave, ...peers.othersFrom(slave)])
    }
  }
  return found
}

/** Whoever hears of what happens on a mount. */
export function receivers(mount: Mount): Mount[] {
  if (!mount.peers) return []
  const found = mount.peers.othersFrom(mount)
  const open = [mount.peers]
  for (let group = open.pop(); group; group = open.pop())
    for (const slaves of slaveGroups(group)) {
      found.push(...slaves)
      if (slaves[0]!.peers) open.push(slaves[0]!.peers)
    }
  return found
}

/** A copy of a tree, each mount behind the one that it is on, for another place; or of what is below `top`. */
export function copyTree(
  mounts: readonly Mount[],
  at: Path | null,
  link: (copy: Mount, mount: Mount) => void,
  top?: Dentry,
): Mount[] {
  const copies = new Map<Mount, Mount>()
  for (const mount of mounts) {
    const copy = mount.copy(mount === mounts[0] ? top : undefined)
    const parent = copies.get(mount.at?.mount as Mount)
    copy.at = parent ? new Path(parent, mount.at!.dentry) : at
    copies.set(mount, copy)
    link(copy, mount)
  }
  return [...copies.values()]
}

/**
 * A tree is about to be mounted at a place that others hear of: its mounts become shared, and each of the others gets a
 * copy. The copies, in the order in which they are to be attached.
 */
export function propagate(mounts: readonly Mount[], at: Path, newGroup: () => PeerGroup): Mount[][] {
  const made: Mount[][] = []
  const give = (to: Mount, from: readonly Mount[], link: typeof joinAs): Mount[] | null => {
    // What is only being made, or shows another part of the file system, gets nothing.
    if (!to.tree || !at.dentry.isBelow(to.root)) return null
    const copies = copyTree(from, new Path(to, at.dentry), link)
    made.push(copies)
    return copies
  }
  const asSlave = (copy: Mount, mount: Mount): void => setMaster(copy, mount.peers)
  const asSharedSlave = (copy: Mount, mount: Mount): void => {
    asSlave(copy, mount)
    makeShared(copy, newGroup)
  }
  const peers = at.mount.peers!
  const others = peers.othersFrom(at.mount)
  const open = [{ group: peers, from: mounts }]
  // One that is moved may be among those who hear of it, as what it was.
  const fresh = new Set(mounts.filter((mount) => !mount.peers))
  for (const mount of mounts) makeShared(mount, newGroup)
  let last = mounts
  for (const peer of others) last = give(peer, last, joinAs) ?? last
  for (let next = open.pop(); next; next = open.pop())
    for (const slaves of slaveGroups(next.group)) {
      const group = fresh.has(slaves[0]!) ? null : slaves[0]!.peers
      let first: readonly Mount[] | null = null
      for (const slave of slaves) {
        const copies: Mount[] | null = first
          ? give(slave, last, joinAs)
          : give(slave, next.from, group ? asSharedSlave : asSlave)
        first ??= copies
        last = copies ?? last
      }
      if (group) open.push({ group, from: first ?? next.from })
    }
  return made
}

/**
 * What goes with mounts that are unmounted: the same on whoever hears of it, unless something that stays is below. What
 * lies on the very top of one does not keep it: that stays, in its place.
 */
export function unmountedWith(gone: ReadonlySet<Mount>): Set<Mount> {
  const all = new Set(gone)
  for (const mount of gone) {
    if (!mount.at) continue
    const { dentry } = mount.at
    for (const to of receivers(mount.at.mount)) {
      const child = dentry.mounts?.get(to)
      if (child) all.add(child)
    }
  }
  if (all.size === gone.size) return all
  const children = childrenIn(all)
  for (let again = true; again; ) {
    again = false
    // Children come first here: one that stays keeps all above it.
    for (const mount of [...all].reverse()) {
      if (gone.has(mount)) continue
      const stays = children
        .get(mount)
        ?.some((child) => child.at!.dentry !== mount.root && remainsOf(child, all) !== null)
      if (stays) again = all.delete(mount)
    }
  }
  return all
}

/** What of a mount and what covers it will still be there. */
export function remainsOf(mount: Mount, gone: ReadonlySet<Mount>): Mount | null {
  let left: Mount | undefined = mount
  while (left && gone.has(left)) left = left.root.mounts?.get(left)
  return left ?? null
}

/** Children of all mounts of the trees that some are in. */
function childrenIn(mounts: ReadonlySet<Mount>): Map<Mount, Mount[]> {
  const children = new Map<Mount, Mount[]>()
  for (const tree of new Set([...mounts].map((mount) => mount.tree!)))
    for (const mount of tree.mounts) {
      const parent = mount.at?.mount
      if (!parent) continue
      const known = children.get(parent)
      if (known) known.push(mount)
      else children.set(parent, [mount])
    }
  return children
}
