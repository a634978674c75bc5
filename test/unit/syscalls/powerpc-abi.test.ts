/**
 * The ABIs of powerpc: structures and constants are the kernel headers' (test/abi/layouts, which says how they were
 * recorded), arguments come from the registers that the ABI says, signal frames have everything where programs look.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCr, readXer, setCrField, writeCr, writeXer } from '../../../emu/guest/ppc/cr.ts'
import { gprPlace, PPC_STATE, vsrPlace } from '../../../emu/guest/ppc/state.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PAGE_PW, PAGE_R, PROT_READ, PROT_WRITE } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { COMMON_STATE, MODE_PPC64LE, StateBlock } from '../../../emu/memory/state-block.ts'
import { SYSCALL_SC, SYSCALL_SCV } from '../../../emu/run/cpu.ts'
import type { Arch, FrameMemory, SignalFrameInput } from '../../../syscalls/abi/arch/arch.ts'
import { CallTable } from '../../../syscalls/abi/arch/call-table.ts'
import { ppc, ppc64, ppc64le } from '../../../syscalls/abi/arch/powerpc.ts'
import { ILP32_POWERPC_LARGE, ILP32_POWERPC_OLD } from '../../../syscalls/abi/arch/powerpc-calls.ts'
import { openFlagsTaken, POWERPC_VALUES, requestTaken } from '../../../syscalls/abi/arch/powerpc-values.ts'
import {
  VDSO_SIGTRAMP_RT32,
  VDSO_SIGTRAMP_RT64,
  VDSO_SIGTRAMP32,
} from '../../../syscalls/abi/arch/powerpc-vdso.ts'
import { CALL_NUMBERS } from '../../../syscalls/abi/calls.ts'
import * as F from '../../../syscalls/abi/fcntl.ts'
import * as M from '../../../syscalls/abi/mman.ts'
import * as POLL from '../../../syscalls/abi/poll.ts'
import { RUSAGE, SYSINFO } from '../../../syscalls/abi/process.ts'
import * as SECCOMP from '../../../syscalls/abi/seccomp.ts'
import { readSigEvent, readSigInfo, writeSigInfo } from '../../../syscalls/abi/siginfo.ts'
import { OLD_SIGACTION, SA_SIGINFO, SIGACTION, SIGSYS, STACK, sigInfo } from '../../../syscalls/abi/signal.ts'
import * as S from '../../../syscalls/abi/socket.ts'
import { STATFS, STATFS64 } from '../../../syscalls/abi/stat.ts'
import type { DataModel, Struct } from '../../../syscalls/abi/struct.ts'
import { TMS } from '../../../syscalls/abi/time.ts'
import * as T from '../../../syscalls/abi/tty.ts'
import { syscallRows } from '../../../syscalls/sys/index.ts'
import { MSQID_DS } from '../../../syscalls/sys/msg.ts'
import { tableOf } from '../../../syscalls/sys/row.ts'
import { SEMID_DS } from '../../../syscalls/sys/sem.ts'
import { SHMID_DS } from '../../../syscalls/sys/shm.ts'
import { Termios } from '../../../syscalls/tty/termios.ts'

type Recorded = Readonly<Record<string, number>>

const recordedOf = ({ name }: Arch): Recorded =>
  JSON.parse(readFileSync(new URL(`../../abi/layouts/${name}.json`, import.meta.url), 'utf8'))

const STAT_MEMBERS = {
  dev: 'st_dev',
  ino: 'st_ino',
  mode: 'st_mode',
  nlink: 'st_nlink',
  uid: 'st_uid',
  gid: 'st_gid',
  rdev: 'st_rdev',
  size: 'st_size',
  atimeSec: 'st_atime',
  mtimeSec: 'st_mtime',
  ctimeSec: 'st_ctime',
}
const FULL_STAT = {
  ...STAT_MEMBERS,
  blockSize: 'st_blksize',
  blocks: 'st_blocks',
  mtimeNsec: 'st_mtime_nsec',
}
const STATFS_MEMBERS = {
  type: 'f_type',
  blocks: 'f_blocks',
  ffree: 'f_ffree',
  fsid: 'f_fsid',
  namelen: 'f_namelen',
  flags: 'f_flags',
}
const FLOCK_MEMBERS = { whence: 'l_whence', start: 'l_start', length: 'l_len', pid: 'l_pid' }

type Compared = readonly [struct: Struct<object>, name: string, members: Readonly<Record<string, string>>]

const COMPARED: readonly Compared[] = [
  [STATFS, 'statfs', STATFS_MEMBERS],
  [STATFS64, 'statfs64', STATFS_MEMBERS],
  [F.FLOCK, 'flock', FLOCK_MEMBERS],
  [SIGACTION, 'sigaction', { flags: 'sa_flags', restorer: 'sa_restorer' }],
  [STACK, 'sigaltstack', { flags: 'ss_flags', size: 'ss_size' }],
  [
    SEMID_DS,
    'semid64_ds',
    {
      mode: 'sem_perm.mode',
      seq: 'sem_perm.seq',
      opSec: 'sem_otime',
      changeSec: 'sem_ctime',
      count: 'sem_nsems',
    },
  ],
  [
    SHMID_DS,
    'shmid64_ds',
    {
      mode: 'shm_perm.mode',
      seq: 'shm_perm.seq',
      sizeBytes: 'shm_segsz',
      attachSec: 'shm_atime',
      detachSec: 'shm_dtime',
      changeSec: 'shm_ctime',
      makerPid: 'shm_cpid',
      attachedCount: 'shm_nattch',
    },
  ],
  [
    MSQID_DS,
    'msqid64_ds',
    {
      mode: 'msg_perm.mode',
      sendSec: 'msg_stime',
      changeSec: 'msg_ctime',
      count: 'msg_qnum',
      lastSender: 'msg_lspid',
    },
  ],
  [RUSAGE, 'rusage', { maxRss: 'ru_maxrss' }],
  [SYSINFO, 'sysinfo', { procs: 'procs', totalHigh: 'totalhigh' }],
  [TMS, 'tms', {}],
]

function compare([struct, name, members]: Compared, model: DataModel, recorded: Recorded): void {
  const layout = struct.of(model)
  const ours: Record<string, number> = { '': layout.sizeBytes }
  const theirs: Record<string, number> = { '': recorded[`struct ${name}`]! }
  for (const [own, member] of Object.entries(members)) {
    ours[member] = layout.offset(own as never)
    theirs[member] = recorded[`struct ${name}.${member}`]!
  }
  expect(ours, name).toEqual(theirs)
}

describe.each([ppc, ppc64, ppc64le])('$name', (arch) => {
  const recorded = recordedOf(arch)
  const { model } = arch

  it.each(COMPARED)('%#: struct is the kernel’s', (...compared) => compare(compared, model, recorded))

  it('stat', () => {
    compare([arch.stat(model) as Struct<object>, 'stat', FULL_STAT], model, recorded)
    if (arch.bits === 64) return
    const [large, old] = [ILP32_POWERPC_LARGE, ILP32_POWERPC_OLD]
    compare([arch.stat(large) as Struct<object>, 'stat64', FULL_STAT], large, recorded)
    compare([arch.stat(old) as Struct<object>, '__old_kernel_stat', STAT_MEMBERS], old, recorded)
    compare([F.FLOCK64, 'flock64', FLOCK_MEMBERS], large, recorded)
    compare([OLD_SIGACTION, 'old_sigaction', { maskLo: 'sa_mask', flags: 'sa_flags' }], model, recorded)
  })

  it('a sigset is longs', () => {
    const layout = SIGACTION.of(model)
    const at = recorded['struct sigaction.sa_mask']!
    expect([layout.offset('maskLo'), layout.offset('maskHi')]).toEqual(
      arch === ppc64 ? [at + 4, at] : [at, at + 4],
    )
  })

  it('siginfo and sigevent', () => {
    const view = new DataView(new ArrayBuffer(128))
    const place = (member: string): number => recorded[`struct siginfo.${member}`]!
    const { littleEndian } = model
    const addr = 0x1234_5678
    writeSigInfo(view, 0, sigInfo(SIGSYS, 1, { addr, status: 77 }), model, arch.auditArch)
    expect(view.getUint32(place('si_code'), littleEndian)).toBe(1)
    expect(view.getUint32(place('si_syscall'), littleEndian)).toBe(77)
    expect(view.getUint32(place('si_arch'), littleEndian)).toBe(arch.auditArch)
    writeSigInfo(view, 0, sigInfo(10, -1, { pid: 5, uid: 6, value: 0x1122_3344n }), model, arch.auditArch)
    expect(readSigInfo(view, 0, model)).toMatchObject({
      signo: 10,
      code: -1,
      pid: 5,
      uid: 6,
      value: 0x1122_3344n,
    })
    expect(view.getUint32(place('si_value') + (arch === ppc64 ? 4 : 0), littleEndian)).toBe(0x1122_3344)
    view.setInt32(recorded['struct sigevent.sigev_signo']!, 12, littleEndian)
    view.setInt32(recorded['struct sigevent.sigev_notify']!, 4, littleEndian)
    expect(readSigEvent(view, 0, model)).toMatchObject({ signo: 12, notify: 4 })
  })

  it('flags and options are turned into the kernel’s', () => {
    const same = (names: readonly string[], own: object, turn: (value: number) => number): void => {
      const [ours, theirs] = [{}, {}] as Record<string, number>[]
      for (const name of names) {
        ours![name] = turn(recorded[name]!)
        theirs![name] = (own as Record<string, number>)[name.replace('_OLD', '')]!
      }
      expect(ours).toEqual(theirs)
    }
    const names = (prefix: RegExp): string[] => Object.keys(recorded).filter((name) => prefix.test(name))
    const taken = (call: string, place: number, rest: readonly number[]) => (value: number) => {
      const args = Float64Array.from({ length: 6 }, (_, i) => (i === place ? value : (rest[i] ?? 0)))
      POWERPC_VALUES[call]!.taken!(args)
      return args[place]!
    }
    same(names(/^O_/), F, openFlagsTaken)
    same(names(/^F_/), F, (value) => value)
    same(names(/^MAP_/), M, taken('mmap', 3, []))
    same(names(/^MCL_/), M, taken('mlockall', 0, []))
    same(
      names(/^SO_/).filter((name) => name !== 'SO_PEERSEC'),
      S,
      taken('getsockopt', 2, [0, S.SOL_SOCKET]),
    )
    same(names(/^(TC|TIOC)/), T, requestTaken)
    same(names(/^FIO/), POLL, requestTaken)
    same(names(/^SECCOMP/), SECCOMP, requestTaken)
    const told = POWERPC_VALUES.fcntl!.told!
    expect(told(Float64Array.of(0, F.F_GETFL), F.O_DIRECTORY | F.O_NOFOLLOW | 2)).toBe(
      recorded.O_DIRECTORY! | recorded.O_NOFOLLOW! | 2,
    )
    // What are requests of other ISAs' terminals are none here.
    expect([T.TCGETS, T.TIOCGWINSZ].map(requestTaken)).toEqual([0xffff_ffff, 0xffff_ffff])
  })

  it('modes of terminals', () => {
    const termios = new Termios()
    const bytes = (): DataView => new DataView(termios.encode('termios', model).buffer)
    const { littleEndian } = model
    expect(bytes().byteLength).toBe(recorded['struct termios'])
    expect(termios.encode('termio', model).length).toBe(recorded['struct termio'])
    const words = ['input', 'output', 'control', 'local'] as const
    const flags: readonly (readonly string[])[] = [
      ['IGNBRK', 'ISTRIP', 'ICRNL', 'IUCLC', 'IXON', 'IXANY', 'IXOFF', 'IMAXBEL', 'IUTF8'],
      ['OPOST', 'OLCUC', 'ONLCR', 'OCRNL', 'ONLRET'],
      ['CREAD', 'PARENB', 'CLOCAL'],
      ['ISIG', 'ICANON', 'XCASE', 'ECHO', 'ECHOE', 'ECHOK', 'ECHONL', 'NOFLSH', 'TOSTOP', 'ECHOCTL', 'ECHOPRT', 'ECHOKE', 'IEXTEN'], // biome-ignore format: one line
    ]
    for (const [i, word] of words.entries())
      for (const name of flags[i]!) {
        termios[word] = (T as unknown as Record<string, number>)[name]!
        expect([name, bytes().getUint32(i * 4, littleEndian)]).toEqual([name, recorded[name]])
      }
    const numbers = [
      [1, 0x1d00 | 0x2000 | 0x4000 | 0x8000 | 0x600, 'NL1 CR3 TAB3 BS1 VT1 FF1'],
      [2, 0x1002, 'B115200'],
      [3, 0x1_5000, 'EXTPROC PENDIN FLUSHO'],
    ] as const
    termios.output = numbers[0][1]
    expect(bytes().getUint32(4, littleEndian)).toBe(
      ['NL1', 'CR3', 'BS1', 'VT1', 'FF1', 'TAB3'].reduce((sum, name) => sum | recorded[name]!, 0),
    )
    termios.local = numbers[2][1]
    expect(bytes().getUint32(12, littleEndian)).toBe(
      (recorded.EXTPROC! | recorded.PENDIN! | recorded.FLUSHO!) >>> 0,
    )
    for (const [own, name] of [
      [13, 'B9600'],
      [15, 'B38400'],
      [0x1001, 'B57600'],
      [0x100f, 'B4000000'],
      [T.BOTHER, 'BOTHER'],
    ] as const) {
      // biome-ignore format: one line
      termios.control = own
      expect(bytes().getUint32(8, littleEndian), name).toBe(recorded[name])
    }
    const names = ['VINTR', 'VQUIT', 'VERASE', 'VKILL', 'VEOF', 'VMIN', 'VEOL', 'VTIME', 'VEOL2', 'VWERASE', 'VREPRINT', 'VSUSP', 'VSTART', 'VSTOP', 'VLNEXT'] // biome-ignore format: one line
    for (const name of names) {
      termios.cc.fill(0)
      termios.cc[(T as unknown as Record<string, number>)[name]!] = 99
      expect(bytes().getUint8(recorded['struct termios.c_cc']! + recorded[name]!), name).toBe(99)
    }
    const fresh = Termios.cooked()
    const given = fresh.encode('termios', model)
    const back = new Termios()
    back.decode(given, 'termios', model)
    expect(back).toEqual(fresh)
  })

  it('has the numbers of the headers, and each is a call of the kernel’s', () => {
    const table = tableOf(syscallRows, CALL_NUMBERS)
    const calls = new CallTable(arch, (name) => table[CALL_NUMBERS[name]!]?.norms ?? [])
    expect([calls.named('write').archNr, calls.named('execve').archNr]).toEqual([4, 11])
    expect(calls.find(arch.bits === 32 ? 195 : 106)?.nr).toBe(CALL_NUMBERS.stat)
  })
})

// Registers: r3 to r8 are 3 to 8 × 0x01010101, upper halves are only read by 64-bit programs.

function machine(): { state: StateBlock; memory: FrameMemory; space: AddressSpace } {
  const space = new AddressSpace(new MemoryPool())
  space.map(0x20_0000, 0x1_0000, PROT_READ | PROT_WRITE)
  const memory: FrameMemory = {
    space,
    model: ppc.model,
    elfFlags: 0,
    vdso: 0x50_0000,
    canRead: (addr, size) => space.firstRefused(addr, size, PAGE_R) === -1,
    canWrite: (addr, size) => space.firstRefused(addr, size, PAGE_PW) === -1,
    stored: () => {},
  }
  return { state: new StateBlock(space), memory, space }
}

describe('arguments of ppc', () => {
  const table = tableOf(syscallRows, CALL_NUMBERS)
  const calls = new CallTable(ppc, (name) => table[CALL_NUMBERS[name]!]?.norms ?? [])
  const R = [3, 4, 5, 6, 7, 8].map((n) => n * 0x0101_0101)
  const [r3, r4, r5, r6, r7, r8] = R as [number, number, number, number, number, number]
  const pair = (high: number, low: number): number => high * 2 ** 32 + low
  const cases: readonly (readonly [name: string, args: readonly number[]])[] = [
    ['pread64', [r3, r4, r5, pair(r7, r8)]],
    ['pwrite64', [r3, r4, r5, pair(r7, r8)]],
    ['preadv', [r3, r4, r5, pair(r7, r6)]],
    ['truncate64', [r3, pair(r5, r6)]],
    ['ftruncate64', [r3, pair(r5, r6)]],
    ['readahead', [r3, pair(r5, r6), r7]],
    ['fadvise64', [r3, pair(r5, r6), r7, r8]],
    ['fadvise64_64', [r3, pair(r5, r6), pair(r7, r8), r4]],
    ['fallocate', [r3, r4, pair(r5, r6), pair(r7, r8)]],
    ['sync_file_range2', [r3, pair(r5, r6), pair(r7, r8), r4]],
    ['_llseek', [r3, r4, r5, r6, r7]],
    ['mmap', [r3, r4, r5, r6, r7, r8]],
    ['mmap2', [r3, r4, r5, r6, r7, r8 * 4096]],
    ['clone', [r3, r4, r5, r7, r6]],
    ['send', [r3, r4, r5, r6, 0, 0]],
  ]
  it.each(cases)('%s', (name, expected) => {
    const { state } = machine()
    for (const [i, value] of R.entries()) state.setU64(gprPlace(3 + i), BigInt(value))
    const { nr } = ppc.calls.find((call) => call.name === name)!
    const bound = calls.find(nr)!
    const args = new Float64Array(6)
    ppc.captureArguments(state, bound.norms, bound.registers, args)
    expect([...args.subarray(0, expected.length)]).toEqual(expected)
  })
})

describe('results', () => {
  it('sc tells an error by CR0.SO, scv by its sign', () => {
    const { state } = machine()
    setCrField(state, 0, 8)
    state.setU32(COMMON_STATE.exitCode, SYSCALL_SC)
    ppc64.setResult(state, -2)
    expect([state.getU64(gprPlace(3)), readCr(state) >>> 28, ppc64.result(state)]).toEqual([2n, 9, -2])
    ppc64.setResult(state, 5)
    expect([state.getU64(gprPlace(3)), readCr(state) >>> 28]).toEqual([5n, 8])
    state.setU32(COMMON_STATE.exitCode, SYSCALL_SCV)
    ppc64.setResult(state, -2)
    expect([state.getNumber(gprPlace(3)), readCr(state) >>> 28]).toEqual([-2, 8])
  })

  it('a call that is made again has its first argument back', () => {
    const { state, memory } = machine()
    state.setNumber(PPC_STATE.pc, 0x1004)
    state.setU64(gprPlace(3), 0xffff_ffff_8000_0001n)
    ppc64.enterCall(state, memory)
    ppc64.setResult(state, -512)
    ppc64.rewindSyscall(state, 3)
    expect(state.getNumber(PPC_STATE.pc)).toBe(0x1000)
    expect([state.getU64(gprPlace(3)), state.getU64(gprPlace(0))]).toEqual([0xffff_ffff_8000_0001n, 3n])
  })
})

describe('a program’s start', () => {
  it('is what a descriptor says, or the entry point and r12', () => {
    const { state, memory, space } = machine()
    space.view.setBigUint64(0x20_0100, 0x1_0000n, false)
    space.view.setBigUint64(0x20_0108, 0x1_8000n, false)
    const of = (arch: Arch, elfFlags: number) =>
      arch.programStart({ ...memory, model: arch.model, elfFlags }, 0x20_0100, 0x10)
    expect(of(ppc64, 1)).toEqual({ pc: 0x1_0010, toc: 0x1_8010 })
    expect([ppc64.descriptorSize(0), ppc64.descriptorSize(2)]).toEqual([16, 0])
    ppc64le.startProgram(state, of(ppc64le, 2), 0x20_f000)
    expect(state.getU32(COMMON_STATE.mode)).toBe(MODE_PPC64LE)
    expect([1, 2, 12].map((n) => state.getNumber(gprPlace(n)))).toEqual([0x20_f000, 0, 0x20_0100])
  })
})

const INPUT: SignalFrameInput = {
  info: sigInfo(10, -6, { pid: 3, uid: 4 }),
  handler: 0x20_0200,
  flags: SA_SIGINFO,
  restorer: 0,
  maskLo: 0x11,
  maskHi: 0x22,
  altStackAddr: 0x40_0000,
  altStackSize: 8192,
  altStackFlags: 0,
  onAltStack: false,
}

/** Every register different. */
function fillRegisters(state: StateBlock, isWide: boolean): void {
  for (let i = 0; i < 32; i++)
    state.setU64(gprPlace(i), BigInt(i) * (isWide ? 0x0101_0101_0101_0101n : 0x0101_0101n))
  for (let i = 0; i < 64; i++) {
    state.setU64(vsrPlace(i), 0xa000_0000_0000_0000n | BigInt(i))
    state.setU64(vsrPlace(i) + 8, 0xb000_0000_0000_0000n | BigInt(i))
  }
  state.setNumber(gprPlace(1), 0x20_e000)
  state.setNumber(PPC_STATE.pc, 0x20_1234 & ~3)
  state.setNumber(PPC_STATE.lr, 0x20_5678)
  state.setNumber(PPC_STATE.ctr, 0x20_9abc)
  writeCr(state, 0x1234_5678)
  writeXer(state, 0xa000_0055)
  state.setU32(PPC_STATE.fpscr, 0x5)
  state.setU32(PPC_STATE.vscr, 0x1_0001)
  state.setU32(PPC_STATE.vrsave, 0xdead_beef)
}

