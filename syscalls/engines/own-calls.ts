/**
 * OwnCalls: system calls that an engine makes itself, in the world below it: with the engines, mounts and names it
 * stands on, a descriptor table of its own, and root's rights. So modules nest: what a module asks for is answered by
 * the module below it.
 * Path: an engine's callback → here → a task without a program, which the kernel's loop moves from stage to stage as
 * any other; the result comes as a promise.
 */

import { AddressSpace } from '../../emu/memory/address-space.ts'
import { GUEST_MIN } from '../../emu/memory/layout.ts'
import { bytesOf } from '../abi/bytes.ts'
import { CALL_NUMBERS } from '../abi/calls.ts'
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../abi/mman.ts'
import { Credentials } from '../kernel/credentials.ts'
import { dropMm } from '../kernel/exit.ts'
import { FdTable } from '../kernel/fd-table.ts'
import { FsContext } from '../kernel/fs-context.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { STAGE_CALL, STAGE_ENTRY, Task, WAITING } from '../kernel/task.ts'
import { defaultLimits, SignalActions, ThreadGroup } from '../kernel/thread-group.ts'
import { Mm } from '../mm/mm.ts'
import { Attention } from './control.ts'
import type { Engine } from './engine.ts'
import { begin } from './stack.ts'
import type { View } from './view.ts'

/** A number, a byte string that gets a NUL, or bytes; what the kernel writes into these comes back. */
export type OwnArgument = number | string | Uint8Array

/** Arguments of one call together. */
const SCRATCH_SIZE = 1 << 20
const IDLE_COUNT_MAX = 4
/** They mean the calling program, and there is none. */
const FOR_PROGRAMS = new Set([
  'fork',
  'vfork',
  'clone',
  'clone3',
  'execve',
  'execveat',
  'exit',
  'exit_group',
  'rt_sigreturn',
])

/** Takes the result where another task would go back to its program. */
class ReturnToEngine extends Attention {
  finish: (result: number) => void = () => {}

  override stand(task: Task): boolean {
    task.state = WAITING
    this.finish(task.call.result)
    return false
  }
}

/** A task that makes one call at a time. */
class Caller {
  readonly task: Task
  private readonly scratchAddr: number
  private readonly return = new ReturnToEngine()

  constructor(kernel: Kernel, group: ThreadGroup, view: View, fs: FsContext, fds: FdTable) {
    const mm = new Mm(new AddressSpace(kernel.memoryPool), kernel.caller, kernel.nativeCalls)
    mm.mmapBase = GUEST_MIN
    this.task = new Task(kernel, 0, group, mm, { fs, fds, credentials: new Credentials(0, 0), view })
    this.task.state = WAITING
    this.task.attention = this.return
    this.task.blocked.set(-1, -1)
    const row = kernel.table[CALL_NUMBERS.mmap!]!
    const protection = PROT_READ | PROT_WRITE
    this.scratchAddr = row.handler(this.task, 0, SCRATCH_SIZE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  }

  /** Throws for what is no call, and for arguments that do not fit. */
  make(name: string, args: readonly OwnArgument[]): Promise<number> {
    const { task } = this
    const { kernel, call } = task
    const nr = CALL_NUMBERS[name]
    if (nr === undefined) throw new Error(`no system call is named ${name}`)
    if (FOR_PROGRAMS.has(name)) throw new Error(`${name} is for programs`)
    const buffers = this.placeArguments(args)
    call.beginOwn(nr)
    task.startCall()
    call.seq++
    const chain = task.view.chain(nr)
    if (chain) begin(task, chain)
    task.stage = chain ? STAGE_ENTRY : STAGE_CALL
    return new Promise((resolve) => {
      this.return.finish = (result) => {
        for (const [addr, bytes] of buffers) bytes.set(task.mm.copyIn(addr, bytes.length) ?? [])
        resolve(result)
      }
      kernel.makeRunnable(task)
    })
  }

  private placeArguments(args: readonly OwnArgument[]): [addr: number, bytes: Uint8Array][] {
    const { call, mm } = this.task
    const buffers: [number, Uint8Array][] = []
    let addr = this.scratchAddr
    call.args.fill(0)
    for (const [i, argument] of args.entries()) {
      if (typeof argument === 'number') {
        call.args[i] = argument
        continue
      }
      const bytes = typeof argument === 'string' ? bytesOf(`${argument}\0`) : argument
      if (!mm.copyOut(addr, bytes)) throw new RangeError(`arguments of more than ${SCRATCH_SIZE} bytes`)
      if (typeof argument !== 'string') buffers.push([addr, bytes])
      call.args[i] = addr
      addr += Math.ceil(bytes.length / 16) * 16
    }
    return buffers
  }

  end(): void {
    dropMm(this.task)
  }
}

export class OwnCalls {
  private readonly kernel: Kernel
  private readonly view: View
  private readonly group: ThreadGroup
  private readonly fs: FsContext
  private readonly fds = new FdTable()
  private readonly idle: Caller[] = []

  /** For an engine that stands in a view; the mounts are those of now. */
  constructor(view: View, engine: Engine) {
    this.kernel = view.kernel
    this.view = view.below(engine)
    this.group = new ThreadGroup(0, null, this.kernel.world.pids, new SignalActions(), defaultLimits())
    const { root } = this.view.mounts
    this.fs = new FsContext(root, root)
    this.fds.lockOwner = this.group
  }

  /**
   * Makes a call. The result is the kernel's: a negative errno for an error. Numbers are as handlers get them: signed
   * for `int`, unsigned for sizes. Works while a program runs, since the machine's loop makes it.
   */
  async call(name: string, ...args: OwnArgument[]): Promise<number> {
    const caller = this.idle.pop() ?? new Caller(this.kernel, this.group, this.view, this.fs, this.fds)
    try {
      return await caller.make(name, args)
    } finally {
      if (this.idle.length < IDLE_COUNT_MAX) this.idle.push(caller)
      else caller.end()
    }
  }

  /** Closes its descriptors and gives its memory back. */
  close(): void {
    this.fds.closeAll()
    for (const caller of this.idle.splice(0)) caller.end()
    this.view.drop()
  }
}
