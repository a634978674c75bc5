/**
 * Terminals: the pseudoterminals of a machine by number, and the devices that open them: /dev/ptmx, /dev/pts/N,
 * /dev/tty. pty(7), pts(4), tty(4).
 * Path: linux.ts registers the devices; fs/devpts shows the slaves as files; src/terminal-streams.ts makes a pair
 * whose master the embedder holds.
 */

import { CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EBUSY, EIO, ENOSPC, ENXIO } from '../abi/errno.ts'
import { O_CLOEXEC, O_NOCTTY, O_RDWR } from '../abi/fcntl.ts'
import { makedev, minor } from '../abi/stat.ts'
import { PTY_SLAVE_MAJOR, TIOCGPTPEER, TTYAUX_MAJOR } from '../abi/tty.ts'
import { controlTerminal } from '../kernel/job-control.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Task } from '../kernel/task.ts'
import type { Caller } from '../vfs/caller.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { MountTree } from '../vfs/mount-tree.ts'
import { Dentry, Mount, Path } from '../vfs/path.ts'
import { DevPts } from './devpts.ts'
import { Tty } from './tty.ts'
import { TtyFile } from './tty-file.ts'

/** Linux's default for kernel.pty.max. */
const PTY_COUNT_MAX = 4096
const TTY_DEV = makedev(TTYAUX_MAJOR, 0)
const PTMX_DEV = makedev(TTYAUX_MAJOR, 2)

export class Terminals {
  readonly kernel: Kernel
  readonly devpts: DevPts
  /** Masters by number, while they are open. */
  private readonly masters: (Tty | undefined)[] = []
  /** Where slaves are found when nothing is mounted at /dev/pts. */
  private nowhere: Mount | null = null

  constructor(kernel: Kernel) {
    this.kernel = kernel
    this.devpts = new DevPts(kernel.caller)
  }

  /** Opens a new pair by its master. */
  openMaster(caller: Caller, flags: number, path: Path): TtyFile | number {
    let index = 0
    while (this.masters[index]) index++
    if (index >= PTY_COUNT_MAX) return -ENOSPC
    const master = new Tty(this.kernel, index, true)
    master.other = new Tty(this.kernel, index, false)
    master.other.other = master
    master.locked = true
    this.masters[index] = master
    this.devpts.add(index, makedev(PTY_SLAVE_MAJOR, index), caller)
    return new MasterFile(this, master, flags, path, () => this.masterReleased(master))
  }

  /** A pair for the embedder, which holds the master, and a program. */
  openPair(caller: Caller): { master: TtyFile; slave: TtyFile } | number {
    const ptmx = new Dentry('ptmx', null, this.devpts.ptmx)
    const master = this.openMaster(caller, O_RDWR, new Path(new Mount(this.devpts, ptmx, 'devpts'), ptmx))
    if (typeof master === 'number') return master
    const { index } = master.tty
    const slave = this.openTty(master.tty.other, caller, O_RDWR, this.slavePath(index, this.kernel.mountTree))
    return typeof slave === 'number' ? slave : { master, slave }
  }

  private masterReleased(master: Tty): void {
    this.masters[master.index] = undefined
    this.devpts.remove(master.index)
    this.devpts.rootDentry?.forget(String(master.index))
    master.closed()
  }

  /** Opens the slave of a number. */
  openSlave(caller: Caller, index: number, flags: number, path: Path): TtyFile | number {
    const master = this.masters[index]
    if (!master || path.inode.fs !== this.devpts) return -EIO
    return master.locked ? -EIO : this.openTty(master.other, caller, flags, path)
  }

  /** Another description of a slave. */
  openTty(slave: Tty, caller: Caller, flags: number, path: Path): TtyFile | number {
    if (slave.exclusive && !caller.credentials.capable(CAP_SYS_ADMIN)) return -EBUSY
    slave.other.otherClosed = false
    return new TtyFile(slave, flags, path, () => {
      if (slave.files.size === 0) slave.closed()
    })
  }

  /** The name of a slave: below /dev/pts where a tree has that. */
  slavePath(index: number, tree: MountTree): Path {
    const inode = this.devpts.slave(index)!
    const top = this.devpts.rootDentry
    // Where all terminals show: not the binds of one of them.
    for (const mount of tree.mounts)
      if (top !== null && mount.root === top) return new Path(mount, top.child(String(index), inode))
    if (!this.nowhere) {
      const top = new Dentry('', null, this.devpts.root)
      this.nowhere = new Mount(this.devpts, top, 'devpts')
    }
    const dev = new Dentry('dev', this.nowhere.root, this.devpts.root)
    const pts = new Dentry('pts', dev, this.devpts.root)
    return new Path(this.nowhere, new Dentry(String(index), pts, inode))
  }
}

const instances = new WeakMap<Kernel, Terminals>()

/** The terminals of a machine. */
export function terminalsOf(kernel: Kernel): Terminals {
  let terminals = instances.get(kernel)
  if (!terminals) instances.set(kernel, (terminals = new Terminals(kernel)))
  return terminals
}

/** Fills the device table with everything that opens a terminal. */
export function registerTerminals(kernel: Kernel): void {
  const terminals = terminalsOf(kernel)
  kernel.devices.register(PTMX_DEV, {
    name: 'ptmx',
    open: (caller, flags, path) => terminals.openMaster(caller, flags, path),
  })
  kernel.devices.register(TTY_DEV, {
    name: 'tty',
    open: (caller, flags, path) => openOwn(terminals, caller, flags, path),
  })
  kernel.devices.registerMajor(PTY_SLAVE_MAJOR, {
    name: 'pts',
    open: (caller, flags, path, openFlags) => {
      const file = terminals.openSlave(caller, minor(path.inode.rdev), flags, path)
      if (typeof file !== 'number' && !(openFlags & O_NOCTTY)) acquire(file, caller)
      return file
    },
  })
}

/** A session leader without a terminal gets the one it opens. */
function acquire(file: TtyFile, caller: Caller): void {
  if (!(caller instanceof Task)) return
  const { group } = caller
  if (group.sessionId !== group.pid || group.terminal || file.tty.sessionId !== 0 || !file.readable) return
  controlTerminal(group, file.tty)
}

/** /dev/tty: the caller's own terminal under that name. */
function openOwn(terminals: Terminals, caller: Caller, flags: number, path: Path): FileDescription | number {
  const own = caller instanceof Task ? caller.group.terminal : null
  return own instanceof Tty ? terminals.openTty(own, caller, flags, path) : -ENXIO
}

/** A master also opens its slave (TIOCGPTPEER), without a name. */
class MasterFile extends TtyFile {
  private readonly terminals: Terminals

  constructor(terminals: Terminals, master: Tty, flags: number, path: Path, onRelease: () => void) {
    super(master, flags, path, onRelease)
    this.terminals = terminals
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request !== TIOCGPTPEER || this.hungUp || !(caller instanceof Task))
      return super.ioctl(caller, request, argument)
    const { index } = this.tty
    const kept = argument & ~(O_NOCTTY | O_CLOEXEC)
    const file = this.terminals.openSlave(
      caller,
      index,
      kept,
      this.terminals.slavePath(index, caller.view.mounts),
    )
    if (typeof file === 'number') return file
    return caller.fds.installNew(file, (argument & O_CLOEXEC) !== 0)
  }
}
