/**
 * Character devices by number: what opening a node with that number gives, on whatever file system the node lies.
 * Path: vfs/open.ts asks; fs/devfs registers null, zero, random, tty and the like.
 */

import { major, makedev } from '../abi/stat.ts'
import type { Caller } from './caller.ts'
import { FileDescription } from './file-description.ts'
import type { Inode } from './inode.ts'
import type { Path } from './path.ts'

export interface Device {
  readonly name: string
  /** `openFlags` are all that open(2) was given, `flags` what the description keeps of them. */
  open(caller: Caller, flags: number, path: Path, openFlags: number): FileDescription | number
}

/** A description of a device node. */
export abstract class DeviceFile extends FileDescription {
  private readonly file: Inode

  constructor(flags: number, path: Path) {
    super(flags, path)
    this.file = path.inode
    this.file.opened()
  }

  override get inode(): Inode {
    return this.file
  }

  override seek(): number {
    return 0
  }

  override release(): void {
    this.file.released()
  }
}

export class DeviceTable {
  private readonly devices = new Map<number, Device>()
  private readonly majors = new Map<number, Device>()

  register(rdev: number, device: Device): void {
    this.devices.set(rdev, device)
  }

  /** One device for every minor number. */
  registerMajor(number: number, device: Device): void {
    this.majors.set(number, device)
  }

  get(rdev: number): Device | undefined {
    return this.devices.get(rdev) ?? this.majors.get(major(rdev))
  }

  /** For /proc/devices. */
  all(): [number, Device][] {
    return [
      ...this.devices,
      ...[...this.majors].map(([n, device]) => [makedev(n, 0), device] as [number, Device]),
    ]
  }
}
