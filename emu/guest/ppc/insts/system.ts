/** Special registers, storage control and synchronisation: Power ISA, Book I, 3.3.17; Book II, chapters 4 and 6. */

import { COMMON_STATE } from '../../../memory/state-block.ts'
import { EXIT_ILLEGAL } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { HELPER_TIME_BASE } from '../helper-ids.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { V_CA, V_CTR, V_LR, V_OV, V_SO } from '../variables.ts'

const SPR_XER = 1,
  SPR_DSCR_USER = 3,
  SPR_LR = 8,
  SPR_CTR = 9,
  SPR_VRSAVE = 256,
  SPR_TB = 268,
  SPR_TBU = 269,
  SPR_PVR = 287,
  SPR_TAR = 815
/** The processors that AT_PLATFORM names: a 7447A, and POWER8. */
const PVR_32 = 0x8003_0101
const PVR_64 = 0x004d_0200
/** What ILL_* Linux tells of an instruction that is not there, and of one that is the kernel's. */
const ILL_ILLOPC = 1
const ILL_PRVREG = 6

/** Instructions that say nothing to a program here: order of accesses, caches. */
const nothing: Translate = () => {}

function illegal(t: Translator, i: Insn, code: number): void {
  t.ir.stateStore(32, COMMON_STATE.exitCode, t.ir.i32(code))
  t.ir.exit(EXIT_ILLEGAL, i.pc)
}

const mfspr: Translate = (t, i) => {
  const { ir } = t
  switch (i.spr) {
    case SPR_XER: {
      const bit = (variable: number, place: number) => ir.op2('i32.shl', ir.get(variable), ir.i32(place))
      const flags = ir.op2('i32.or', ir.op2('i32.or', bit(V_SO, 31), bit(V_OV, 30)), bit(V_CA, 29))
      t.setGpr32(i.rt, ir.op2('i32.or', flags, ir.stateLoad(32, PPC_STATE.xerCount)))
      return
    }
    case SPR_LR:
      ir.set(i.rt, ir.get(V_LR))
      return
    case SPR_CTR:
      ir.set(i.rt, ir.get(V_CTR))
      return
    case SPR_VRSAVE:
      t.setGpr32(i.rt, ir.stateLoad(32, PPC_STATE.vrsave))
      return
    case SPR_TAR:
      if (t.bits === 64) ir.set(i.rt, ir.stateLoad(64, PPC_STATE.tar))
      else illegal(t, i, ILL_ILLOPC)
      return
    case SPR_DSCR_USER:
      t.setGpr(i.rt, t.constant(0))
      return
    case SPR_TB:
    case SPR_TBU:
      timeBase(t, i)
      return
    // It is the kernel's, and Linux lets programs read it.
    case SPR_PVR:
      t.setGpr(i.rt, t.bits === 64 ? t.constant(PVR_64) : t.ir.i32(PVR_32 | 0))
      return
    default:
      illegal(t, i, i.spr & 0x10 ? ILL_PRVREG : ILL_ILLOPC)
  }
}

const mtspr: Translate = (t, i) => {
  const { ir } = t
  switch (i.spr) {
    case SPR_XER: {
      const value = t.gpr32(i.rt)
      const bit = (place: number) => ir.op2('i32.and', ir.op2('i32.shr_u', value, ir.i32(place)), ir.i32(1))
      ir.stateStore(32, PPC_STATE.xerCount, ir.op2('i32.and', value, ir.i32(0x7f)))
      ir.set(V_SO, bit(31))
      ir.set(V_OV, bit(30))
      ir.set(V_CA, bit(29))
      return
    }
    case SPR_LR:
      ir.set(V_LR, ir.get(i.rt))
      return
    case SPR_CTR:
      ir.set(V_CTR, ir.get(i.rt))
      return
    case SPR_VRSAVE:
      ir.stateStore(32, PPC_STATE.vrsave, t.gpr32(i.rt))
      return
    case SPR_TAR:
      if (t.bits === 64) ir.stateStore(64, PPC_STATE.tar, ir.get(i.rt))
      else illegal(t, i, ILL_ILLOPC)
      return
    case SPR_DSCR_USER:
      return
    default:
      illegal(t, i, i.spr & 0x10 ? ILL_PRVREG : ILL_ILLOPC)
  }
}

/** The time base, or its upper half, counts its own uses: a clock that is the same in every run. */
function timeBase(t: Translator, i: Insn): void {
  t.callHelper(i, HELPER_TIME_BASE, i.rt | (i.spr === SPR_TBU ? 0x20 : 0) | (t.bits === 32 ? 0x40 : 0))
}

/** DCBZ: a block of zeros. */
const dcbz: Translate = (t, i) => {
  const { ir } = t
  const sizeBytes = t.bits === 64 ? 128 : 32
  const base = ir.op2('i64.and', t.indexed(i.ra, i.rb), ir.i64(-sizeBytes))
  ir.checkStore(base, 0, sizeBytes)
  const zero = ir.v128(new Array<number>(16).fill(0))
  for (let at = 0; at < sizeBytes; at += 16) ir.store(128, base, at, zero)
}

/** What is written back or forgotten is touched as by a load, and faults so. */
const touch: Translate = (t, i) => {
  t.load('u8', t.indexed(i.ra, i.rb), 0)
}

/** Where in the block the fault is told to be differs. */
const WHOLE_BLOCK: RowOptions = { qemuDiffers: 'Book III-S 7.5.3: the address of the fault' }

/** A block of a cache: nothing more happens to it here. */
const cache = (name: string, opcode: number, translate: Translate, options: RowOptions = {}): Row =>
  row(name, `X 31 ${opcode}`, 'RA RB', translate, options)

export const SYSTEM: readonly Row[] = [
  row('mfspr', 'XFX 31 339', 'RT SPR', mfspr, { untested: 'tested by hand for each register' }),
  row('mtspr', 'XFX 31 467', 'RS SPR', mtspr, { untested: 'tested by hand for each register' }),
  row('mftb', 'XFX 31 371', 'RT SPR', timeBase, { untested: 'a clock' }),
  row('sync', 'X 31 598', '', nothing),
  row('eieio', 'X 31 854', '', nothing),
  row('isync', 'XL 19 150', '', nothing),
  row('wait', 'X 31 62', '', nothing, { untested: 'it waits for an interrupt' }),
  cache('dcbt', 278, nothing),
  cache('dcbtst', 246, nothing),
  cache('dcbst', 54, touch, WHOLE_BLOCK),
  cache('dcbf', 86, touch, WHOLE_BLOCK),
  cache('icbi', 982, touch, WHOLE_BLOCK),
  cache('icbt', 22, nothing, { bits: 64, untested: 'qemu has none on a POWER8' }),
  row('dcbz', 'X 31 1014', 'RA RB', dcbz),
]