const snapshot = (state: StateBlock): unknown => ({
  registers: Array.from({ length: 32 }, (_, i) => state.getU64(gprPlace(i))),
  vectors: Array.from({ length: 128 }, (_, i) => state.getU64(vsrPlace(0) + 8 * i)),
  others: [PPC_STATE.pc, PPC_STATE.lr, PPC_STATE.ctr].map((place) => state.getU64(place)),
  words: [PPC_STATE.fpscr, PPC_STATE.vscr, PPC_STATE.vrsave].map((place) => state.getU32(place)),
  cr: readCr(state),
  xer: readXer(state),
})

describe.each([
  [ppc, true],
  [ppc, false],
  [ppc64, true],
  [ppc64le, true],
] as const)('the signal frame of %#', (arch, isRt) => {
  const recorded = recordedOf(arch)
  const { model } = arch
  const { littleEndian, wordSize } = model
  const at = (member: string): number => recorded[`struct ${member}`]!

  it('has each register where the headers say, and gives all of them back', () => {
    const made = machine()
    const { state, space } = made
    const memory = { ...made.memory, model, elfFlags: arch === ppc64 ? 1 : 2 }
    fillRegisters(state, arch.bits === 64)
    // A descriptor, for the ABI that has them.
    space.view.setBigUint64(INPUT.handler, 0x20_0300n, littleEndian)
    space.view.setBigUint64(INPUT.handler + 8, 0x20_8000n, littleEndian)
    const before = snapshot(state)
    expect(arch.pushSignalFrame(state, memory, { ...INPUT, flags: isRt ? SA_SIGINFO : 0 })).toBe(true)
    const { view } = space
    const word = (place: number): number =>
      wordSize === 8 ? Number(view.getBigUint64(place, littleEndian)) : view.getUint32(place, littleEndian)
    const r = (n: number): number => state.getNumber(gprPlace(n))
    expect(r(1) % 16).toBe(0)
    expect(word(r(1))).toBe(0x20_e000)
    expect(r(3)).toBe(10)
    expect(state.getU32(PPC_STATE.fpscr)).toBe(0)
    expect(state.getNumber(PPC_STATE.pc)).toBe(arch === ppc64 ? 0x20_0300 : INPUT.handler)
    if (arch === ppc64) expect(r(2)).toBe(0x20_8000)
    if (arch === ppc64le) expect(r(12)).toBe(INPUT.handler)
    let registers: number
    if (!isRt) {
      expect(r(4)).toBe(r(1) + 64)
      expect(view.getUint32(r(4) + at('sigcontext.oldmask'))).toBe(0x11)
      expect(view.getUint32(r(4) + at('sigcontext.signal'))).toBe(10)
      registers = word(r(4) + at('sigcontext.regs'))
    } else {
      const uc = r(5)
      expect(word(uc + at('ucontext.uc_stack'))).toBe(INPUT.altStackAddr)
      expect(view.getUint32(r(4), littleEndian)).toBe(10)
      const mask = uc + at('ucontext.uc_sigmask')
      expect([view.getUint32(mask, littleEndian), view.getUint32(mask + 4, littleEndian)]).toEqual(
        arch === ppc64 ? [0x22, 0x11] : [0x11, 0x22],
      )
      const context = uc + at('ucontext.uc_mcontext')
      registers = arch.bits === 32 ? word(uc + at('ucontext.uc_regs')) : word(context + at('sigcontext.regs'))
      expect(registers).toBe(context + (arch.bits === 32 ? 0 : at('sigcontext.gp_regs')))
      if (arch.bits === 64) {
        const vectors = word(context + at('sigcontext.v_regs'))
        expect(vectors % 16).toBe(0)
        expect(view.getBigUint64(vectors + (littleEndian ? 8 : 0), littleEndian)).toBe(0xa000_0000_0000_0020n)
        expect(view.getBigUint64(context + at('sigcontext.fp_regs') + 8, littleEndian)).toBe(
          0xa000_0000_0000_0001n,
        )
      } else expect(view.getBigUint64(context + at('mcontext.mc_vregs'))).toBe(0xa000_0000_0000_0020n)
    }
    expect(word(registers + recorded.PT_NIP! * wordSize)).toBe(0x20_1234)
    expect(word(registers + recorded.PT_LNK! * wordSize)).toBe(0x20_5678)
    expect(word(registers + recorded.PT_CCR! * wordSize)).toBe(0x1234_5678)
    expect(word(registers + 1 * wordSize)).toBe(0x20_e000)

    const trampoline = arch.bits === 64 ? VDSO_SIGTRAMP_RT64 : isRt ? VDSO_SIGTRAMP_RT32 : VDSO_SIGTRAMP32
    expect(state.getNumber(PPC_STATE.lr)).toBe(memory.vdso + trampoline)
    // What the trampoline does before its system call.
    if (arch.bits === 64) state.setNumber(gprPlace(1), r(1) + 128)
    for (let i = 2; i < 32; i++) state.setU64(gprPlace(i), 0n)
    for (let i = 0; i < 128; i++) state.setU64(vsrPlace(0) + 8 * i, 1n)
    const output = arch.popSignalFrame(state, memory, isRt)
    expect(output).toMatchObject({ maskLo: 0x11, maskHi: 0x22 })
    if (arch.bits === 64) expect(snapshot(state)).toEqual(before)
    else {
      // A 7447 has no halves beside the floating-point registers.
      expect({ ...(snapshot(state) as object), vectors: 0 }).toEqual({ ...(before as object), vectors: 0 })
    }
  })
})
