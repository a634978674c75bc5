/**
 * Kernel: everything that all processes share, and the loop that runs them. One machine has one.
 * Path: linux.ts builds it with its table, file systems and CPU; src/machine.ts calls `run`.
 *
 * Scheduling is by turns (run-queue.ts) and depends on nothing but the order of wake-ups, so the same host input gives the
 * same run.
 */

import { MemoryPool } from '../../emu/memory/memory-pool.ts'
import type { Cpu } from '../../emu/run/cpu.ts'
import type { CallTable } from '../abi/arch/call-table.ts'
import { EAGAIN, ENOSYS } from '../abi/errno.ts'
import type { SigInfo } from '../abi/signal.ts'
import { LP64 } from '../abi/struct.ts'
import type { EngineTypes } from '../engines/manage.ts'
import { ServiceTable } from '../engines/services.ts'
import { View } from '../engines/view.ts'
import type { World } from '../engines/world.ts'
import type { Host } from '../host.ts'
import { Ipc } from '../ipc/ipc.ts'
import { IpcTotals } from '../ipc/totals.ts'
import { SocketFamilies } from '../net/socket.ts'
import { absentCalls } from '../sys/absent.ts'
import { mountIsBusy } from '../sys/mount-use.ts'
import type { SyscallTable } from '../sys/row.ts'
import type { Caller } from '../vfs/caller.ts'
import type { DeviceTable } from '../vfs/device.ts'
import type { FileSystemType } from '../vfs/file-system-type.ts'
import { DiskQuota } from '../vfs/inode.ts'
import { MountTable, MountTree } from '../vfs/mount-tree.ts'
import { type Clock, KernelClock } from './clock.ts'
import { Credentials } from './credentials.ts'
import { Futexes } from './futex.ts'
import { LoadAverage } from './load-average.ts'
import { PidNamespace } from './pid-namespace.ts'
import { RunQueue } from './run-queue.ts'
import { sendSignal } from './signal.ts'
import { SliceLengths } from './slice.ts'
import { swapOut } from './swap.ts'
import { DEAD, ENGINE_STOPPED, RUNNABLE, RUNNING, type Task, WAITING } from './task.ts'
import { runTask } from './task-run.ts'
import { defaultLimits, SignalActions, ThreadGroup } from './thread-group.ts'
import { Uts } from './uts.ts'
import { WaitQueue } from './wait-queue.ts'

export interface KernelOptions {
  hostname: string
  /** A line on the diagnostic channel for a program that dies of a fault. */
  explainFaults: boolean
  /** Tasks at the same time: beyond, fork and clone fail with EAGAIN. */
  taskCountMax: number
}

export interface KernelParts {
  host: Host
  cpu: Cpu
  /** The ISAs it runs programs of; the first is the machine's own. */
  callTables: readonly CallTable[]
  table: SyscallTable
  fileSystemTypes: readonly FileSystemType[]
  /** Engines that programs may put on their view, by name. */
  engineTypes: EngineTypes
  devices: DeviceTable
  options: KernelOptions
}

const PID_MAX_DEFAULT = 32768
const THREADS_MAX = 31000
/** What kernel.pid_max may be at most. */
export const PID_MAX_LIMIT = 4 * 1024 * 1024
/** Different lines that a guest can have said to whoever runs it. */
const DIAGNOSED_MAX = 200

