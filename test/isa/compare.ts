/** Differences between what two CPUs made of a case. */

import { FLAGS_AT, FX_AT } from './layout.ts'
import type { Result } from './native.ts'
import { readException, readSelectors } from './segments.ts'

const GPR = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
]
const FLAG_NAMES: [number, string][] = [
  [1, 'CF'],
  [4, 'PF'],
  [16, 'AF'],
  [64, 'ZF'],
  [128, 'SF'],
  [1024, 'DF'],
  [2048, 'OF'],
]

/** The least normal single, and a hair: where approximations turn to zero. */
const NEARLY_ZERO = 1.176e-38

export interface Tolerance {
  /** Flags the manual leaves undefined. */
  undefinedFlags: number
  /** Compare the sticky exception flags of MXCSR. */
  stickyFlags: boolean
  /** Relative difference allowed in xmm registers as singles. */
  relative: number
  /** Two operands in memory may fault, in either order (REP CMPS). */
  eitherFault: boolean
  /** Compare selectors, and the codes of exceptions. */
  segments: boolean
  /** x87 results may be off by this many units in the last place. */
  x87Ulps: number
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const hex = (x: bigint | number): string => `0x${x.toString(16)}`

const SIGBUS = 7,
  SIGSEGV = 11
const isFault = ({ signal }: Result): boolean => signal === SIGBUS || signal === SIGSEGV

/** One line for each difference. */
export function differences(native: Result, ours: Result, tolerance: Tolerance): string[] {
  const found: string[] = []
  const check = (name: string, a: bigint | number, b: bigint | number): void => {
    if (a !== b) found.push(`${name}: ${hex(a)} native, ${hex(b)} ours`)
  }
  if (tolerance.eitherFault && tolerance.segments && isFault(native) && isFault(ours)) return []
  check('signal', native.signal, ours.signal)
  if (native.signal !== ours.signal)
    return [...found, `native si_code ${native.signalCode} at ${hex(native.rip)}, ours at ${hex(ours.rip)}`]
  check('rip', native.rip, ours.rip)
  check('si_code', native.signalCode, ours.signalCode)
  if (!tolerance.eitherFault) check('si_addr', native.signalAddress, ours.signalAddress)
  const a = view(native.state)
  const b = view(ours.state)
  for (let k = 0; k < 16; k++) check(GPR[k]!, a.getBigUint64(8 * k, true), b.getBigUint64(8 * k, true))
  const changed = (a.getUint32(FLAGS_AT, true) ^ b.getUint32(FLAGS_AT, true)) & ~tolerance.undefinedFlags
  for (const [bit, name] of FLAG_NAMES)
    if (changed & bit) found.push(`${name}: ${a.getUint32(FLAGS_AT, true) & bit ? 1 : 0} native`)
  compareFloat(a, b, tolerance, check)
  if (tolerance.segments) compareSegments(a, b, check)
  const was = new Map(native.changes)
  const is = new Map(ours.changes)
  for (const [at, value] of was)
    if (is.get(at) !== value)
      found.push(
        `memory +${hex(at)}: ${hex(value)} native, ${is.has(at) ? hex(is.get(at)!) : 'unchanged'} ours`,
      )
  for (const [at, value] of is)
    if (!was.has(at)) found.push(`memory +${hex(at)}: unchanged native, ${hex(value)} ours`)
  return found
}

type Check = (name: string, a: bigint | number, b: bigint | number) => void

const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs']
/** Exceptions whose error code the CPU's exit tells: #BP to #UD, #NP, #SS and #GP. */
const isTold = (vector: number): boolean => (vector >= 3 && vector <= 6) || (vector >= 11 && vector <= 13)

function compareSegments(a: DataView, b: DataView, check: Check): void {
  const ours = readSelectors(b)!
  // An IRET to user mode, which is between the case and its result, makes each null selector 0.
  const kept = (selector: number): number => (selector < 4 ? 0 : selector)
  for (const [k, selector] of readSelectors(a)!.entries())
    check(SEGMENT_NAMES[k]!, kept(selector), kept(ours[k]!))
  const was = readException(a)
  if (!isTold(was.vector)) return
  check('vector', was.vector, readException(b).vector)
  check('error code', was.error, readException(b).error)
}

function compareFloat(a: DataView, b: DataView, tolerance: Tolerance, check: Check): void {
  check('fcw', a.getUint16(FX_AT, true), b.getUint16(FX_AT, true))
  // Whether an inexact function was rounded up (C1) depends on how it was computed.
  const statusMask = tolerance.x87Ulps > 0 ? 0xfdff : 0xffff
  check('fsw', a.getUint16(FX_AT + 2, true) & statusMask, b.getUint16(FX_AT + 2, true) & statusMask)
  check('ftw', a.getUint8(FX_AT + 4), b.getUint8(FX_AT + 4))
  const mask = tolerance.stickyFlags ? 0xffff : 0xffc0
  check('mxcsr', a.getUint32(FX_AT + 24, true) & mask, b.getUint32(FX_AT + 24, true) & mask)
  for (let k = 0; k < 8; k++) {
    const at = FX_AT + 32 + 16 * k
    const x = (BigInt(a.getUint16(at + 8, true)) << 64n) | a.getBigUint64(at, true)
    const y = (BigInt(b.getUint16(at + 8, true)) << 64n) | b.getBigUint64(at, true)
    const distance = x > y ? x - y : y - x
    if (distance > BigInt(tolerance.x87Ulps)) check(`st${k}`, x, y)
  }
  for (let k = 0; k < 16; k++) {
    const at = FX_AT + 160 + 16 * k
    if (tolerance.relative > 0 && closeVectors(a, b, at, tolerance.relative)) continue
    const x = (a.getBigUint64(at + 8, true) << 64n) | a.getBigUint64(at, true)
    const y = (b.getBigUint64(at + 8, true) << 64n) | b.getBigUint64(at, true)
    check(`xmm${k}`, x, y)
  }
}

function closeVectors(a: DataView, b: DataView, at: number, relative: number): boolean {
  for (let lane = 0; lane < 16; lane += 4) {
    if (a.getUint32(at + lane, true) === b.getUint32(at + lane, true)) continue
    const x = a.getFloat32(at + lane, true)
    const y = b.getFloat32(at + lane, true)
    if (Math.max(Math.abs(x), Math.abs(y)) < NEARLY_ZERO) continue
    if (!(Math.abs(x - y) <= relative * Math.abs(x))) return false
  }
  return true
}
