/**
 * The files of /proc that tell of the machine: one processor, the memory of its limit, neither disks nor interrupts.
 * What there is none of is told as Linux tells it: a header alone, zeros, an empty file. proc(5).
 */

import { PAGE_SIZE } from '../../../emu/memory/layout.ts'
import type { World } from '../../engines/world.ts'
import { CLOCK_TICKS } from '../../exec/stack.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { memoryOf } from '../../sys/system.ts'
import type { Caller } from '../../vfs/caller.ts'

type Text = (kernel: Kernel, world: World, caller: Caller) => string

const NS_PER_TICK = 1e9 / CLOCK_TICKS
/** What the timer interrupt would have counted, and the softirqs: they are called by nobody here. */
const SOFTIRQS = [
  'HI',
  'TIMER',
  'NET_TX',
  'NET_RX',
  'BLOCK',
  'IRQ_POLL',
  'TASKLET',
  'SCHED',
  'HRTIMER',
  'RCU',
]
const INTERRUPTS: readonly (readonly [name: string, what: string])[] = [
  ['NMI', 'Non-maskable interrupts'],
  ['LOC', 'Local timer interrupts'],
  ['SPU', 'Spurious interrupts'],
  ['PMI', 'Performance monitoring interrupts'],
  ['RES', 'Rescheduling interrupts'],
  ['CAL', 'Function call interrupts'],
  ['TLB', 'TLB shootdowns'],
]

/** Time since the start, and the part of it in which programs ran. */
function times(kernel: Kernel, { clock }: World): { upNs: number; busyNs: number } {
  let busyNs = 0
  for (const group of kernel.groups.values()) busyNs += kernel.groupCpuNs(group)
  const upNs = clock.monotonicNs() - kernel.bootNs
  return { upNs, busyNs: Math.min(busyNs, upNs) }
}

function uptime(kernel: Kernel, world: World): string {
  const { upNs, busyNs } = times(kernel, world)
  return `${(upNs / 1e9).toFixed(2)} ${((upNs - busyNs) / 1e9).toFixed(2)}\n`
}

function loadavg(kernel: Kernel, { pids }: World): string {
  const running = kernel.runnableCount + 1
  const loads = kernel.load.at(kernel.clock.monotonicNs(), running).map((load) => load.toFixed(2))
  return `${loads.join(' ')} ${running}/${kernel.tasks.size} ${kernel.newestPid(pids)}\n`
}

/** The wall clock's time when the machine started, by the time that has passed since. */
function bootSec(kernel: Kernel, { clock }: World): number {
  const nowNs = kernel.clock.monotonicNs()
  clock.readRealtimeAt(nowNs)
  return clock.sec + Math.floor((clock.nsec - (clock.monotonicAt(nowNs) - kernel.bootNs)) / 1e9)
}

function stat(kernel: Kernel, world: World): string {
  const { upNs, busyNs } = times(kernel, world)
  const ticks = (ns: number): number => Math.floor(ns / NS_PER_TICK)
  const line = `${ticks(busyNs)} 0 0 ${ticks(upNs - busyNs)} 0 0 0 0 0 0`
  return `cpu  ${line}
cpu0 ${line}
intr 0
ctxt ${kernel.contextSwitches}
btime ${bootSec(kernel, world)}
processes ${kernel.newestPid(kernel.world.pids)}
procs_running ${kernel.runnableCount + 1}
procs_blocked 0
softirq 0${' 0'.repeat(SOFTIRQS.length)}
`
}

