/**
 * What /sys holds: one processor, one node of memory, the loopback device, the devices of /dev; neither disks nor
 * modules. A folder is an object, a file is its text, and a link says so. sysfs(5), Linux Documentation/ABI.
 */

import { major, minor } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { memoryOf } from '../../sys/system.ts'
import { DEVICE_NODES } from '../devfs/devfs.ts'
import { memoryLines } from '../procfs/machine.ts'

export class SysLink {
  readonly target: string

  constructor(target: string) {
    this.target = target
  }
}

type SysNode = string | (() => string) | SysLink | SysTree
export interface SysTree {
  readonly [name: string]: SysNode
}

const link = (target: string): SysLink => new SysLink(target)
const lines = (values: Readonly<Record<string, string | number>>): SysTree =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, `${value}\n`]))
const zeros = (names: string): SysTree => lines(Object.fromEntries(names.split(' ').map((name) => [name, 0])))

/** The one processor's number, as a mask and as a list. */
const MASK = '1'
const LIST = '0'

const TOPOLOGY = lines({
  cluster_cpus: MASK, cluster_cpus_list: LIST, cluster_id: 65535, core_cpus: MASK, core_cpus_list: LIST, core_id: 0,
  core_siblings: MASK, core_siblings_list: LIST, die_cpus: MASK, die_cpus_list: LIST, die_id: 0, package_cpus: MASK,
  package_cpus_list: LIST, physical_package_id: 0, thread_siblings: MASK, thread_siblings_list: LIST,
}) // biome-ignore format: a table

const VULNERABILITIES = lines(
  Object.fromEntries(
    ['itlb_multihit', 'l1tf', 'mds', 'meltdown', 'mmio_stale_data', 'retbleed', 'spec_store_bypass',
     'spectre_v1', 'spectre_v2', 'srbds', 'tsx_async_abort'].map((name) => [name, 'Not affected']),
  ),
) // biome-ignore format: a table

const CPU: SysTree = {
  ...lines({ isolated: '', kernel_max: 255, offline: '', online: LIST, possible: LIST, present: LIST }),
  cpu0: {
    node0: link('../../node/node0'),
    subsystem: link('../../../../bus/cpu'),
    topology: TOPOLOGY,
    uevent: '',
  },
  smt: lines({ active: 0, control: 'notsupported' }),
  uevent: '',
  vulnerabilities: VULNERABILITIES,
}

const node = (kernel: Kernel): SysTree => ({
  ...lines({ has_cpu: LIST, has_memory: LIST, has_normal_memory: LIST, online: LIST, possible: LIST }),
  node0: {
    cpu0: link('../../cpu/cpu0'),
    ...lines({ cpulist: LIST, cpumap: MASK, distance: 10 }),
    meminfo: () =>
      memoryLines(kernel)
        .map(
          ({ name, value, unit }) => `Node 0 ${`${name}:`.padEnd(15)} ${String(value).padStart(8)}${unit}\n`,
        )
        .join(''),
    numastat: 'numa_hit 0\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 0\nother_node 0\n',
    uevent: '',
  },
  uevent: '',
})

const MEMORY_BLOCK_SIZE = 128 * 2 ** 20

/** Memory in blocks that could be taken out of a real machine. */
function memory(kernel: Kernel): SysTree {
  const count = Math.max(1, Math.ceil(memoryOf(kernel).total / MEMORY_BLOCK_SIZE))
  const block = (index: number): SysTree => ({
    ...lines({ online: 1, phys_device: 0, phys_index: index.toString(16).padStart(8, '0'), removable: 0 }),
    ...lines({ state: 'online', valid_zones: 'none' }),
    uevent: `MEMORY_BLOCK=${index}\n`,
  })
  return {
    ...lines({ auto_online_blocks: 'offline', block_size_bytes: MEMORY_BLOCK_SIZE.toString(16) }),
    ...Object.fromEntries(Array.from({ length: count }, (_, index) => [`memory${index}`, block(index)])),
    uevent: '',
  }
}

