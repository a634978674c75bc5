/**
 * Character devices by number: what opening a node with that number gives, on whatever file system the node lies.
 * Path: vfs/open.ts asks; fs/devfs registers null, zero, random, tty and the like.
 */

import type { Caller } from './caller.ts'
import type { FileDescription } from './file-description.ts'
import type { Path } from './path.ts'

export interface Device {
  readonly name: string
  open(caller: Caller, flags: number, path: Path): FileDescription | number
}

export class DeviceTable {
  private readonly devices = new Map<number, Device>()

  register(rdev: number, device: Device): void {
    this.devices.set(rdev, device)
  }

  get(rdev: number): Device | undefined {
    return this.devices.get(rdev)
  }

  /** For /proc/devices. */
  all(): [number, Device][] {
    return [...this.devices]
  }
}