export class Kernel {
  readonly host: Host
  readonly cpu: Cpu
  readonly callTables: readonly CallTable[]
  /** By the kernel's own numbers. */
  readonly table: SyscallTable
  readonly fileSystemTypes: readonly FileSystemType[]
  readonly engineTypes: EngineTypes
  readonly devices: DeviceTable
  readonly options: KernelOptions
  /** Who makes sockets, by address family. */
  readonly socketFamilies = new SocketFamilies()
  /** The one at the bottom: tasks tell time by their world's. */
  readonly clock: KernelClock
  readonly futexes = new Futexes()
  readonly memoryPool = new MemoryPool()
  /** What all files that live in memory have together. */
  readonly diskQuota = new DiskQuota()
  /** Nobody wakes it: sleeps end by deadline or signal. */
  readonly sleepers = new WaitQueue()
  readonly groups = new Map<number, ThreadGroup>()
  readonly tasks = new Map<number, Task>()
  /** Of tasks, groups and sessions that have numbers in other namespaces than the first: the innermost one. */
  readonly nestedPids = new Map<number, PidNamespace>()
  /** Process 1: no program, it only adopts and reaps. */
  readonly init: ThreadGroup
  /** The kernel itself as a caller of file systems: root, never blocked. */
  readonly caller: Caller
  /** Of the outermost view. */
  readonly mountTree: MountTree
  readonly pipeRoom = { extraBytes: 0 }
  /** What is seen where no engine offers another. */
  readonly world: World
  /** The outermost view: what the first programs see. */
  readonly view: View
  corePattern = 'core'
  /** Numbers of /proc/sys that were changed, by name. */
  readonly sysctl = new Map<string, readonly number[]>()
  readonly bootNs: number
  readonly load: LoadAverage
  /** Told of every process that is gone for good. */
  onReaped: (group: ThreadGroup) => void = () => {}
  /** Why the last execve failed, in words for a person. */
  execProblem = ''
  /** How many tasks wait for somebody outside: an engine that answers late, files behind promises. */
  answersDue = 0
  /** Counters for --stats. */
  contextSwitches = 0
  callCount = 0
  readonly slices: SliceLengths
  private readonly runQueue = new RunQueue()
  private lastPid = 1
  private readonly diagnosed = new Set<string>()

  constructor(parts: KernelParts) {
    this.host = parts.host
    this.cpu = parts.cpu
    this.callTables = parts.callTables
    this.table = parts.table
    this.fileSystemTypes = parts.fileSystemTypes
    this.engineTypes = parts.engineTypes
    this.devices = parts.devices
    this.options = parts.options
    this.memoryPool.countMax = parts.host.memoriesMax ?? Infinity
    this.memoryPool.makeRoom = (urgent) => swapOut(this, urgent)
    this.clock = new KernelClock(parts.host.clock, () => parts.host.wake())
    this.world = {
      uts: new Uts(parts.options.hostname),
      ipc: new Ipc(this, new IpcTotals()),
      clock: this.clock,
      services: new ServiceTable([], null),
      pids: new PidNamespace(null),
      reach: null,
    }
    this.sliceClock = this.clock
    this.slices = new SliceLengths(parts.host.random)
    this.bootNs = this.clock.monotonicNs()
    this.load = new LoadAverage(this.bootNs)
    this.init = new ThreadGroup(1, null, this.world.pids, new SignalActions(), defaultLimits())
    this.world.pids.init = this.init
    this.groups.set(1, this.init)
    this.caller = kernelCaller(this.world)
    this.mountTree = new MountTree(new MountTable(this.diskQuota, (mount) => mountIsBusy(this, mount)))
    this.view = new View(this)
  }

  /** The machine's own ISA, and its calls: for what runs no program. */
  get nativeCalls(): CallTable {
    return this.callTables[0]!
  }

  /** The next free process id; 0 when there is none. */
  newPid(): number {
    const { pidMax } = this
    for (let tried = 0; tried < pidMax; tried++) {
      this.lastPid = this.lastPid + 1 >= pidMax ? 2 : this.lastPid + 1
      if (!this.isPidUsed(this.lastPid)) return this.lastPid
    }
    return 0
  }

  /** Whether a task, a process, a process group or a session goes by this number. */
  isPidUsed(pid: number): boolean {
    if (this.tasks.has(pid) || this.groups.has(pid)) return true
    for (const group of this.groups.values())
      if (group.processGroup === pid || group.sessionId === pid) return true
    return false
  }

  /** kernel.threads-max: tasks of all users. */
  get taskCountMax(): number {
    return Math.min(this.options.taskCountMax, THREADS_MAX)
  }

  /** kernel.pid_max: ids are below. */
  get pidMax(): number {
    return this.sysctl.get('kernel/pid_max')?.[0] ?? PID_MAX_DEFAULT
  }

  newestPid(pids: PidNamespace): number {
    return pids.parent === null ? this.lastPid : pids.newest
  }

  addTask(task: Task): void {
    this.groups.set(task.group.pid, task.group)
    this.tasks.set(task.tid, task)
    if (task.state !== ENGINE_STOPPED) this.enqueue(task)
  }