const LOOPBACK: SysTree = {
  ...lines({
    addr_assign_type: 0, addr_len: 6, address: '00:00:00:00:00:00', broadcast: '00:00:00:00:00:00', carrier: 1,
    carrier_changes: 0, dev_id: '0x0', dev_port: 0, dormant: 0, flags: '0x9', ifalias: '', ifindex: 1, iflink: 1,
    link_mode: 0, mtu: 65536, netdev_group: 0, operstate: 'unknown', proto_down: 0, testing: 0, tx_queue_len: 1000,
    type: 772,
  }),
  statistics: zeros(
    'collisions multicast rx_bytes rx_compressed rx_crc_errors rx_dropped rx_errors rx_fifo_errors rx_frame_errors ' +
      'rx_length_errors rx_missed_errors rx_nohandler rx_over_errors rx_packets tx_aborted_errors tx_bytes ' +
      'tx_carrier_errors tx_compressed tx_dropped tx_errors tx_fifo_errors tx_heartbeat_errors tx_packets ' +
      'tx_window_errors',
  ),
  subsystem: link('../../../../class/net'),
  uevent: 'INTERFACE=lo\nIFINDEX=1\n',
} // biome-ignore format: a table

/** The folder of devices and classes that a device of /dev belongs to, by its major number. */
const CLASS_OF: ReadonlyMap<number, string> = new Map([
  [1, 'mem'],
  [5, 'tty'],
])

interface SysDevice {
  readonly kind: string
  readonly name: string
  readonly rdev: number
  readonly mode: number
}

const DEVICES: readonly SysDevice[] = DEVICE_NODES.map(([name, rdev, mode]) => ({
  kind: CLASS_OF.get(major(rdev))!,
  name,
  rdev,
  mode,
}))

const numberOf = ({ rdev }: SysDevice): string => `${major(rdev)}:${minor(rdev)}`

function device(of: SysDevice): SysTree {
  const numbers = `MAJOR=${major(of.rdev)}\nMINOR=${minor(of.rdev)}\n`
  return {
    dev: `${numberOf(of)}\n`,
    subsystem: link(`../../../../class/${of.kind}`),
    uevent: `${numbers}DEVNAME=${of.name}\nDEVMODE=0${of.mode.toString(8)}\n`,
  }
}

const ofKind = (kind: string, make: (of: SysDevice) => SysNode): SysTree =>
  Object.fromEntries(DEVICES.filter((of) => of.kind === kind).map((of) => [of.name, make(of)]))
const linkTo = (of: SysDevice): SysLink => link(`../../devices/virtual/${of.kind}/${of.name}`)

const KERNEL: SysTree = {
  ...lines({ address_bits: 64, cpu_byteorder: 'little', fscaps: 1, kexec_crash_loaded: 0, kexec_loaded: 0 }),
  ...lines({ profiling: 0, rcu_expedited: 0, rcu_normal: 0, uevent_seqnum: 0 }),
  debug: {},
  mm: {
    hugepages: {
      'hugepages-2048kB': zeros(
        'free_hugepages nr_hugepages nr_hugepages_mempolicy nr_overcommit_hugepages resv_hugepages surplus_hugepages',
      ),
    },
    ksm: zeros('full_scans merge_across_nodes pages_shared pages_sharing pages_to_scan run sleep_millisecs'),
    transparent_hugepage: lines({
      defrag: 'always defer defer+madvise madvise [never]',
      enabled: 'always madvise [never]',
      hpage_pmd_size: 2097152,
      shmem_enabled: 'always within_size advise [never] deny force',
      use_zero_page: 1,
    }),
  },
  security: {},
  tracing: {},
}

export const sysTree = (kernel: Kernel): SysTree => ({
  block: {},
  bus: {
    cpu: { devices: { cpu0: link('../../../devices/system/cpu/cpu0') }, drivers: {} },
    memory: { devices: {}, drivers: {} },
    node: { devices: { node0: link('../../../devices/system/node/node0') }, drivers: {} },
  },
  class: {
    block: {},
    mem: ofKind('mem', linkTo),
    net: { lo: link('../../devices/virtual/net/lo') },
    tty: ofKind('tty', linkTo),
  },
  dev: {
    block: {},
    char: Object.fromEntries(DEVICES.map((of) => [numberOf(of), linkTo(of)])),
  },
  devices: {
    system: {
      clocksource: {
        clocksource0: lines({ available_clocksource: 'tsc', current_clocksource: 'tsc' }),
      },
      cpu: CPU,
      memory: memory(kernel),
      node: node(kernel),
    },
    virtual: { mem: ofKind('mem', device), net: { lo: LOOPBACK }, tty: ofKind('tty', device) },
  },
  firmware: {},
  fs: { bpf: {}, cgroup: {}, fuse: { connections: {} }, pstore: {} },
  kernel: KERNEL,
  module: {},
  power: lines({ state: '' }),
})