/** The names in Linux's order; what is not told here is 0. */
const MEMINFO = [
  'MemTotal', 'MemFree', 'MemAvailable', 'Buffers', 'Cached', 'SwapCached', 'Active', 'Inactive', 'Active(anon)',
  'Inactive(anon)', 'Active(file)', 'Inactive(file)', 'Unevictable', 'Mlocked', 'SwapTotal', 'SwapFree', 'Zswap',
  'Zswapped', 'Dirty', 'Writeback', 'AnonPages', 'Mapped', 'Shmem', 'KReclaimable', 'Slab', 'SReclaimable',
  'SUnreclaim', 'KernelStack', 'PageTables', 'SecPageTables', 'NFS_Unstable', 'Bounce', 'WritebackTmp', 'CommitLimit',
  'Committed_AS', 'VmallocTotal', 'VmallocUsed', 'VmallocChunk', 'Percpu', 'AnonHugePages', 'ShmemHugePages',
  'ShmemPmdMapped', 'FileHugePages', 'FilePmdMapped', 'HugePages_Total', 'HugePages_Free', 'HugePages_Rsvd',
  'HugePages_Surp', 'Hugepagesize', 'Hugetlb', 'DirectMap4k', 'DirectMap2M', 'DirectMap1G',
] // biome-ignore format: a table
const VMALLOC_TOTAL_KIB = 34359738367
const HUGE_PAGE_KIB = 2048

/** Values in KiB; what is counted in pages of its own has no unit. */
export function memoryLines(kernel: Kernel): { name: string; value: number; unit: string }[] {
  const { total, free } = memoryOf(kernel)
  const used = total - free
  let promised = 0
  const seen = new Set()
  for (const { mm } of kernel.tasks.values()) {
    if (!seen.has(mm)) promised += mm.totalSize
    seen.add(mm)
  }
  const known: Record<string, number> = {
    MemTotal: total,
    MemFree: free,
    MemAvailable: free,
    Active: used,
    'Active(anon)': used,
    AnonPages: used,
    CommitLimit: total,
    Committed_AS: promised,
    VmallocTotal: VMALLOC_TOTAL_KIB * 1024,
    Hugepagesize: HUGE_PAGE_KIB * 1024,
    DirectMap4k: total,
  }
  return MEMINFO.map((name) => ({
    name,
    value: Math.floor((known[name] ?? 0) / 1024),
    unit: name.startsWith('HugePages_') ? '' : ' kB',
  }))
}

const meminfo: Text = (kernel) =>
  memoryLines(kernel)
    .map(
      ({ name, value, unit }) => `${`${name}:`.padEnd(15)} ${String(value).padStart(unit ? 8 : 7)}${unit}\n`,
    )
    .join('')

/** What vmstat(8) and its like look for; pages. */
function vmstat(kernel: Kernel): string {
  const { total, free } = memoryOf(kernel)
  const pages = (bytes: number): number => Math.floor(bytes / PAGE_SIZE)
  const used = pages(total - free)
  const counters = [
    ['nr_free_pages', pages(free)], ['nr_zone_inactive_anon', 0], ['nr_zone_active_anon', used],
    ['nr_zone_inactive_file', 0], ['nr_zone_active_file', 0], ['nr_zone_unevictable', 0],
    ['nr_zone_write_pending', 0], ['nr_mlock', 0], ['nr_bounce', 0], ['nr_inactive_anon', 0], ['nr_active_anon', used],
    ['nr_inactive_file', 0], ['nr_active_file', 0], ['nr_unevictable', 0], ['nr_slab_reclaimable', 0],
    ['nr_slab_unreclaimable', 0], ['nr_anon_pages', used], ['nr_mapped', 0], ['nr_file_pages', 0], ['nr_dirty', 0],
    ['nr_writeback', 0], ['nr_shmem', 0], ['nr_kernel_stack', 0], ['nr_page_table_pages', 0], ['pgpgin', 0],
    ['pgpgout', 0], ['pswpin', 0], ['pswpout', 0], ['pgalloc_normal', 0], ['pgfree', 0], ['pgactivate', 0],
    ['pgdeactivate', 0], ['pgfault', 0], ['pgmajfault', 0], ['pgsteal_kswapd', 0], ['pgsteal_direct', 0],
    ['pgscan_kswapd', 0], ['pgscan_direct', 0], ['oom_kill', 0],
  ] as const // biome-ignore format: a table
  return counters.map(([name, value]) => `${name} ${value}\n`).join('')
}

/** Orders of free blocks: all that is free is in the largest. */
const BUDDY_ORDERS = 11

function buddyinfo(kernel: Kernel): string {
  const blocks = Math.floor(memoryOf(kernel).free / (PAGE_SIZE * 2 ** (BUDDY_ORDERS - 1)))
  const counts = Array.from({ length: BUDDY_ORDERS }, (_, order) => (order === BUDDY_ORDERS - 1 ? blocks : 0))
  return `Node 0, zone   Normal ${counts.map((count) => String(count).padStart(6)).join(' ')} \n`
}

