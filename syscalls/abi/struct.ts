/**
 * C structures by their members, laid out for the word size, alignment and byte order of an ISA: one description serves
 * all of them. Path: abi/*.ts describe; handlers read and write guest memory through Task.getStruct and putStruct.
 * Reference: the System V psABIs, "Data representation".
 */

import type { ByteOrder } from './bytes.ts'

/** How a compiler of an ISA lays out what a system call is given, and in which order. */
export interface DataModel extends ByteOrder {
  readonly name: string
  /** long, size_t, pointers. */
  readonly wordSize: 4 | 8
  /** time_t, and the fraction of a second behind it: the newer calls of 32-bit ISAs have 64 bits. */
  readonly timeSize: 4 | 8
  /** off_t: calls of 32-bit ISAs for large files have 64 bits. */
  readonly offsetSize: 4 | 8
  /** What 64-bit members are aligned to. */
  readonly align64: 4 | 8
  /** Which of a structure's descriptions it has, where Linux has more than one. */
  readonly variant?: Variant
}

/** Whose structures differ from <asm-generic> in more than sizes. */
export type Variant = 'powerpc'

export const LP64: DataModel = {
  name: 'LP64',
  wordSize: 8,
  timeSize: 8,
  offsetSize: 8,
  align64: 8,
  littleEndian: true,
}
export const ILP32_I386: DataModel = {
  name: 'i386',
  wordSize: 4,
  timeSize: 4,
  offsetSize: 4,
  align64: 4,
  littleEndian: true,
}
/** The calls of i386 whose names end in 64 because of their times. */
export const ILP32_I386_TIME64: DataModel = { ...ILP32_I386, name: 'i386-time64', timeSize: 8 }
/** Those whose names end in 64 because of their sizes. */
export const ILP32_I386_LARGE: DataModel = { ...ILP32_I386, name: 'i386-large', offsetSize: 8 }

/**
 * `id16` is a user or group id of 16 bits (shownId16). `word` and `long` are as wide as a
 * pointer, unsigned and signed; `time` is a time_t. `fraction` is the tv_nsec or tv_usec behind one: where it is wider than a
 * long, its upper half is padding. `upper` is what 32-bit ISAs have beside a word for its upper half, before or behind it by their
 * byte order, and 64-bit ones have not, as little as `pad32`. A sigset is `maskLo`, signals up to 32, and `maskHi`: one 64-bit number or two words.
 */
export type MemberType =
  | 's16'
  | 'u16'
  | 'id16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'word'
  | 'long'
  | 'time'
  | 'fraction'
  | 'upper'
  | 'pad32'
  | 'maskLo'
  | 'maskHi'

const FIXED_SIZES: Partial<Record<MemberType, number>> = {
  s16: 2,
  u16: 2,
  id16: 2,
  s32: 4,
  u32: 4,
  s64: 8,
  u64: 8,
  maskLo: 4,
  maskHi: 4,
}

/** What ids beyond 16 bits are told as. */
const OVERFLOW_ID16 = 65534

/** An id as those are told it who know 16 bits of it. */
export const shownId16 = (id: number): number => (id > 0xffff ? OVERFLOW_ID16 : id)

function sizeOf(type: MemberType, model: DataModel): number {
  if (type === 'time' || type === 'fraction') return model.timeSize
  if (type === 'upper' || type === 'pad32') return model.wordSize === 8 ? 0 : 4
  return FIXED_SIZES[type] ?? model.wordSize
}

const isSigned = (type: MemberType): boolean =>
  type[0] === 's' || type === 'long' || type === 'time' || type === 'fraction'

interface Member {
  readonly name: string
  readonly offset: number
  readonly sizeBytes: number
  readonly isSigned: boolean
  /** 64 bits of which the upper half does not count. */
  readonly isHalf: boolean
  readonly isId16: boolean
  readonly type: MemberType
}

/** A structure for one model. Addresses are in a view of guest memory, and already checked. */
export class Layout<T extends object> {
  readonly sizeBytes: number
  private readonly order: ByteOrder
  private readonly members: readonly Member[]

  constructor(types: Readonly<Record<string, MemberType>>, model: DataModel) {
    let end = 0
    let alignment = 1
    const members: Member[] = []
    for (const [name, type] of Object.entries(types)) {
      const sizeBytes = sizeOf(type, model)
      if (sizeBytes === 0) continue
      const align = sizeBytes === 8 ? model.align64 : sizeBytes
      const offset = Math.ceil(end / align) * align
      const isHalf = type === 'fraction' && sizeBytes > model.wordSize
      const isId16 = type === 'id16'
      members.push({ name, offset, sizeBytes, isSigned: isSigned(type), isHalf, isId16, type })
      alignment = Math.max(alignment, align)
      end = offset + sizeBytes
    }
    this.members = model.littleEndian
      ? members
      : members.map((member, i) => swapped(members, member, i, model))
    this.order = model
    this.sizeBytes = Math.ceil(end / alignment) * alignment
  }

