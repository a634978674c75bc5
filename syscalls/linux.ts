/**
 * Joins system-call table, file systems, devices and CPU into a Linux. The only place that knows all of them.
 * Path: src/machine.ts calls this with a host and a CPU.
 */

import type { Cpu } from '../emu/run/cpu.ts'
import { type Arch, NORMS_UNKNOWN } from './abi/arch/arch.ts'
import { CallTable } from './abi/arch/call-table.ts'
import { arches } from './abi/arch/registry.ts'
import { CALL_NUMBERS } from './abi/calls.ts'
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
  /** Whose programs run; the first is the machine's own. */
  arches?: readonly Arch[]
}

export interface Linux {
  kernel: Kernel
  console: Console
}

export function createLinux(options: LinuxOptions): Linux {
  const table = tableOf(syscallRows, CALL_NUMBERS)
  const normsOf = (name: string): readonly number[] => table[CALL_NUMBERS[name]!]?.norms ?? NORMS_UNKNOWN
  const devices = new DeviceTable()
  const console = registerDevices(devices, options.host)
  const kernel = new Kernel({
    host: options.host,
    cpu: options.cpu,
    callTables: (options.arches ?? arches).map((arch) => new CallTable(arch, normsOf)),
    table,
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
