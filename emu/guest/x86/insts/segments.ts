/**
 * Segment registers, far transfers, descriptors, and the system instructions that user mode must not execute: Intel SDM
 * vol. 1, 5.1.9 and 5.20. What loads a segment register is executed by the interpreter alone, and nothing of its region
 * follows: the segments decide how the rest is to be executed.
 */

import type { Value } from '../../../ir/region.ts'
import {
  EXIT_PROTECTION,
  EXIT_SLOW,
  EXIT_SYSCALL,
  EXIT_UNDEFINED,
  SYSCALL_SYSENTER,
} from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { FAR_CALL, FAR_INTERRUPT_RETURN, FAR_JUMP, FAR_RETURN, packFar } from '../far-transfer.ts'
import { ZF } from '../flags.ts'
import { HELPER_DESCRIPTOR, HELPER_FAR, HELPER_SEGMENT_LOAD } from '../helper-ids.ts'
import { type Mode, type Row, row } from '../row.ts'
import {
  DESCRIPTOR_LIMIT,
  DESCRIPTOR_READABLE,
  DESCRIPTOR_RIGHTS,
  DESCRIPTOR_WRITABLE,
} from '../segment-helpers.ts'
import { CS, DS, ES, FS, GS, SS, X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'

type Translate = (t: Translator, i: Insn) => void

const { scratch } = X86_STATE
const only32 = { mode: 32 } as const
const ends = { flow: 'exit' } as const

const leaveWith =
  (kind: number): Translate =>
  (t, i) =>
    t.ir.exit(kind, i.pc)

/** The selector in a segment register. */
const selector = ({ ir }: Translator, segment: number): Value =>
  ir.op2('i32.and', ir.stateLoad(32, X86_STATE.selectors + 2 * segment), ir.i32(0xffff))

/** Only the interpreter goes on. */
const exactly =
  (translate: Translate): Translate =>
  (t, i) => {
    if (t.ir.options.exactChecks) translate(t, i)
    else t.ir.exit(EXIT_SLOW, i.pc)
  }

/** Loads a segment register, then does `after`. */
function load(t: Translator, i: Insn, segment: number, value: Value, after: () => void): void {
  const { ir } = t
  ir.stateStore(32, scratch, value)
  t.callHelperWithin(HELPER_SEGMENT_LOAD, segment)
  after()
  ir.goto(i.nextPc)
}

// ---- segment registers

/** A value of 16 bits where there is room for more: memory gets 16 bits, a register as many as the operand has. */
function writeWord(t: Translator, i: Insn, value: Value): void {
  const size = i.size as 16 | Mode
  if (i.isMemory) t.storeMemory(i, 16, value)
  else t.setRegister(i, i.rm, size, t.ofSize(size, t.truncate(size, value)))
}

const movFromSegment: Translate = (t, i) => {
  const segment = i.reg & 7
  if (segment > GS) t.ir.exit(EXIT_UNDEFINED, i.pc)
  else writeWord(t, i, selector(t, segment))
}

const movToSegment = exactly((t, i) => {
  const segment = i.reg & 7
  if (segment > GS || segment === CS) t.ir.exit(EXIT_UNDEFINED, i.pc)
  else load(t, i, segment, t.read(i, 0), () => {})
})

const push =
  (segment: number): Translate =>
  (t, i) => {
    const size = i.size as 16 | Mode
    t.storeStack(size, t.ofSize(size, selector(t, segment)))
    t.moveStack(-size / 8)
  }

const pop = (segment: number): Translate =>
  exactly((t, i) => {
    const size = i.size as 16 | Mode
    const value = t.fromI64(16, t.toI64(size, t.loadStack(size), false))
    load(t, i, segment, value, () => t.moveStack(size / 8))
  })

/** The offset's size in a far pointer in memory: on AMD's CPUs REX.W does not make it wider. */
const farSize = (i: Insn): 16 | 32 => (i.size === 16 ? 16 : 32)

/** LES, LDS, LSS, LFS, LGS: a far pointer into a segment register and a general one. */
const loadFar = (segment: number): Translate =>
  exactly((t, i) => {
    const { ir } = t
    const size = farSize(i)
    const offset = t.loadMemory(i, size === 16 ? 'u16' : size)
    const value = t.loadMemory(i, 'u16', size / 8)
    ir.stateStore(64, scratch + 8, t.toI64(size, offset, false))
    load(t, i, segment, value, () =>
      t.setRegister(i, i.reg, size, t.fromI64(size, ir.stateLoad(64, scratch + 8))),
    )
  })

// ---- far transfers

function transfer(t: Translator, i: Insn, kind: number, sizeBits: number, dropped: number): void {
  const { ir } = t
  t.countTransfer()
  t.callHelperWithin(HELPER_FAR, packFar(kind, sizeBits / 8, i.length, dropped))
  ir.gotoValue(ir.stateLoad(64, scratch))
}

/** To a pointer in the instruction. */
const farDirect = (kind: number): Translate =>
  exactly((t, i) => {
    const { ir } = t
    ir.stateStore(64, scratch, ir.i64Halves(i.size === 16 ? i.imm & 0xffff : i.imm, 0))
    ir.stateStore(32, scratch + 8, ir.i32(i.imm2))
    transfer(t, i, kind, i.size, 0)
  })

const farIndirect = (kind: number): Translate =>
  exactly((t, i) => {
    const { ir } = t
    const size = farSize(i)
    const offset = t.loadMemory(i, size === 16 ? 'u16' : size)
    const value = t.loadMemory(i, 'u16', size / 8)
    ir.stateStore(64, scratch, t.toI64(size, offset, false))
    ir.stateStore(32, scratch + 8, value)
    transfer(t, i, kind, i.size, 0)
  })

const farReturn = exactly((t, i) =>
  transfer(t, i, FAR_RETURN, i.size, i.row!.operands.length > 0 ? i.imm & 0xffff : 0),
)
const interruptReturn = exactly((t, i) => transfer(t, i, FAR_INTERRUPT_RETURN, i.size, 0))

// ---- descriptors

/** LAR and LSL: ZF says whether there is a result. */
const describe =
  (wanted: number): Translate =>
  (t, i) => {
    const { ir } = t
    const size = i.size as 16 | Mode
    const bits = ir.op2('i32.and', t.flags.bits(), ir.i32(~ZF))
    const found = ir.helper(HELPER_DESCRIPTOR, ir.i32(wanted), t.read(i, 1))
    const value = ir.op1('i64.extend_i32_u', ir.stateLoad(32, scratch))
    const before = ir.get(i.reg)
    const kept = size === 16 ? ir.op2('i64.and', before, ir.i64(-0x10000)) : -1
    const after = kept < 0 ? value : ir.op2('i64.or', kept, ir.op2('i64.and', value, ir.i64(0xffff)))
    ir.set(i.reg, ir.op3('select.i64', after, before, found))
    t.flags.setBits(ir.op2('i32.or', bits, ir.op2('i32.shl', found, ir.i32(Math.log2(ZF)))))
  }

/** VERR and VERW. */
const verify =
  (wanted: number): Translate =>
  (t, i) => {
    const { ir } = t
    const bits = ir.op2('i32.and', t.flags.bits(), ir.i32(~ZF))
    const found = ir.helper(HELPER_DESCRIPTOR, ir.i32(wanted), t.read(i, 0))
    t.flags.setBits(ir.op2('i32.or', bits, ir.op2('i32.shl', found, ir.i32(Math.log2(ZF)))))
  }

// ---- what Linux answers in the CPU's place (UMIP, arch/x86/kernel/umip.c)

const GDT_BASE_LOW = 0xfffe_0000
const IDT_BASE_LOW = 0xffff_0000
const CR0 = 0x8005_0033
const TSS_SELECTOR = 0x40
const LDT_SELECTOR = 0x50

/** A value that Linux stores: in 64-bit mode a 32-bit register keeps its upper half. */
function writeAnswer(t: Translator, i: Insn, value: Value): void {
  const { ir } = t
  if (i.isMemory || i.size !== 32) {
    writeWord(t, i, value)
    return
  }
  const kept = ir.op2('i64.and', ir.get(i.rm), ir.i64Halves(0, -1))
  ir.set(i.rm, ir.op2('i64.or', kept, ir.op1('i64.extend_i32_u', value)))
}

/** SGDT and SIDT: a limit of 0, and the base. */
const storeTable =
  (baseLow: number): Translate =>
  (t, i) => {
    const { ir } = t
    t.checkMemoryStore(i, t.mode === 64 ? 10 : 6)
    t.storeMemory(i, 16, ir.i32(0))
    if (t.mode === 64) t.storeMemory(i, 64, ir.i64Halves(baseLow, -1), 2)
    else t.storeMemory(i, 32, ir.i32(baseLow), 2)
  }

const storeCr0: Translate = (t, i) => writeAnswer(t, i, t.ir.i32(CR0))
const storeTask: Translate = (t, i) => writeAnswer(t, i, t.ir.i32(TSS_SELECTOR))
const storeLdt: Translate = (t, i) => {
  const { ir } = t
  const isThere = ir.op2('i32.ne', ir.stateLoad(32, X86_STATE.ldtCount), ir.i32(0))
  writeAnswer(t, i, ir.op2('i32.mul', isThere, ir.i32(LDT_SELECTOR)))
}

/** Linux goes on in its vDSO, for the CPU keeps neither EIP nor ESP. */
const sysenter: Translate = (t, i) => {
  const { ir } = t
  if (t.mode === 64) {
    ir.exit(EXIT_UNDEFINED, i.pc)
    return
  }
  ir.stateStore(32, X86_STATE.exitCode, ir.i32(SYSCALL_SYSENTER))
  ir.exit(EXIT_SYSCALL, i.nextPc)
}

/** Control registers are 0, 2, 3, 4 and 8. */
const controlRegister: Translate = (t, i) =>
  t.ir.exit((0b1_0001_1101 >> i.reg) & 1 ? EXIT_PROTECTION : EXIT_UNDEFINED, i.pc)

/** Debug registers are 0 to 7. */
const debugRegister: Translate = (t, i) => t.ir.exit(i.reg < 8 ? EXIT_PROTECTION : EXIT_UNDEFINED, i.pc)

/** Among what a register in the place of INVLPG's operand makes of it. */
const swapgs: Translate = (t, i) =>
  t.ir.exit(t.mode === 64 && (i.rm & 7) === 0 ? EXIT_PROTECTION : EXIT_UNDEFINED, i.pc)

const privileged = (mnemonic: string, encoding: string, operands = ''): Row =>
  row(mnemonic, encoding, operands, leaveWith(EXIT_PROTECTION), ends)

const PUSHES: [string, number][] = [['06', ES], ['0e', CS], ['16', SS], ['1e', DS]] // biome-ignore format: a table
const POPS: [string, number][] = [['07', ES], ['17', SS], ['1f', DS]] // biome-ignore format: a table
const UPPER = 'the upper half differs by maker'

export const SEGMENTS: readonly Row[] = [
  row('MOV', '8c /r', 'Ev', movFromSegment),
  row('MOV', '8e /r', 'Ew', movToSegment, ends),
  ...PUSHES.map(([opcode, segment]) =>
    row('PUSH', opcode, '', push(segment), { ...only32, untested: UPPER }),
  ),
  ...POPS.map(([opcode, segment]) => row('POP', opcode, '', pop(segment), { ...only32, ...ends })),
  row('PUSH', '0F a0', '', push(FS), { default64: true, untested: UPPER }),
  row('PUSH', '0F a8', '', push(GS), { default64: true, untested: UPPER }),
  row('POP', '0F a1', '', pop(FS), { default64: true, ...ends }),
  row('POP', '0F a9', '', pop(GS), { default64: true, ...ends }),
  row('LES', 'c4 /r m', 'Gv M', loadFar(ES), { ...only32, ...ends }),
  row('LDS', 'c5 /r m', 'Gv M', loadFar(DS), { ...only32, ...ends }),
  row('LSS', '0F b2 /r m', 'Gv M', loadFar(SS), ends),
  row('LFS', '0F b4 /r m', 'Gv M', loadFar(FS), ends),
  row('LGS', '0F b5 /r m', 'Gv M', loadFar(GS), ends),
  row('CALLF', '9a', 'Fp', farDirect(FAR_CALL), { ...only32, ...ends }),
  row('JMPF', 'ea', 'Fp', farDirect(FAR_JUMP), { ...only32, ...ends }),
  row('CALLF', 'ff /3 m', 'M', farIndirect(FAR_CALL), ends),
  row('JMPF', 'ff /5 m', 'M', farIndirect(FAR_JUMP), ends),
  row('RETF', 'cb', '', farReturn, ends),
  row('RETF', 'ca', 'Iw', farReturn, ends),
  row('IRET', 'cf', '', interruptReturn, ends),
  row('LAR', '0F 02 /r', 'Gv Ew', describe(DESCRIPTOR_RIGHTS)),
  row('LSL', '0F 03 /r', 'Gv Ew', describe(DESCRIPTOR_LIMIT)),
  row('SLDT', '0F 00 /0', 'Ev', storeLdt),
  row('STR', '0F 00 /1', 'Ev', storeTask),
  privileged('LLDT', '0F 00 /2', 'Ew'),
  privileged('LTR', '0F 00 /3', 'Ew'),
  row('VERR', '0F 00 /4', 'Ew', verify(DESCRIPTOR_READABLE)),
  row('VERW', '0F 00 /5', 'Ew', verify(DESCRIPTOR_WRITABLE)),
  row('SGDT', '0F 01 /0 m', 'M', storeTable(GDT_BASE_LOW)),
  row('SIDT', '0F 01 /1 m', 'M', storeTable(IDT_BASE_LOW)),
  privileged('LGDT', '0F 01 /2 m', 'M'),
  privileged('LIDT', '0F 01 /3 m', 'M'),
  row('SMSW', '0F 01 /4', 'Ev', storeCr0),
  privileged('LMSW', '0F 01 /6', 'Ew'),
  privileged('INVLPG', '0F 01 /7 m', 'M'),
  row('SWAPGS', '0F 01 /7 r', '', swapgs, { ...ends, untested: 'one of eight instructions' }),
  privileged('CLTS', '0F 06'),
  privileged('SYSRET', '0F 07'),
  privileged('INVD', '0F 08'),
  privileged('WBINVD', '0F 09'),
  row('MOV', '0F 20 /r', 'Ey', controlRegister, ends),
  row('MOV', '0F 21 /r', 'Ey', debugRegister, ends),
  row('MOV', '0F 22 /r', 'Ey', controlRegister, ends),
  row('MOV', '0F 23 /r', 'Ey', debugRegister, ends),
  privileged('WRMSR', '0F 30'),
  privileged('RDMSR', '0F 32'),
  privileged('RDPMC', '0F 33'),
  row('SYSENTER', '0F 34', '', sysenter, { ...ends, untested: 'enters the kernel' }),
  privileged('SYSEXIT', '0F 35'),
]
