/** The files of /proc/PID and /proc/PID/task/TID, by name: who may read them, their text, what writing does. proc(5). */

import { latin1 } from '../../abi/bytes.ts'
import { EINVAL, EPERM } from '../../abi/errno.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { PidNamespace } from '../../kernel/pid-namespace.ts'
import { COMM_SIZE, type Task } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import { FIRST_USER_NAMESPACE, type UserNamespace } from '../../kernel/user-namespace.ts'
import type { Caller } from '../../vfs/caller.ts'
import { idMapText, setgroupsText, setIdMap, setSetgroups } from './id-maps.ts'
import { mapsText, rollupText, smapsText, statmText } from './memory-maps.ts'
import { mountInfoText, mountStatsText, mountsText } from './mounts.ts'
import {
  coredumpFilterText,
  ioText,
  limitsText,
  schedstatText,
  schedText,
  setCoredumpFilter,
  setOomScore,
  setTimerSlack,
  syscallText,
} from './process-state.ts'
import { nameOf, statText, statusText } from './status.ts'

/** Whom the files tell of: the leader's stands for the process; a zombie has no task. */
export interface Subject {
  readonly kernel: Kernel
  /** Whose numbers they show. */
  readonly pids: PidNamespace
  readonly group: ThreadGroup
  readonly task: Task | undefined
}

export interface TaskFile {
  /** 0444 unless said. */
  readonly mode?: number
  /** Only for who may look into the task. */
  readonly isGuarded?: boolean
  text(of: Subject, caller: Caller): string
  store?(of: Subject, caller: Caller, text: string): number
}

const range = (task: Task | undefined, from: number, to: number): string =>
  task && to > from ? latin1(task.mm.copyIn(from, to - from) ?? new Uint8Array(0)) : ''

/** A process names its own threads only. */
function rename({ task }: Subject, caller: Caller, text: string): number {
  if (!task || task.group.pid !== caller.processId) return -EINVAL
  task.comm = text.slice(0, COMM_SIZE - 1)
  return 0
}

const usernsOf = ({ group }: Subject): UserNamespace => group.credentials?.userns ?? FIRST_USER_NAMESPACE

const idMap = (kind: 'uid' | 'gid'): TaskFile => ({
  mode: 0o644,
  text: (of, { credentials }) => idMapText(usernsOf(of), kind, credentials.userns),
  store: (of, { credentials }, text) => setIdMap(credentials, usernsOf(of), kind, text),
})

export const TASK_FILES: Readonly<Record<string, TaskFile>> = {
  cmdline: { text: ({ task }) => range(task, task?.mm.argStart ?? 0, task?.mm.argEnd ?? 0) },
  environ: {
    mode: 0o400,
    isGuarded: true,
    text: ({ task }) => range(task, task?.mm.envStart ?? 0, task?.mm.envEnd ?? 0),
  },
  comm: { mode: 0o644, text: ({ task, group }) => `${nameOf(task, group)}\n`, store: rename },
  stat: { text: (of, { world }) => statText(of, world) },
  status: { text: (of, { credentials }) => statusText(of, credentials.userns) },
  statm: { text: ({ task }) => statmText(task) },
  maps: { isGuarded: true, text: ({ task }) => mapsText(task) },
  smaps: { isGuarded: true, text: ({ task }) => smapsText(task) },
  smaps_rollup: { isGuarded: true, text: ({ task }) => rollupText(task) },
  mounts: { text: ({ task }) => mountsText(task) },
  mountinfo: { text: ({ task }) => mountInfoText(task) },
  mountstats: { mode: 0o400, text: ({ task }) => mountStatsText(task) },
  auxv: { mode: 0o400, isGuarded: true, text: ({ task }) => (task ? latin1(task.mm.auxv) : '') },
  limits: { text: ({ group }) => limitsText(group) },
  io: { mode: 0o400, isGuarded: true, text: ioText },
  wchan: { text: () => '0' },
  // The kernel's stack is the emulator's.
  stack: { mode: 0o400, isGuarded: true, text: () => '' },
  syscall: { mode: 0o400, isGuarded: true, text: ({ task }, caller) => syscallText(task, caller) },
  sched: { mode: 0o644, text: (of) => schedText(of), store: () => 0 },
  schedstat: { text: ({ kernel, task }) => schedstatText(kernel, task) },
  personality: {
    mode: 0o400,
    isGuarded: true,
    text: ({ task }) => `${(task?.personality ?? 0).toString(16).padStart(8, '0')}\n`,
  },
  oom_score: { text: () => '0\n' },
  oom_score_adj: {
    mode: 0o644,
    text: ({ group }) => `${group.oomScoreAdj}\n`,
    store: ({ group }, caller, text) => setOomScore(caller, group, text, 1000),
  },
  oom_adj: {
    mode: 0o644,
    text: ({ group }) => `${Math.trunc((group.oomScoreAdj * 17) / 1000)}\n`,
    store: ({ group }, caller, text) => setOomScore(caller, group, text, 17),
  },
  loginuid: { mode: 0o644, text: () => '4294967295', store: () => -EPERM },
  sessionid: { text: () => '4294967295' },
  cgroup: { text: () => '0::/\n' },
  cpuset: { text: () => '/\n' },
  uid_map: idMap('uid'),
  gid_map: idMap('gid'),
  // There are no projects.
  projid_map: {
    mode: 0o644,
    text: (of) =>
      usernsOf(of).parent === null ? idMapText(FIRST_USER_NAMESPACE, 'uid', FIRST_USER_NAMESPACE) : '',
    store: () => -EPERM,
  },
  setgroups: {
    mode: 0o644,
    text: (of) => setgroupsText(usernsOf(of)),
    store: (of, { credentials }, text) => setSetgroups(credentials, usernsOf(of), text),
  },
  coredump_filter: {
    mode: 0o644,
    text: ({ task }) => coredumpFilterText(task),
    store: ({ task }, _caller, text) => setCoredumpFilter(task, text),
  },
  timerslack_ns: {
    mode: 0o666,
    text: ({ task }) => `${task?.timerSlackNs ?? 0}\n`,
    store: ({ task }, caller, text) => setTimerSlack(caller, task, text),
  },
  timers: { text: () => '' },
  clear_refs: {
    mode: 0o200,
    text: () => '',
    store: (_of, _caller, text) => (/^[1-5]\s*$/.test(text) ? 0 : -EINVAL),
  },
}
