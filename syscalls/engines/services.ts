/**
 * Services: what engines take over by argument rather than by call: a file-system type, a protocol family, a device
 * number, an ioctl, a binary format, a path. (A system call is an Interest.) View-OS's hash table, viewos.md section 3.
 * Path: the kernel asks `task.world.services` where it has the argument in its hands; the newest entry that matches
 * and confirms answers, else the kernel's own. What a service made (a file system, a socket, a description) answers
 * for itself from then on: nobody is asked again.
 */

import type { Task } from '../kernel/task.ts'
import type { SocketFamily } from '../net/socket.ts'
import type { Caller } from '../vfs/caller.ts'
import type { Device } from '../vfs/device.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { FileSystemType } from '../vfs/file-system-type.ts'
import type { PathService } from './path-services.ts'

/** A mount(2) type. One whose name ends in `*` answers for every type that begins so. */
export interface FileSystemService {
  readonly kind: 'filesystem'
  readonly type: FileSystemType
  confirm?(task: Task, typeName: string): boolean
}

/** Sockets of a family, AF_*; null is every family. */
export interface FamilyService {
  readonly kind: 'family'
  readonly family: number | null
  readonly sockets: SocketFamily
  confirm?(task: Task, family: number, type: number, protocol: number): boolean
}

/** What opening a device node gives. Without a minor number, all of the major one; without a major one, every node. */
export interface DeviceService {
  readonly kind: 'device'
  readonly isBlock: boolean
  readonly major: number | null
  readonly minor: number | null
  readonly device: Device
  confirm?(caller: Caller, major: number, minor: number): boolean
}

/** One request of ioctl(2), whatever the file; null is every request. */
export interface IoctlService {
  readonly kind: 'ioctl'
  readonly request: number | null
  handle(task: Task, file: FileDescription, request: number, argument: number): number
  confirm?(task: Task, file: FileDescription, request: number): boolean
}

/** Programs that another one interprets: binfmt_misc(5). */
export interface BinaryFormatService {
  readonly kind: 'binfmt'
  /** Whether this is one, by the file's first bytes and its name, a byte string. */
  matches(head: Uint8Array, name: string): boolean
  /** The guest path, a byte string. */
  readonly interpreter: string
  /** The P flag: the interpreter gets the name as the caller wrote argv[0], behind the path. */
  readonly keepsArgv0?: boolean
}

export type Service =
  | PathService
  | FileSystemService
  | FamilyService
  | DeviceService
  | IoctlService
  | BinaryFormatService

/** Each kind newest first. */
export class ServiceTable {
  readonly fileSystems: readonly FileSystemService[]
  readonly families: readonly FamilyService[]
  readonly devices: readonly DeviceService[]
  readonly ioctls: readonly IoctlService[]
  readonly formats: readonly BinaryFormatService[]

  /** What is registered, in order, over what is below. */
  constructor(own: readonly Service[], below: ServiceTable | null) {
    const newest = own.toReversed()
    const of = <K extends Service['kind']>(kind: K): Extract<Service, { kind: K }>[] =>
      newest.filter((service): service is Extract<Service, { kind: K }> => service.kind === kind)
    this.fileSystems = [...of('filesystem'), ...(below?.fileSystems ?? [])]
    this.families = [...of('family'), ...(below?.families ?? [])]
    this.devices = [...of('device'), ...(below?.devices ?? [])]
    this.ioctls = [...of('ioctl'), ...(below?.ioctls ?? [])]
    this.formats = [...of('binfmt'), ...(below?.formats ?? [])]
  }

  fileSystemType(task: Task, name: string): FileSystemType | undefined {
    const wants = ({ type }: FileSystemService): boolean =>
      type.name.endsWith('*') ? name.startsWith(type.name.slice(0, -1)) : type.name === name
    return this.fileSystems.find((s) => wants(s) && (s.confirm?.(task, name) ?? true))?.type
  }

  family(task: Task, family: number, type: number, protocol: number): SocketFamily | undefined {
    const wants = (s: FamilyService): boolean => s.family === null || s.family === family
    return this.families.find((s) => wants(s) && (s.confirm?.(task, family, type, protocol) ?? true))?.sockets
  }

  device(caller: Caller, isBlock: boolean, major: number, minor: number): Device | undefined {
    const wants = (s: DeviceService): boolean =>
      s.isBlock === isBlock &&
      (s.major === null || s.major === major) &&
      (s.minor === null || s.minor === minor)
    return this.devices.find((s) => wants(s) && (s.confirm?.(caller, major, minor) ?? true))?.device
  }

  ioctl(task: Task, file: FileDescription, request: number): IoctlService | undefined {
    const wants = (s: IoctlService): boolean => s.request === null || s.request === request
    return this.ioctls.find((s) => wants(s) && (s.confirm?.(task, file, request) ?? true))
  }

  binaryFormat(head: Uint8Array, name: string): BinaryFormatService | undefined {
    return this.formats.find((s) => s.matches(head, name))
  }
}
