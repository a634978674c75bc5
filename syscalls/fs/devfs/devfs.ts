/**
 * devfs: /dev with the devices every program expects, a tmpfs otherwise. Registers them in the device table too,
 * so that mknod(2) nodes elsewhere open the same things.
 */

import { O_RDONLY, O_RDWR, O_WRONLY } from '../../abi/fcntl.ts'
import { makedev, S_IFCHR, S_IFDIR, S_IFLNK } from '../../abi/stat.ts'
import type { Host } from '../../host.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { DeviceTable } from '../../vfs/device.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import { Dentry, Mount, Path } from '../../vfs/path.ts'
import { Tmpfs } from '../tmpfs/tmpfs.ts'
import { Console, ConsoleFile, FullFile, NullFile, RandomFile, ZeroFile } from './devices.ts'

export const CONSOLE_DEV = makedev(5, 1)
/** The host's streams where they are no terminal. */
const STREAM_DEVS = [makedev(5, 64), makedev(5, 65), makedev(5, 66)] as const
const NULL_DEV = makedev(1, 3)
/** /dev's devices; sysfs shows them too. */
export const DEVICE_NODES: readonly (readonly [name: string, rdev: number, mode: number])[] = [
  ['null', NULL_DEV, 0o666],
  ['zero', makedev(1, 5), 0o666],
  ['full', makedev(1, 7), 0o666],
  ['random', makedev(1, 8), 0o666],
  ['urandom', makedev(1, 9), 0o666],
  ['tty', makedev(5, 0), 0o666],
  ['ptmx', makedev(5, 2), 0o666],
  ['console', CONSOLE_DEV, 0o620],
]
const LINKS: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
]

/** Fills the device table of a machine. */
export function registerDevices(devices: DeviceTable, host: Host): Console {
  const console = new Console(host)
  devices.register(NULL_DEV, { name: 'null', open: (_c, flags, path) => new NullFile(flags, path) })
  devices.register(makedev(1, 5), { name: 'zero', open: (_c, flags, path) => new ZeroFile(flags, path) })
  devices.register(makedev(1, 7), { name: 'full', open: (_c, flags, path) => new FullFile(flags, path) })
  const random = {
    name: 'random',
    open: (_c: unknown, flags: number, path: Path) => new RandomFile(flags, path, host),
  }
  devices.register(makedev(1, 8), random)
  devices.register(makedev(1, 9), random)
  devices.register(CONSOLE_DEV, {
    name: 'console',
    open: (_c, flags, path) => new ConsoleFile(flags, path, console, host.stdout),
  })
  for (const [i, rdev] of STREAM_DEVS.entries())
    devices.register(rdev, {
      name: 'stream',
      open: (_c, flags, path) => new ConsoleFile(flags, path, console, i === 2 ? host.stderr : host.stdout),
    })
  return console
}

/**
 * Descriptors 0, 1 and 2 of the first program: nodes on a file system of their own, so that /proc/PID/fd can open
 * each of them again.
 */
export function standardStreams(kernel: Kernel, console: Console): FileDescription[] {
  const { host } = kernel
  const node = nodeMaker(kernel)
  // A terminal is one description for all three, opened for both ways, as a login makes it.
  if (host.stdin.isTerminal && host.stdout.isTerminal && host.stderr.isTerminal) {
    const terminal = new ConsoleFile(O_RDWR, node('console', CONSOLE_DEV), console, host.stdout)
    return [terminal, terminal, terminal]
  }
  return [
    new ConsoleFile(O_RDONLY, node('stdin', STREAM_DEVS[0]), console, host.stdout),
    new ConsoleFile(O_WRONLY, node('stdout', STREAM_DEVS[1]), console, host.stdout),
    new ConsoleFile(O_WRONLY, node('stderr', STREAM_DEVS[2]), console, host.stderr),
  ]
}

/** Descriptors 0, 1 and 2 that are /dev/null. */
export function nullStreams(kernel: Kernel): FileDescription[] {
  const node = nodeMaker(kernel)
  return [O_RDONLY, O_WRONLY, O_WRONLY].map((flags) => new NullFile(flags, node('null', NULL_DEV)))
}

/** Makes device nodes on a file system of their own, as /dev/NAME. */
function nodeMaker(kernel: Kernel): (name: string, rdev: number) => Path {
  const fs = new Tmpfs(kernel.clock, { type: 'devtmpfs' })
  fs.dev = 2
  const directory = new Dentry('', null, fs.root)
  const mount = new Mount(fs, directory, 'console')
  const dev = new Dentry('dev', directory, fs.root)
  return (name, rdev) => {
    const inode = fs.newInode(S_IFCHR | 0o620, 0, 0)
    inode.rdev = rdev
    return new Path(mount, new Dentry(name, dev, inode))
  }
}

export const devfs: FileSystemType = {
  name: 'devtmpfs',
  needsSource: false,
  mount(kernel) {
    const fs = new Tmpfs(kernel.clock, { type: 'devtmpfs', sizeMax: 1 << 26 })
    for (const [name, rdev, mode] of DEVICE_NODES) {
      const inode = fs.newInode(S_IFCHR | mode, 0, 0)
      inode.rdev = rdev
      fs.root.addEntry(kernel.caller, name, inode)
    }
    for (const [name, target] of LINKS) {
      const inode = fs.newInode(S_IFLNK | 0o777, 0, 0)
      inode.setTarget(target)
      fs.root.addEntry(kernel.caller, name, inode)
    }
    fs.root.addEntry(kernel.caller, 'pts', fs.newInode(S_IFDIR | 0o755, 0, 0))
    fs.root.addEntry(kernel.caller, 'shm', fs.newInode(S_IFDIR | 0o1777, 0, 0))
    return fs
  },
}
