/**
 * struct user_desc, by which programs describe segments, and the descriptor the CPU has for it: <asm/ldt.h>,
 * set_thread_area(2), modify_ldt(2). Linux arch/x86/include/asm/desc.h (fill_ldt), kernel/tls.c.
 * Path: sys/segments.ts, and clone(2) of 32-bit programs.
 */

import {
  GDT_TLS_COUNT,
  GDT_TLS_MIN,
  reloadSegments,
  setTlsDescriptor,
} from '../../../emu/guest/x86/segments.ts'
import type { AddressSpace } from '../../../emu/memory/address-space.ts'
import { struct, type Values } from '../struct.ts'

export const USER_DESC = struct({ entryNumber: 's32', base: 'u32', limit: 'u32', flags: 'u32' })
export type UserDesc = Values<typeof USER_DESC>

const SEG_32BIT = 1
const CONTENTS_SHIFT = 1
const READ_EXEC_ONLY = 8
const LIMIT_IN_PAGES = 0x10
const SEG_NOT_PRESENT = 0x20
const USEABLE = 0x40

// A descriptor's upper half.
const ACCESSED = 0x100
const WRITABLE = 0x200
const CONTENTS_PLACE = 10
const USER_SEGMENT = 0x7000
const PRESENT = 0x8000
const AVAILABLE = 0x10_0000
const DEFAULT_32 = 0x40_0000
const GRANULAR = 0x80_0000

export const contentsOf = ({ flags }: UserDesc): number => (flags >> CONTENTS_SHIFT) & 3
export const is32Bit = ({ flags }: UserDesc): boolean => (flags & SEG_32BIT) !== 0
export const isNotPresent = ({ flags }: UserDesc): boolean => (flags & SEG_NOT_PRESENT) !== 0
/** The way programs write that a descriptor is to be cleared. */
export const isEmptyDesc = ({ base, limit, flags }: UserDesc): boolean =>
  base === 0 && limit === 0 && (flags & 0x7f) === (READ_EXEC_ONLY | SEG_NOT_PRESENT)
const isZeroDesc = ({ base, limit, flags }: UserDesc): boolean =>
  base === 0 && limit === 0 && (flags & 0x7f) === 0

/** Whether it may be a thread's own: 32-bit data that is there, or nothing. */
export const isThreadDesc = (desc: UserDesc): boolean =>
  isEmptyDesc(desc) || isZeroDesc(desc) || (is32Bit(desc) && contentsOf(desc) <= 1 && !isNotPresent(desc))

/** Whether an entry of the GDT is a thread's own. */
export const isThreadEntry = (entryNumber: number): boolean =>
  entryNumber >= GDT_TLS_MIN && entryNumber < GDT_TLS_MIN + GDT_TLS_COUNT

/** Sets the running thread's own entry that the descriptor names, also where it is loaded. */
export function setThreadDesc(space: AddressSpace, desc: UserDesc): void {
  setTlsDescriptor(space, desc.entryNumber - GDT_TLS_MIN, ...threadDescriptor(desc))
  reloadSegments(space, (selector) => selector === desc.entryNumber * 8 + 3)
}

/** As the CPU has it. Both ways of saying "nothing" are zeros in the GDT. */
function threadDescriptor(desc: UserDesc): readonly [low: number, high: number] {
  return isEmptyDesc(desc) || isZeroDesc(desc) ? [0, 0] : descriptorOf(desc, true)
}

/** `keepsUseable`: not in modify_ldt's old form. */
export function descriptorOf(desc: UserDesc, keepsUseable: boolean): readonly [low: number, high: number] {
  const { base, limit, flags } = desc
  const low = ((base & 0xffff) << 16) | (limit & 0xffff)
  let high = (base & 0xff00_0000) | ((base >>> 16) & 0xff) | (limit & 0xf_0000)
  high |= USER_SEGMENT | ACCESSED | (contentsOf(desc) << CONTENTS_PLACE)
  if (!(flags & READ_EXEC_ONLY)) high |= WRITABLE
  if (!(flags & SEG_NOT_PRESENT)) high |= PRESENT
  if (flags & USEABLE && keepsUseable) high |= AVAILABLE
  if (flags & SEG_32BIT) high |= DEFAULT_32
  if (flags & LIMIT_IN_PAGES) high |= GRANULAR
  return [low >>> 0, high >>> 0]
}

/** What get_thread_area(2) tells of a descriptor. */
export function userDescOf(entryNumber: number, low: number, high: number): UserDesc {
  let flags = ((high >> CONTENTS_PLACE) & 3) << CONTENTS_SHIFT
  if (high & DEFAULT_32) flags |= SEG_32BIT
  if (!(high & WRITABLE)) flags |= READ_EXEC_ONLY
  if (high & GRANULAR) flags |= LIMIT_IN_PAGES
  if (!(high & PRESENT)) flags |= SEG_NOT_PRESENT
  if (high & AVAILABLE) flags |= USEABLE
  return {
    entryNumber,
    base: ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000)) >>> 0,
    limit: (low & 0xffff) | (high & 0xf_0000),
    flags,
  }
}
