/**
 * /proc/sys but for its net: what the kernel can be told. A number is kept and checked as Linux checks it; those that
 * mean something here are asked for where they count (kernel.sysctl). proc(5), Linux kernel/sysctl.c.
 */

import { GUEST_MIN, PAGE_SIZE } from '../../../emu/memory/layout.ts'
import { CAP_LAST_CAP } from '../../abi/capability.ts'
import { EINVAL } from '../../abi/errno.ts'
import * as I from '../../abi/ipc.ts'
import type { World } from '../../engines/world.ts'
import { type Kernel, PID_MAX_LIMIT } from '../../kernel/kernel.ts'
import { UTS_NAME_MAX } from '../../kernel/uts.ts'
import { VMA_COUNT_MAX } from '../../mm/vma.ts'
import { NGROUPS_MAX } from '../../sys/credentials.ts'
import { MQ_MSG_MAX, MQ_MSGSIZE_MAX, MQ_QUEUES_MAX } from '../../sys/mqueue.ts'
import type { Caller } from '../../vfs/caller.ts'
import { PIPE_SIZE_MAX } from '../../vfs/pipe.ts'
import { NET_LIMITS } from './net.ts'
import type { KernelFs, ProcEntry } from './nodes.ts'

/** One file: its text, and what writing to it does. `name` is its path below /proc/sys. */
interface Sysctl {
  text(kernel: Kernel, name: string, world: World): string
  store?(kernel: Kernel, name: string, text: string, world: World): number
  /** 0444 unless said; what can be stored is its owner's to write besides. */
  readonly mode?: number
}
type SysctlTree = { readonly [name: string]: Sysctl | SysctlTree }

const INT_MAX = 0x7fffffff
const LONG_MAX = 2 ** 63
const PATTERN_LENGTH_MAX = 127

/** Only told. */
const fixed = (value: string | number): Sysctl => ({ text: () => `${value}\n` })

/** As many numbers as there are at first, each in [min, max]. Fewer may be written, and what is more does not count. Linux proc_dointvec_minmax. */
function numbers(initial: readonly number[], min = -INT_MAX - 1, max = INT_MAX): Sysctl {
  const now = (kernel: Kernel, name: string) => kernel.sysctl.get(name) ?? initial
  return {
    text: (kernel, name) => `${now(kernel, name).join('\t')}\n`,
    store(kernel, name, text) {
      const values = text.trim().split(/\s+/).slice(0, initial.length).map(parseNumber)
      if (values.some((value) => !(value >= min && value <= max))) return -EINVAL
      kernel.sysctl.set(name, [...values, ...now(kernel, name).slice(values.length)])
      return 0
    },
  }
}

const number = (initial: number, min?: number, max?: number): Sysctl => numbers([initial], min, max)
const flag = (initial: 0 | 1): Sysctl => number(initial, 0, 1)
const count = (initial: number): Sysctl => number(initial, 0, LONG_MAX)

/** Written for what it does, which is nothing here: its text is empty. */
const trigger = (min: number, max: number): Sysctl => ({
  ...number(0, min, max),
  text: () => '',
  mode: 0o200,
})

/** strtoul's numbers: decimal, octal with a 0, hexadecimal with a 0x. NaN for anything else. */
function parseNumber(word: string): number {
  const [, sign, hex, octal, decimal] = /^(-?)(?:0x([0-9a-f]+)|0([0-7]+)|(\d+))$/i.exec(word) ?? []
  const digits = hex ?? octal ?? decimal
  if (digits === undefined) return Number.NaN
  const value = Number.parseInt(digits, hex ? 16 : octal ? 8 : 10)
  return sign ? -value : value
}

/** Up to the end of the line or as much as there is room for. Linux proc_dostring. */
const line = (text: string, lengthMax: number): string => text.replace(/[\n\0].*$/s, '').slice(0, lengthMax)

/** Sizes of pipes are powers of two, a page at least. */
const pipeMaxSize: Sysctl = {
  text: (kernel, name) => `${kernel.sysctl.get(name)?.[0] ?? PIPE_SIZE_MAX}\n`,
  store(kernel, name, text) {
    const size = parseNumber(text.trim())
    if (!(size >= 0 && size <= 2 ** 31)) return -EINVAL
    kernel.sysctl.set(name, [Math.max(PAGE_SIZE, 2 ** Math.ceil(Math.log2(Math.max(1, size))))])
    return 0
  },
}