  /** Where a member begins. */
  offset(name: keyof T): number {
    return this.members.find((member) => member.name === name)!.offset
  }

  get(view: DataView, at: number): T {
    const values: Record<string, number> = {}
    for (const member of this.members)
      values[member.name] = getMember(view, at + member.offset, member, this.order)
    return values as T
  }

  /** Stores every member; what `values` lacks becomes 0. Numbers that a member cannot hold are cut. */
  put(view: DataView, at: number, values: Partial<T>): void {
    const given = values as Readonly<Record<string, number | undefined>>
    for (const { name, offset, sizeBytes, isId16 } of this.members) {
      const value = given[name] ?? 0
      putInteger(view, at + offset, sizeBytes, isId16 ? shownId16(value) : value, this.order)
    }
  }
}

/** In a big-endian model two halves of a number change places: those of a sigset that is one number, and a word with its `upper`. */
function swapped(members: readonly Member[], member: Member, i: number, { wordSize }: DataModel): Member {
  const from = (offset: number): Member => ({ ...member, offset })
  if (member.type === 'upper') return from(members[i - 1]!.offset)
  if (members[i + 1]?.type === 'upper') return from(members[i + 1]!.offset)
  if (wordSize === 4) return member
  if (member.type === 'maskLo') return from(member.offset + 4)
  return member.type === 'maskHi' ? from(member.offset - 4) : member
}

function getMember(
  view: DataView,
  at: number,
  { sizeBytes, isSigned, isHalf }: Member,
  order: ByteOrder,
): number {
  if (isHalf) return view.getUint32(order.littleEndian ? at : at + 4, order.littleEndian)
  return getInteger(view, at, sizeBytes, isSigned, order)
}

/** 2, 4 or 8 bytes; of 8 those beyond 2^53 are rounded. */
export function getInteger(
  view: DataView,
  at: number,
  sizeBytes: number,
  signed: boolean,
  order: ByteOrder,
): number {
  const { littleEndian } = order
  if (sizeBytes === 4) return signed ? view.getInt32(at, littleEndian) : view.getUint32(at, littleEndian)
  if (sizeBytes === 8) {
    const value = getI64(view, at, order)
    return value < 0 && !signed ? value + 2 ** 64 : value
  }
  return signed ? view.getInt16(at, littleEndian) : view.getUint16(at, littleEndian)
}

export function putInteger(
  view: DataView,
  at: number,
  sizeBytes: number,
  value: number,
  order: ByteOrder,
): void {
  if (sizeBytes === 8) putU64(view, at, value, order)
  // RLIM_INFINITY stays all ones.
  else if (sizeBytes === 4) view.setUint32(at, value >= 2 ** 64 ? 0xffff_ffff : value, order.littleEndian)
  else view.setUint16(at, value, order.littleEndian)
}

type Members<T> = Readonly<Record<keyof T & string, MemberType>>
/** Members by other names are padding. */
type Variants = Partial<Record<Variant, Readonly<Record<string, MemberType>>>>

/** A structure, described once, and once more for each variant that differs; `of` gives its layout for a model. */
export class Struct<T extends object> {
  private readonly types: Members<T>
  private readonly variants: Variants
  private readonly layouts = new Map<DataModel, Layout<T>>()

  constructor(types: Members<T>, variants: Variants = {}) {
    this.types = types
    this.variants = variants
  }

  of(model: DataModel): Layout<T> {
    let layout = this.layouts.get(model)
    if (!layout) {
      const own = model.variant && this.variants[model.variant]
      layout = new Layout<T>(own ?? this.types, model)
      this.layouts.set(model, layout)
    }
    return layout
  }
}

/** struct({ sec: 'time', nsec: 'fraction' }): members in their order, each a number. */
export const struct = <Names extends string>(
  types: Readonly<Record<Names, MemberType>>,
  variants?: Variants,
): Struct<Record<Names, number>> => new Struct<Record<Names, number>>(types, variants)

export type Values<S> = S extends Struct<infer T> ? T : never

/** An integer in ±2^53 (or up to 2^64 from unsigned arguments) as 64 bits. */
export function putU64(view: DataView, addr: number, value: number, { littleEndian }: ByteOrder): void {
  // RLIM_INFINITY: all ones.
  const isAllOnes = value >= 2 ** 64
  const low = isAllOnes ? -1 : value >>> 0
  const high = isAllOnes ? -1 : Math.floor(value / 0x1_0000_0000)
  view.setInt32(addr, littleEndian ? low : high, littleEndian)
  view.setInt32(addr + 4, littleEndian ? high : low, littleEndian)
}

/** 64 bits, signed. */
export const getI64 = (view: DataView, addr: number, { littleEndian }: ByteOrder): number =>
  littleEndian
    ? view.getInt32(addr + 4, true) * 0x1_0000_0000 + view.getUint32(addr, true)
    : view.getInt32(addr, false) * 0x1_0000_0000 + view.getUint32(addr + 4, false)
