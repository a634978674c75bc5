/** The small files of /proc/PID that are neither its memory nor its status: limits, sched, syscall, oom_score_adj… proc(5). */

import { CAP_SYS_NICE, CAP_SYS_RESOURCE } from '../../abi/capability.ts'
import { EACCES, EINVAL, EPERM } from '../../abi/errno.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { PidNamespace } from '../../kernel/pid-namespace.ts'
import { DEFAULT_TIMER_SLACK_NS, type Task, WAITING } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import type { Caller } from '../../vfs/caller.ts'
import { nameOf } from './status.ts'
import type { Subject } from './task-files.ts'

/** Names and units in the order of RLIMIT_*. */
const LIMITS: readonly (readonly [name: string, unit: string])[] = [
  ['cpu time', 'seconds'],
  ['file size', 'bytes'],
  ['data size', 'bytes'],
  ['stack size', 'bytes'],
  ['core file size', 'bytes'],
  ['resident set', 'bytes'],
  ['processes', 'processes'],
  ['open files', 'files'],
  ['locked memory', 'bytes'],
  ['address space', 'bytes'],
  ['file locks', 'locks'],
  ['pending signals', 'signals'],
  ['msgqueue size', 'bytes'],
  ['nice priority', ''],
  ['realtime priority', ''],
  ['realtime timeout', 'us'],
]

export function limitsText(group: ThreadGroup): string {
  const shown = (n: number): string => (n >= 2 ** 63 ? 'unlimited' : String(n))
  const row = (name: string, soft: string, hard: string, unit: string): string =>
    `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit === '' ? '' : unit.padEnd(10)}\n`
  const rows = LIMITS.map(([name, unit], i) => {
    const { soft, hard } = group.limits[i]!
    return row(`Max ${name}`, shown(soft), shown(hard), unit)
  })
  return row('Limit', 'Soft Limit', 'Hard Limit', 'Units') + rows.join('')
}

export const ioText = (): string =>
  ['rchar', 'wchar', 'syscr', 'syscw', 'read_bytes', 'write_bytes', 'cancelled_write_bytes']
    .map((name) => `${name}: 0\n`)
    .join('')

export const schedstatText = (kernel: Kernel, task: Task | undefined): string =>
  task ? `${Math.floor(kernel.taskCpuNs(task))} 0 ${switches(task)}\n` : '0 0 0\n'

const switches = ({ usage }: Task): number => usage.voluntarySwitches + usage.involuntarySwitches

export function schedText({ kernel, pids, task, group }: Subject): string {
  const ms = ((task ? kernel.taskCpuNs(task) : 0) / 1e6).toFixed(6)
  const rows: [string, string | number][] = [
    ['se.exec_start', (kernel.clock.monotonicNs() / 1e6).toFixed(6)],
    ['se.vruntime', ms],
    ['se.sum_exec_runtime', ms],
    ['nr_switches', task ? switches(task) : 0],
    ['nr_voluntary_switches', task?.usage.voluntarySwitches ?? 0],
    ['nr_involuntary_switches', task?.usage.involuntarySwitches ?? 0],
    ['policy', task?.sched.policy ?? 0],
    ['prio', 120 + (task?.nice ?? 0)],
  ]
  const head = `${nameOf(task, group)} (${pids.shown(task?.tid ?? group.pid)}, #threads: ${Math.max(1, group.tasks.length)})\n`
  const lines = rows.map(([name, shown]) => `${name.padEnd(45)}:${String(shown).padStart(21)}\n`)
  return `${head}${'-'.repeat(67)}\n${lines.join('')}`
}

/** The call that a task waits in, or that its own reading is; `running` for one that computes. */
export function syscallText(task: Task | undefined, caller: Caller): string {
  if (!task || (task.state !== WAITING && task.tid !== caller.threadId)) return 'running\n'
  const { shownNr, args, sp, pc } = task.call
  const shown = (n: number): string => `0x${BigInt.asUintN(64, BigInt(Math.trunc(n))).toString(16)}`
  return `${shownNr} ${[...args, sp, pc].map(shown).join(' ')}\n`
}

const asNumber = (text: string): number => (/^\s*-?\d+\s*$/.test(text) ? Number(text) : Number.NaN)

/** Down again only with CAP_SYS_RESOURCE. `most`: the scale of the file, 1000 or oom_adj's 17. */
export function setOomScore(caller: Caller, group: ThreadGroup, text: string, most: number): number {
  const given = asNumber(text)
  if (!(Math.abs(given) <= most)) return -EINVAL
  const score = most === 1000 ? given : Math.trunc((given * 1000) / most)
  if (score < group.oomScoreAdjMin && !caller.credentials.capable(CAP_SYS_RESOURCE)) return -EACCES
  group.oomScoreAdj = score
  if (caller.credentials.capable(CAP_SYS_RESOURCE)) group.oomScoreAdjMin = score
  return 0
}

/** Another's only with CAP_SYS_NICE. */
export function setTimerSlack(caller: Caller, task: Task | undefined, text: string): number {
  const slack = asNumber(text)
  if (!task || !(slack >= 0)) return -EINVAL
  if (task.tid !== caller.threadId && !caller.credentials.capable(CAP_SYS_NICE)) return -EPERM
  task.timerSlackNs = slack || DEFAULT_TIMER_SLACK_NS
  return 0
}

/** Bits of the kinds of areas that a core would have. */
const COREDUMP_FILTER_MASK = 0x1ff

export const coredumpFilterText = (task: Task | undefined): string =>
  task ? `${task.mm.coredumpFilter.toString(16).padStart(8, '0')}\n` : ''

export function setCoredumpFilter(task: Task | undefined, text: string): number {
  const word = text.trim()
  const value = /^(0x[\da-f]+|\d+)$/i.test(word)
    ? Number.parseInt(word, /^0\d/.test(word) ? 8 : word.startsWith('0x') ? 16 : 10)
    : Number.NaN
  if (!task || !(value >= 0 && value <= 0xffffffff)) return -EINVAL
  task.mm.coredumpFilter = value & COREDUMP_FILTER_MASK
  return 0
}

/** The processes that a process made, as its first thread's. */
export const childrenText = (task: Task, group: ThreadGroup, pids: PidNamespace): string =>
  task === group.leader ? [...group.children].map(({ pid }) => `${pids.shown(pid)} `).join('') : ''