function zoneinfo(kernel: Kernel): string {
  const { total, free } = memoryOf(kernel)
  const managed = Math.floor(total / PAGE_SIZE)
  return `Node 0, zone   Normal
  pages free     ${Math.floor(free / PAGE_SIZE)}
        boost    0
        min      0
        low      0
        high     0
        spanned  ${managed}
        present  ${managed}
        managed  ${managed}
        cma      0
        protection: (0, 0)
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
  node_unreclaimable:  0
  start_pfn:           0
`
}

function devices(kernel: Kernel): string {
  const names = new Map<string, number>()
  for (const [rdev, { name }] of kernel.devices.all()) names.set(name, rdev >> 8)
  const lines = [...names].map(([name, major]) => `${String(major).padStart(3)} ${name}\n`)
  return `Character devices:\n${lines.join('')}\nBlock devices:\n`
}

const filesystems: Text = (kernel, { services }) =>
  [...kernel.fileSystemTypes, ...services.fileSystems.map(({ type }) => type)]
    .map((type) => `${type.needsSource ? '' : 'nodev'}\t${type.name}\n`)
    .join('')

const counted = (name: string, what: string): string => `${name}:${'0'.padStart(11)}   ${what}\n`

const nothing: Text = () => ''
/** Of the CPU that the reader is a program of. */
const cpuinfo: Text = ({ callTables, nativeCalls }, _world, { memory }) =>
  (callTables.find(({ arch }) => arch.model === memory.model) ?? nativeCalls).arch.cpuInfo
const SLAB_HEADER = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
`
const PRESSURE = ['some', 'full']
  .map((kind) => `${kind} avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`)
  .join('')

/** Files by name; those of a folder below it. */
export const MACHINE_FILES: Readonly<Record<string, Text | Readonly<Record<string, Text>>>> = {
  buddyinfo,
  bus: {},
  cgroups: () => '#subsys_name\thierarchy\tnum_cgroups\tenabled\n',
  cmdline: () => 'umwelt\n',
  consoles: () => 'console              -W- (EC  p  )    5:1\n',
  cpuinfo,
  crypto: nothing,
  devices,
  diskstats: nothing,
  dma: nothing,
  driver: {},
  execdomains: () => '0-0\tLinux           \t[kernel]\n',
  fb: nothing,
  filesystems,
  fs: {},
  interrupts: () =>
    `           CPU0       \n${INTERRUPTS.map(([name, what]) => counted(name, what)).join('')}`,
  iomem: nothing,
  ioports: nothing,
  irq: {},
  kallsyms: nothing,
  'key-users': nothing,
  keys: nothing,
  loadavg,
  locks: nothing,
  meminfo,
  misc: nothing,
  modules: nothing,
  partitions: () => 'major minor  #blocks  name\n\n',
  pressure: { cpu: () => PRESSURE, io: () => PRESSURE, memory: () => PRESSURE },
  slabinfo: () => SLAB_HEADER,
  softirqs: () =>
    `                    CPU0       \n${SOFTIRQS.map((name) => `${name.padStart(12)}:${'0'.padStart(11)}\n`).join('')}`,
  stat,
  swaps: () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n',
  tty: {
    drivers: () =>
      '/dev/tty             /dev/tty        5       0 system:/dev/tty\n' +
      '/dev/console         /dev/console    5       1 system:console\n' +
      '/dev/ptmx            /dev/ptmx       5       2 system\n' +
      'pty_slave            /dev/pts      136 0-1048575 pty:slave\n' +
      'pty_master           /dev/ptm      128 0-1048575 pty:master\n',
    ldiscs: () => 'n_tty       0\n',
  },
  uptime,
  version: (_kernel, { uts }) => `${uts.sysname} version ${uts.release} (umwelt) ${uts.version}\n`,
  vmstat,
  zoneinfo,
}
/** Not for everybody to read. */
export const PRIVATE_FILES: readonly string[] = ['slabinfo']