  /** A task that waited goes on. */
  makeRunnable(task: Task): void {
    task.state = RUNNABLE
    this.runQueue.addWoken(task)
    this.host.wake()
  }

  /** Behind the others: a new task, or one that used up its slice. */
  enqueue(task: Task): void {
    task.state = RUNNABLE
    this.runQueue.add(task)
    this.host.wake()
  }

  get runnableCount(): number {
    return this.runQueue.length
  }

  sendToTask(task: Task, info: SigInfo): number {
    return sendSignal(task.group, task, info)
  }

  sendToGroup(group: ThreadGroup, info: SigInfo): number {
    return sendSignal(group, null, info)
  }

  /** Says something once on the diagnostic channel. */
  diagnoseOnce(line: string): void {
    if (this.diagnosed.has(line) || this.diagnosed.size > DIAGNOSED_MAX) return
    this.diagnosed.add(line)
    this.host.diagnostics(
      this.diagnosed.size > DIAGNOSED_MAX ? 'there is more like this; it is not shown' : line,
    )
  }

  missingCall(name: string): number {
    const reason = absentCalls.get(name)
    this.diagnoseOnce(`system call ${name} is not implemented (ENOSYS)${reason ? `: ${reason}` : ''}`)
    return -ENOSYS
  }

  /** Runs until `finished` says so. Everything asynchronous of the machine happens while this awaits. */
  async run(finished: () => boolean): Promise<void> {
    while (!finished()) {
      const now = this.clock.monotonicNs()
      this.clock.timers.expire(now)
      const task = this.runQueue.take()
      if (task) {
        if (task.state !== RUNNABLE) continue
        this.runSlice(task, now)
        const turn = this.host.yieldIfDue()
        if (turn) await turn
      } else if (this.tasks.size === 0) return
      else await this.host.sleepUntil(this.clock.timers.nextNs, this.answersDue > 0)
    }
  }

  private runSlice(task: Task, startNs: number): void {
    this.contextSwitches++
    // Processor time is counted on the clock of the view in which it is used.
    const { clock } = task.world
    const clockStartNs = clock.monotonicAt(startNs)
    this.sliceTask = task
    this.sliceClock = clock
    this.sliceStartNs = clockStartNs
    const budget = this.slices.budget()
    this.load.sample(startNs, this.runQueue.length + 1)
    try {
      runTask(this, task, budget)
    } finally {
      this.sliceTask = null
    }
    const steps = task.state === DEAD ? 0 : budget - task.mm.arch.budget(task.mm.state)
    this.host.worked?.(steps)
    if (task.state === WAITING) task.usage.voluntarySwitches++
    else if (task.state === RUNNABLE) task.usage.involuntarySwitches++
    const used = clock.monotonicNs() - clockStartNs
    this.slices.took(budget, steps, used)
    if (task.state === DEAD) task.group.cpuNs += used
    else task.cpuNs += used
    const { group } = task
    if (group.cpuTimers !== null) group.cpuTimers.expire(this.groupCpuNs(group))
    if (task.state === RUNNING) throw new Error(`task ${task.tid} left its slice still running`)
  }

  private sliceTask: Task | null = null
  private sliceClock: Clock
  private sliceStartNs = 0

  /** Processor time of a task, the current slice included, on the clocks of the views that it was in. */
  taskCpuNs(task: Task): number {
    return task.cpuNs + (task === this.sliceTask ? this.sliceClock.monotonicNs() - this.sliceStartNs : 0)
  }

  groupCpuNs(group: ThreadGroup): number {
    let total = group.cpuNs
    for (const task of group.tasks) total += this.taskCpuNs(task)
    return total
  }
}

/** A caller for the kernel's own file accesses. An asynchronous file system cannot serve it. */
function kernelCaller(world: World): Caller {
  return {
    world,
    credentials: new Credentials(0, 0),
    pids: world.pids,
    processId: 0,
    threadId: 0,
    memory: {
      model: LP64,
      copyOut: () => false,
      copyIn: () => null,
      getU32: () => -1,
      setU32: () => false,
    },
    blockOn: () => -EAGAIN,
    signalPending: () => false,
    brokenPipe: () => {},
    settle: () => -EAGAIN,
  }
}
