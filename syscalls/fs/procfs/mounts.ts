/**
 * /proc/PID/mounts, mountinfo and mountstats: the mounts that a process can reach from its root. proc(5), Linux
 * fs/proc_namespace.c.
 */

import { MNT_READONLY, MOUNT_OPTIONS, SUPER_OPTIONS } from '../../abi/mount.ts'
import { major, minor } from '../../abi/stat.ts'
import type { Task } from '../../kernel/task.ts'
import { ROOTFS_MOUNT_ID } from '../../vfs/mount-tree.ts'
import { type Mount, Path } from '../../vfs/path.ts'
import type { PeerGroup } from '../../vfs/propagation.ts'

/** Characters that separate fields are shown as octal numbers; a source's # too, where comments begin. */
const escaped = (text: string, special: RegExp): string =>
  text.replace(special, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
const shownName = (text: string): string => escaped(text, /[ \t\n\\]/g)
const shownSource = (mount: Mount): string => escaped(mount.source, /[ \t\n\\#]/g)

const mountOptions = ({ flags }: Mount): string =>
  MOUNT_OPTIONS.map(([, mnt, , name]) => (flags & mnt ? `,${name}` : '')).join('')
const superOptions = ({ fs }: Mount): string =>
  SUPER_OPTIONS.map(([ms, name]) => (fs.superFlags & ms ? `,${name}` : '')).join('')

/** Whom a mount tells, and of whom it hears: of those that cannot be seen, the nearest that can is named. */
function tags(mount: Mount, root: Path): string {
  const { peers, master } = mount
  const isSeen = (other: Mount): boolean =>
    other.tree === mount.tree && new Path(other, other.root).isReachableFrom(root)
  let text = peers ? ` shared:${peers.id}` : ''
  if (master) {
    text += ` master:${master.id}`
    let from: PeerGroup | null = master
    while (from && !from.members.some(isSeen)) from = from.members[0]!.master
    if (from && from !== master) text += ` propagate_from:${from.id}`
  }
  return mount.unbindable ? `${text} unbindable` : text
}

/** A line for each mount below the process's root, with the name that it has from there. */
function lines(task: Task | undefined, line: (mount: Mount, name: string) => string): string {
  if (!task) return ''
  const { root } = task.fs
  let text = ''
  for (const mount of task.view.mounts.mounts) {
    const top = new Path(mount, mount.root)
    if (top.isReachableFrom(root)) text += line(mount, shownName(top.name(root)))
  }
  return text
}

export const mountsText = (task: Task | undefined): string =>
  lines(task, (mount, name) => {
    const mode = mount.readOnly ? 'ro' : 'rw'
    const options = `${mode}${superOptions(mount)}${mountOptions(mount)}${mount.fs.shownOptions}`
    return `${shownSource(mount)} ${name} ${mount.fs.type} ${options} 0 0\n`
  })

export const mountInfoText = (task: Task | undefined): string =>
  lines(task, (mount, name) => {
    const { fs } = mount
    const parent = mount.at?.mount.id ?? ROOTFS_MOUNT_ID
    const place = `${mount.id} ${parent} ${major(fs.dev)}:${minor(fs.dev)} ${shownName(mount.root.nameInside)} ${name}`
    const options = `${mount.flags & MNT_READONLY ? 'ro' : 'rw'}${mountOptions(mount)}`
    const whole = `${fs.readOnly ? 'ro' : 'rw'}${superOptions(mount)}${fs.shownOptions}`
    return `${place} ${options}${tags(mount, task!.fs.root)} - ${fs.type} ${shownSource(mount)} ${whole}\n`
  })

export const mountStatsText = (task: Task | undefined): string =>
  lines(
    task,
    (mount, name) => `device ${shownSource(mount)} mounted on ${name} with fstype ${mount.fs.type}\n`,
  )
