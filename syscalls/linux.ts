/**
 * Joins system-call table, file systems, devices and CPU into a Linux. The only place that knows all of them.
 * Path: src/machine.ts calls this with a host and a CPU.
 */

import type { Cpu } from '../emu/run/cpu.ts'
import type { Arch } from './abi/arch/arch.ts'
import { x86_64 } from './abi/arch/x86-64.ts'
import { engines } from './engines/index.ts'
import { registerDevices } from './fs/devfs/devfs.ts'
import type { Console } from './fs/devfs/devices.ts'
import { fileSystemTypes } from './fs/index.ts'
import type { Host } from './host.ts'
import { Kernel, type KernelOptions } from './kernel/kernel.ts'
import { inetFamilies } from './net/inet/family.ts'
import { NetlinkFamily } from './net/netlink/netlink-socket.ts'
import { UnixFamily } from './net/unix/family.ts'
import { syscallRows } from './sys/index.ts'
import { tableOf } from './sys/row.ts'
import { registerTerminals } from './tty/terminals.ts'
import { DeviceTable } from './vfs/device.ts'

export interface LinuxOptions extends Partial<KernelOptions> {
  host: Host
  cpu: Cpu
  arch?: Arch
}

export interface Linux {
  kernel: Kernel
  console: Console
}

export function createLinux(options: LinuxOptions): Linux {
  const arch = options.arch ?? x86_64
  const devices = new DeviceTable()
  const console = registerDevices(devices, options.host)
  const kernel = new Kernel({
    host: options.host,
    cpu: options.cpu,
    arch,
    table: tableOf(syscallRows, arch.numbers),
    fileSystemTypes,
    engineTypes: engines,
    devices,
    options: {
      hostname: options.hostname ?? 'umwelt',
      explainFaults: options.explainFaults ?? false,
      taskCountMax: options.taskCountMax ?? Infinity,
    },
  })
  registerTerminals(kernel)
  for (const family of [new UnixFamily(kernel), ...inetFamilies(kernel), new NetlinkFamily(kernel)])
    kernel.socketFamilies.register(family)
  return { kernel, console }
}
