/**
 * siginfo_t for any ISA: three ints, then, aligned as a pointer, what the signal's kind has. <asm-generic/siginfo.h>.
 * Path: signal frames, and the calls that give or take one.
 */

import {
  CLD_EXITED,
  SI_TIMER,
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGSYS,
  SIGTRAP,
  type SigInfo,
  sigInfo,
} from './signal.ts'
import { type DataModel, getInteger, putInteger } from './struct.ts'

export const SIGINFO_SIZE = 128
const FAULTS = new Set([SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP])

/** Where the union begins: pid and uid, or what a fault was about. */
const unionOf = ({ wordSize }: DataModel): number => (wordSize === 8 ? 16 : 12)

/** Fills the 128 bytes at an address already checked. `auditArch` is told of refused calls. */
export function writeSigInfo(
  view: DataView,
  at: number,
  info: SigInfo,
  model: DataModel,
  auditArch: number,
): void {
  const { littleEndian } = model
  for (let i = 0; i < SIGINFO_SIZE; i += 4) view.setInt32(at + i, 0, littleEndian)
  view.setInt32(at, info.signo, littleEndian)
  view.setInt32(at + 4, info.errno, littleEndian)
  view.setInt32(at + 8, info.code, littleEndian)
  const first = at + unionOf(model)
  const { wordSize } = model
  if (FAULTS.has(info.signo) && info.code > 0) putInteger(view, first, wordSize, info.addr, model)
  else if (info.signo === SIGCHLD && info.code >= CLD_EXITED) {
    view.setInt32(first, info.pid, littleEndian)
    view.setUint32(first + 4, info.uid, littleEndian)
    view.setInt32(first + 8, info.status, littleEndian)
  } else if (info.signo === SIGSYS && info.code > 0) {
    putInteger(view, first, wordSize, info.addr, model)
    view.setInt32(first + wordSize, info.status, littleEndian)
    view.setUint32(first + wordSize + 4, auditArch, littleEndian)
  } else {
    const isTimer = info.code === SI_TIMER
    view.setInt32(first, isTimer ? info.timerId : info.pid, littleEndian)
    view.setUint32(first + 4, isTimer ? info.overrun : info.uid, littleEndian)
    if (info.code < 0) putSigval(view, first + 8, info.value, model)
  }
}

/** The siginfo that a program made itself. */
export function readSigInfo(view: DataView, at: number, model: DataModel): SigInfo {
  const first = at + unionOf(model)
  const { littleEndian } = model
  return sigInfo(view.getInt32(at, littleEndian), view.getInt32(at + 8, littleEndian), {
    errno: view.getInt32(at + 4, littleEndian),
    pid: view.getInt32(first, littleEndian),
    uid: view.getUint32(first + 4, littleEndian),
    status: view.getInt32(first + 8, littleEndian),
    addr: getInteger(view, first, model.wordSize, false, model),
    value: getSigval(view, first + 8, model),
  })
}

/** struct sigevent: how a program wants to be told; 64 bytes, of which these are used. */
export interface SigEvent {
  readonly value: bigint
  readonly signo: number
  readonly notify: number
  readonly tid: number
}

export const SIGEVENT_SIZE = 64

export function readSigEvent(view: DataView, at: number, model: DataModel): SigEvent {
  const { wordSize, littleEndian } = model
  const [signo, notify, tid] = [0, 4, 8].map((offset) => view.getInt32(at + wordSize + offset, littleEndian))
  return { value: getSigval(view, at, model), signo: signo!, notify: notify!, tid: tid! }
}

/** A sigval is a pointer or an int: all its bits count. */
const getSigval = (view: DataView, at: number, { wordSize, littleEndian }: DataModel): bigint =>
  wordSize === 8 ? view.getBigUint64(at, littleEndian) : BigInt(view.getUint32(at, littleEndian))

function putSigval(view: DataView, at: number, value: bigint, model: DataModel): void {
  const { wordSize, littleEndian } = model
  if (wordSize === 8) view.setBigUint64(at, value, littleEndian)
  else view.setUint32(at, Number(value & 0xffff_ffffn), littleEndian)
}
