/**
 * Umwelt's public API: make a CPU and a host, compose a machine, run programs in it.
 * `umwelt/node` and `umwelt/browser` hold the hosts.
 */

export type { Cpu } from '../emu/run/cpu.ts'
export { type CpuKind, type CpuOptions, createCpu } from '../emu/run/index.ts'
export type { Engine } from '../syscalls/engines/engine.ts'
export type { Host, HostClock, HostInput, HostOutput, HostRandom } from '../syscalls/host.ts'
export {
  createMachine,
  type ExitStatus,
  type FileSystemChoice,
  type Machine,
  type MachineOptions,
  type MountChoice,
  StartError,
} from './machine.ts'
