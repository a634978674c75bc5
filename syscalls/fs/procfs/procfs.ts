/** procfs: /proc with one directory for each process and what programs read of the machine. proc(5). */

import { EINVAL } from '../../abi/errno.ts'
import * as I from '../../abi/ipc.ts'
import { PROC_SUPER_MAGIC, S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import { msgText, semText, shmText } from '../../ipc/ipc.ts'
import { type Kernel, PID_MAX } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import { MQ_MSG_MAX, MQ_MSGSIZE_MAX, MQ_QUEUES_MAX } from '../../sys/mqueue.ts'
import { KERNEL_RELEASE, KERNEL_VERSION, MEMORY_SIZE } from '../../sys/system.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import { FileSystem, type StatFs, Timestamp } from '../../vfs/inode.ts'
import { netLimits } from './net.ts'
import { ProcDirectory, type ProcEntry, ProcFile, ProcLink } from './nodes.ts'
import { processDirectory, threadDirectory } from './process-files.ts'

class ProcFs extends FileSystem {
  readonly type: string = 'proc'
  override readonly blockSize = 1024
  readonly root: ProcDirectory
  /** The time every node shows. */
  readonly start = new Timestamp()
  private nextIno = 2

  constructor(kernel: Kernel) {
    super()
    this.start.setNow(kernel.clock)
    const fixed = machineEntries(this, kernel)
    this.root = new ProcDirectory(
      this,
      1,
      () => [...fixed, ...this.processes(kernel)],
      (name) => (/^[1-9]\d*$/.test(name) ? threadDirectory(this, kernel, Number(name)) : null),
    )
  }

  private processes(kernel: Kernel): ProcEntry[] {
    return [...kernel.groups.keys()].map((pid) => {
      const make = (): ProcDirectory => {
        const directory = processDirectory(this, kernel, pid)
        const who = kernel.groups.get(pid)?.leader?.credentials
        directory.uid = who?.euid ?? 0
        directory.gid = who?.egid ?? 0
        return directory
      }
      return { name: String(pid), ino: (pid + 16) * 0x10000, mode: S_IFDIR | 0o555, make }
    })
  }

  file(name: string, text: () => string, store: ((text: string) => number) | null = null): ProcEntry {
    const ino = this.nextIno++
    const node = new ProcFile(this, ino, text, store ? (_caller, written) => store(written) : null)
    return { name, ino, mode: S_IFREG | 0o444, make: () => node }
  }

  directory(name: string, entries: ProcEntry[]): ProcEntry {
    const ino = this.nextIno++
    const node = new ProcDirectory(this, ino, () => entries)
    return { name, ino, mode: S_IFDIR | 0o555, make: () => node }
  }

  link(name: string, target: (pid: number, tid: number) => string): ProcEntry {
    const ino = this.nextIno++
    const node = new ProcLink(this, ino, (caller) => target(caller.processId, caller.threadId))
    return { name, ino, mode: S_IFLNK | 0o777, make: () => node }
  }

  statfs(): StatFs {
    return { type: PROC_SUPER_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

const seconds = (ns: number): string => (ns / 1e9).toFixed(2)

function machineEntries(fs: ProcFs, kernel: Kernel): ProcEntry[] {
  const tasks = (): Task[] => [...kernel.tasks.values()]
  return [
    fs.link('self', (pid) => String(pid)),
    fs.link('thread-self', (pid, tid) => `${pid}/task/${tid}`),
    fs.link('mounts', () => 'self/mounts'),
    fs.link('net', () => 'self/net'),
    fs.file('uptime', () => {
      const up = kernel.clock.monotonicNs() - kernel.bootNs
      return `${seconds(up)} ${seconds(up)}\n`
    }),
    fs.file(
      'loadavg',
      () => `0.00 0.00 0.00 ${kernel.runnableCount + 1}/${tasks().length} ${kernel.newestPid}\n`,
    ),
    fs.file('meminfo', meminfo),
    fs.file('cpuinfo', () => cpuinfo(kernel)),
    fs.file('stat', () => machineStat(kernel)),
    fs.file('version', () => `Linux version ${KERNEL_RELEASE} (umwelt) ${KERNEL_VERSION}\n`),
    fs.file('cmdline', () => 'umwelt\n'),
    fs.file('filesystems', () =>
      kernel.fileSystemTypes.map((t) => `${t.needsSource ? '' : 'nodev'}\t${t.name}\n`).join(''),
    ),
    fs.file('devices', () => `Character devices:\n${devicesText(kernel)}\nBlock devices:\n`),
    fs.file('partitions', () => 'major minor  #blocks  name\n\n'),
    fs.file('swaps', () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'),
    fs.directory('sysvipc', [
      fs.file('msg', () => msgText(kernel.ipc)),
      fs.file('sem', () => semText(kernel.ipc)),
      fs.file('shm', () => shmText(kernel.ipc)),
    ]),
    fs.directory('sys', [
      fs.directory('kernel', [
        fs.file('ostype', () => 'Linux\n'),
        fs.file('osrelease', () => `${KERNEL_RELEASE}\n`),
        fs.file('version', () => `${KERNEL_VERSION}\n`),
        fs.file(
          'hostname',
          () => `${kernel.hostname}\n`,
          (text) => setHostname(kernel, text),
        ),
        fs.file('domainname', () => `${kernel.domainname}\n`),
        fs.file('pid_max', () => `${PID_MAX}\n`),
        fs.file('ngroups_max', () => '65536\n'),
        fs.file('cap_last_cap', () => '40\n'),
        ...ipcLimits(fs),
        fs.directory('random', [
          fs.file('boot_id', () => '00000000-0000-4000-8000-000000000000\n'),
          fs.file('uuid', () => uuid(kernel)),
          fs.file('entropy_avail', () => '256\n'),
        ]),
      ]),
      netLimits(
        (name, entries) => fs.directory(name, entries),
        (name, text) => fs.file(name, text),
      ),
      fs.directory('vm', [
        fs.file('overcommit_memory', () => '1\n'),
        fs.file('max_map_count', () => '65530\n'),
        fs.file('mmap_min_addr', () => '2097152\n'),
      ]),
      fs.directory('fs', [
        fs.file('file-max', () => '1048576\n'),
        fs.file('pipe-max-size', () => '1048576\n'),
        fs.directory('mqueue', [
          fs.file('msg_default', () => `${MQ_MSG_MAX}\n`),
          fs.file('msg_max', () => `${MQ_MSG_MAX}\n`),
          fs.file('msgsize_default', () => `${MQ_MSGSIZE_MAX}\n`),
          fs.file('msgsize_max', () => `${MQ_MSGSIZE_MAX}\n`),
          fs.file('queues_max', () => `${MQ_QUEUES_MAX}\n`),
        ]),
      ]),
    ]),
  ]
}

/** Of System V IPC: they are told, and cannot be changed. */
function ipcLimits(fs: ProcFs): ProcEntry[] {
  const { SEMMSL, SEMMNS, SEMOPM, SEMMNI } = I
  return [
    fs.file('shmmax', () => `${I.SHMMAX_TEXT}\n`),
    fs.file('shmall', () => `${I.SHMMAX_TEXT}\n`),
    fs.file('shmmni', () => `${I.SHMMNI}\n`),
    fs.file('sem', () => `${[SEMMSL, SEMMNS, SEMOPM, SEMMNI].join('\t')}\n`),
    fs.file('msgmax', () => `${I.MSGMAX}\n`),
    fs.file('msgmnb', () => `${I.MSGMNB}\n`),
    fs.file('msgmni', () => `${I.MSGMNI}\n`),
  ]
}

function setHostname(kernel: Kernel, text: string): number {
  const name = text.replace(/\n$/, '')
  if (name.length > 64) return -EINVAL
  kernel.hostname = name
  return 0
}

function uuid(kernel: Kernel): string {
  const bytes = new Uint8Array(16)
  kernel.host.random.fill(bytes, 0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const digits = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}\n`
}

function devicesText(kernel: Kernel): string {
  const names = new Map<string, number>()
  for (const [rdev, { name }] of kernel.devices.all()) names.set(name, rdev >> 8)
  return [...names].map(([name, major]) => `${String(major).padStart(3)} ${name}\n`).join('')
}

function meminfo(): string {
  const kib = (name: string, bytes: number): string =>
    `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`
  return (
    kib('MemTotal', MEMORY_SIZE) +
    kib('MemFree', MEMORY_SIZE / 2) +
    kib('MemAvailable', MEMORY_SIZE / 2) +
    kib('Buffers', 0) +
    kib('Cached', 0) +
    kib('SwapTotal', 0) +
    kib('SwapFree', 0)
  )
}

function cpuinfo(kernel: Kernel): string {
  return `processor\t: 0
vendor_id\t: Umwelt
model name\t: Umwelt ${kernel.arch.name}
cpu MHz\t\t: 1000.000
cache size\t: 0 KB
flags\t\t: fpu tsc cx8 cmov mmx fxsr sse sse2 ht syscall nx lm pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm
bogomips\t: 2000.00
address sizes\t: 32 bits physical, 48 bits virtual

`
}

function machineStat(kernel: Kernel): string {
  let cpu = 0
  for (const group of kernel.groups.values()) cpu += kernel.groupCpuNs(group)
  const user = Math.floor(cpu / 1e7)
  const up = Math.floor((kernel.clock.monotonicNs() - kernel.bootNs) / 1e7)
  const line = `${user} 0 0 ${Math.max(0, up - user)} 0 0 0 0 0 0`
  const boot = kernel.clock.host.realtimeSecAtZero + Math.floor(kernel.bootNs / 1e9)
  return `cpu  ${line}\ncpu0 ${line}\nintr 0\nctxt ${kernel.contextSwitches}\nbtime ${boot}\nprocesses ${kernel.newestPid}\nprocs_running ${kernel.runnableCount + 1}\nprocs_blocked 0\n`
}

export const procfs: FileSystemType = {
  name: 'proc',
  needsSource: false,
  mount: (kernel) => new ProcFs(kernel),
}
