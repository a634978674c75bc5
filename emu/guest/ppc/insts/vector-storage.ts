/** Vector loads and stores, and VSCR: Power ISA, Book I, 6.7 and 6.13. */

import type { LoadKind, StoreBits, Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { elementNumbers, swapDoublewords } from '../vector/lanes.ts'

const VR = 32

/** The quadword around an address. */
const aligned = (t: Translator, address: Value): Value => t.ir.op2('i64.and', address, t.ir.i64(-16))

/** A quadword of memory as a vector register has it. */
function loadQuadword(t: Translator, address: Value): Value {
  const value = t.load(128, address, 0)
  return t.isLittle ? swapDoublewords(t.ir, value) : value
}

const lvx: Translate = (t, i) => t.setVsr(VR + i.rt, loadQuadword(t, aligned(t, t.indexed(i.ra, i.rb))))

const stvx: Translate = (t, i) => {
  const value = t.vsr(VR + i.rt)
  const ordered = t.isLittle ? swapDoublewords(t.ir, value) : value
  t.store(128, aligned(t, t.indexed(i.ra, i.rb)), 0, ordered)
}

/** The lane, in bytes, of the element that an address names. */
function laneAt(t: Translator, address: Value, sizeBytes: number): Value {
  const { ir } = t
  const place = ir.op2('i32.and', ir.op1('i32.wrap_i64', address), ir.i32(16 - sizeBytes))
  return ir.op2('i32.xor', place, ir.i32(t.isLittle ? 8 : 8 - sizeBytes))
}

/** One element; the others, which are undefined then, stay. */
const loadElement =
  (kind: LoadKind, sizeBytes: 1 | 2 | 4): Translate =>
  (t, i) => {
    const { ir } = t
    const address = t.indexed(i.ra, i.rb)
    const lane = laneAt(t, address, sizeBytes)
    const value = t.load(kind, ir.op2('i64.and', address, ir.i64(-sizeBytes)), 0)
    const shape = { 1: 'i8x16', 2: 'i16x8', 4: 'i32x4' }[sizeBytes]
    const lanes = ir.v128(Array.from({ length: 16 }, (_, k) => k & -sizeBytes))
    const mask = ir.op2('i8x16.eq', lanes, ir.op1('i8x16.splat', lane))
    const old = t.vsr(VR + i.rt)
    t.setVsr(VR + i.rt, ir.op3('v128.bitselect', ir.op1(`${shape}.splat`, value), old, mask))
  }

const storeElement =
  (bits: StoreBits, sizeBytes: 1 | 2 | 4): Translate =>
  (t, i) => {
    const { ir } = t
    const address = t.indexed(i.ra, i.rb)
    const lanes = ir.op2(
      'i8x16.add',
      ir.v128(Array.from({ length: 16 }, (_, k) => k & 3)),
      ir.op1('i8x16.splat', laneAt(t, address, sizeBytes)),
    )
    const element = ir.lane('i32x4.extract_lane', 0, ir.op2('i8x16.swizzle', t.vsr(VR + i.rt), lanes))
    t.store(bits, ir.op2('i64.and', address, ir.i64(-sizeBytes)), 0, element)
  }

/** Bytes sh, sh + 1 and on, or with `isRight` 16 - sh and on: what VPERM shifts unaligned vectors by. */
const shiftControl =
  (isRight: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const low = ir.op2('i32.and', ir.op1('i32.wrap_i64', t.indexed(i.ra, i.rb)), ir.i32(15))
    const first = isRight ? ir.op2('i32.sub', ir.i32(16), low) : low
    t.setVsr(VR + i.rt, ir.op2('i8x16.add', elementNumbers(ir), ir.op1('i8x16.splat', first)))
  }

/** VSCR is word element 3, with zeros beside it. */
const mfvscr: Translate = (t, i) => {
  const { ir } = t
  const zero = ir.v128(new Array<number>(16).fill(0))
  t.setVsr(VR + i.rt, ir.lane('i32x4.replace_lane', 2, zero, ir.stateLoad(32, PPC_STATE.vscr)))
}

/** NJ and SAT. */
const VSCR_BITS = 0x10001

const mtvscr: Translate = (t, i: Insn) => {
  const { ir } = t
  const word = ir.lane('i32x4.extract_lane', 2, t.vsr(VR + i.rb))
  ir.stateStore(32, PPC_STATE.vscr, ir.op2('i32.and', word, ir.i32(VSCR_BITS)))
}

/** Hints of data streams. */
const nothing: Translate = () => {}

const ALTIVEC: RowOptions = { feature: 'altivec' }
const load = (name: string, opcode: number, translate: Translate): Row =>
  row(name, `X 31 ${opcode}`, 'VRT RA RB', translate, ALTIVEC)
const store = (name: string, opcode: number, translate: Translate): Row =>
  row(name, `X 31 ${opcode}`, 'VRS RA RB', translate, ALTIVEC)
const stream = (name: string, opcode: number): Row =>
  row(name, `X 31 ${opcode}`, 'RA RB', nothing, { ...ALTIVEC, untested: 'POWER8 has none' })

export const VECTOR_STORAGE: readonly Row[] = [
  load('lvx', 103, lvx),
  load('lvxl', 359, lvx),
  load('lvebx', 7, loadElement('u8', 1)),
  load('lvehx', 39, loadElement('u16', 2)),
  load('lvewx', 71, loadElement(32, 4)),
  store('stvx', 231, stvx),
  store('stvxl', 487, stvx),
  store('stvebx', 135, storeElement(8, 1)),
  store('stvehx', 167, storeElement(16, 2)),
  store('stvewx', 199, storeElement(32, 4)),
  load('lvsl', 6, shiftControl(false)),
  load('lvsr', 38, shiftControl(true)),
  row('mfvscr', 'VX 4 1540', 'VRT', mfvscr, ALTIVEC),
  row('mtvscr', 'VX 4 1604', 'VRB', mtvscr, ALTIVEC),
  stream('dst', 342),
  stream('dstst', 374),
  stream('dss', 822),
]