/** One of uname(2)'s names, of the reader's view. */
const utsName = (field: 'nodename' | 'domainname'): Sysctl => ({
  text: (_kernel, _name, { uts }) => `${uts[field]}\n`,
  store(_kernel, _name, text, { uts }) {
    uts[field] = line(text, UTS_NAME_MAX)
    return 0
  },
})

/** One that nobody can change through a file. */
const utsFixed = (field: 'sysname' | 'release' | 'version'): Sysctl => ({
  text: (_kernel, _name, { uts }) => `${uts[field]}\n`,
})

const corePattern: Sysctl = {
  text: (kernel) => `${kernel.corePattern}\n`,
  store(kernel, _name, text) {
    kernel.corePattern = line(text, PATTERN_LENGTH_MAX)
    return 0
  },
}

function uuid(kernel: Kernel): string {
  const bytes = new Uint8Array(16)
  kernel.host.random.fill(bytes, 0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const digits = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}\n`
}

const KERNEL: SysctlTree = {
  acct: numbers([4, 2, 30]),
  arch: { text: (kernel) => `${kernel.nativeCalls.arch.machine}\n` },
  auto_msgmni: flag(0),
  cap_last_cap: fixed(CAP_LAST_CAP),
  core_pattern: corePattern,
  core_pipe_limit: number(0),
  core_uses_pid: number(0),
  'ctrl-alt-del': number(0),
  dmesg_restrict: flag(1),
  domainname: utsName('domainname'),
  hostname: utsName('nodename'),
  io_uring_disabled: number(2, 0, 2),
  kptr_restrict: number(0, 0, 2),
  msgmax: fixed(I.MSGMAX),
  msgmnb: fixed(I.MSGMNB),
  msgmni: fixed(I.MSGMNI),
  ngroups_max: fixed(NGROUPS_MAX),
  ns_last_pid: { text: (kernel, _name, { pids }) => `${kernel.newestPid(pids)}\n` },
  osrelease: utsFixed('release'),
  ostype: utsFixed('sysname'),
  overflowgid: number(65534, 0, 65535),
  overflowuid: number(65534, 0, 65535),
  panic: number(0),
  panic_on_oops: number(0),
  perf_event_paranoid: number(2, -1, 4),
  pid_max: {
    ...number(0, 301, PID_MAX_LIMIT),
    text: (kernel) => `${kernel.pidMax}\n`,
  },
  printk: numbers([4, 4, 1, 7]),
  printk_ratelimit: number(5),
  printk_ratelimit_burst: number(10),
  pty: { max: number(4096, 0), nr: fixed(0), reserve: number(1024, 0) },
  random: {
    boot_id: fixed('00000000-0000-4000-8000-000000000000'),
    entropy_avail: fixed(256),
    poolsize: fixed(256),
    uuid: { text: uuid },
    write_wakeup_threshold: number(256),
  },
  randomize_va_space: number(0, 0, 2),
  sched_rr_timeslice_ms: number(100),
  sched_rt_period_us: number(1000000, 1),
  sched_rt_runtime_us: number(950000, -1),
  seccomp: {
    actions_avail: fixed('kill_process kill_thread trap errno trace log allow'),
    actions_logged: fixed('kill_process kill_thread trap errno trace log'),
  },
  sem: fixed([I.SEMMSL, I.SEMMNS, I.SEMOPM, I.SEMMNI].join('\t')),
  shm_rmid_forced: flag(0),
  shmall: fixed(I.SHMMAX_TEXT),
  shmmax: fixed(I.SHMMAX_TEXT),
  shmmni: fixed(I.SHMMNI),
  sysctl_writes_strict: number(1, -1, 1),
  tainted: count(0),
  'threads-max': { text: (kernel) => `${kernel.taskCountMax}\n` },
  unprivileged_bpf_disabled: number(2, 0, 2),
  version: utsFixed('version'),
}

const VM: SysctlTree = {
  admin_reserve_kbytes: count(8192),
  compact_memory: trigger(1, 1),
  dirty_background_bytes: count(0),
  dirty_background_ratio: number(10, 0, 100),
  dirty_bytes: count(0),
  dirty_expire_centisecs: number(3000, 0),
  dirty_ratio: number(20, 0, 100),
  dirty_writeback_centisecs: number(500, 0),
  drop_caches: trigger(1, 4),
  laptop_mode: number(0, 0),
  legacy_va_layout: number(0, 0),
  max_map_count: number(VMA_COUNT_MAX, 0),
  memfd_noexec: number(0, 0, 2),
  min_free_kbytes: number(67584, 0),
  mmap_min_addr: fixed(GUEST_MIN),
  nr_hugepages: fixed(0),
  nr_overcommit_hugepages: fixed(0),
  oom_dump_tasks: number(1),
  oom_kill_allocating_task: number(0),
  overcommit_kbytes: count(0),
  overcommit_memory: number(1, 0, 2),
  overcommit_ratio: number(50, 0),
  'page-cluster': number(3, 0, 31),
  panic_on_oom: number(0, 0, 2),
  stat_interval: number(1),
  swappiness: number(60, 0, 200),
  unprivileged_userfaultfd: flag(0),
  user_reserve_kbytes: count(131072),
  vfs_cache_pressure: number(100, 0),
  watermark_scale_factor: number(10, 1, 3000),
}

const FS: SysctlTree = {
  'aio-max-nr': count(65536),
  'aio-nr': fixed(0),
  'dentry-state': fixed('0\t0\t45\t0\t0\t0'),
  'dir-notify-enable': number(1),
  epoll: { max_user_watches: count(1048576) },
  'file-max': count(1048576),
  'file-nr': fixed('0\t0\t1048576'),
  'inode-nr': fixed('0\t0'),
  'inode-state': fixed('0\t0\t0\t0\t0\t0\t0'),
  inotify: {
    max_queued_events: number(16384, 0),
    max_user_instances: number(128, 0),
    max_user_watches: number(65536, 0),
  },
  'lease-break-time': number(45),
  'leases-enable': number(1),
  'mount-max': number(100000, 1),
  mqueue: {
    msg_default: fixed(MQ_MSG_MAX),
    msg_max: fixed(MQ_MSG_MAX),
    msgsize_default: fixed(MQ_MSGSIZE_MAX),
    msgsize_max: fixed(MQ_MSGSIZE_MAX),
    queues_max: fixed(MQ_QUEUES_MAX),
  },
  nr_open: number(1048576, 64, INT_MAX & ~63),
  overflowgid: number(65534, 0, 65535),
  overflowuid: number(65534, 0, 65535),
  'pipe-max-size': pipeMaxSize,
  'pipe-user-pages-hard': count(0),
  'pipe-user-pages-soft': count(16384),
  protected_fifos: number(0, 0, 2),
  protected_hardlinks: fixed(1),
  protected_regular: number(0, 0, 2),
  protected_symlinks: flag(0),
  suid_dumpable: fixed(0),
}

const NET: SysctlTree = Object.fromEntries(
  Object.entries(NET_LIMITS).map(([folder, limits]) => [
    folder,
    Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, fixed(value)])),
  ]),
)

/** Namespaces that a user may have: none of a kind that there is one of. */
const NAMESPACE_MAX = 15500
const namespaces = {
  cgroup: 0,
  ipc: NAMESPACE_MAX,
  mnt: NAMESPACE_MAX,
  net: 0,
  pid: 0,
  time: 0,
  user: 0,
  uts: NAMESPACE_MAX,
}
const USER: SysctlTree = Object.fromEntries(
  Object.entries(namespaces).map(([kind, most]) => [`max_${kind}_namespaces`, fixed(most)]),
)

const ROOT: SysctlTree = {
  dev: { tty: { ldisc_autoload: flag(1), legacy_tiocsti: flag(1) } },
  fs: FS,
  kernel: KERNEL,
  net: NET,
  user: USER,
  vm: VM,
}

const isSysctl = (node: Sysctl | SysctlTree): node is Sysctl => typeof node.text === 'function'

function entriesOf(fs: KernelFs, kernel: Kernel, tree: SysctlTree, above: string): ProcEntry[] {
  return Object.entries(tree).map(([name, node]) => {
    const path = above === '' ? name : `${above}/${name}`
    if (!isSysctl(node)) return fs.directory(name, entriesOf(fs, kernel, node, path))
    const { store } = node
    const write = store
      ? (caller: Caller, text: string) => (text === '' ? 0 : store(kernel, path, text, caller.world))
      : null
    return fs.file(name, (caller) => node.text(kernel, path, caller.world), write, node.mode)
  })
}

/** What /proc/sys holds. */
export const sysctlEntries = (fs: KernelFs, kernel: Kernel): ProcEntry[] => entriesOf(fs, kernel, ROOT, '')
