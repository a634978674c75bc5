/**
 * How an ISA lays out the modes of a terminal, and which bits and places its flags and characters have: those of
 * <asm-generic/termbits.h>, which are the kernel's own, and powerpc's <asm/termbits.h>.
 * Path: termios.ts writes and reads the structures by it; a DataModel's variant says which.
 */

import type { DataModel, Variant } from '../abi/struct.ts'
import * as T from '../abi/tty.ts'

/** struct termio (TCGETA), struct termios (TCGETS), struct termios2 (TCGETS2). */
export type TermiosKind = 'termio' | 'termios' | 'termios2'

export interface TermiosForm {
  /** Of each structure. */
  readonly sizes: Readonly<Record<TermiosKind, number>>
  /** Places in struct termios; speeds are there where it is long enough. */
  readonly lineAt: number
  readonly ccAt: number
  readonly speedAt: number
  /** Characters in struct termio. */
  readonly termioCharacters: number
  /** By the kernel's number of a character, the ISA's. */
  readonly ccPlaces: readonly number[]
  /** c_iflag, c_oflag, c_cflag and c_lflag from the kernel's bits to the ISA's, and back. */
  outward(words: readonly number[]): number[]
  inward(words: readonly number[]): number[]
}

const copied = (words: readonly number[]): number[] => [...words]

const GENERIC: TermiosForm = {
  sizes: { termio: 18, termios: 36, termios2: 44 },
  lineAt: 16,
  ccAt: 17,
  speedAt: 36,
  termioCharacters: T.NCC,
  ccPlaces: Array.from({ length: T.NCCS }, (_, i) => i),
  outward: copied,
  inward: copied,
}

/** Bits that lie elsewhere, by word: the kernel's mask, powerpc's, which has as many. All others are the same. */
const POWERPC_BITS: readonly (readonly (readonly [own: number, powerpc: number])[])[] = [
  [
    [T.IUCLC, 0x1000],
    [T.IXON, 0x200],
    [T.IXOFF, 0x400],
  ],
  [
    [T.OLCUC, 4],
    [T.ONLCR, 2],
    // The delays: NL, CR, TAB, BS, VT, FF.
    [0x100, 0x100],
    [0x600, 0x3000],
    [T.TABDLY, 0xc00],
    [0x2000, 0x8000],
    [0x4000, 0x10000],
    [0x8000, 0x4000],
  ],
  [
    [T.CSIZE, 0x300],
    [0x40, 0x400],
    [T.CREAD, 0x800],
    [T.PARENB, 0x1000],
    [0x200, 0x2000],
    [0x400, 0x4000],
    [T.CLOCAL, 0x8000],
  ],
  [
    [T.ISIG, 0x80],
    [T.ICANON, 0x100],
    [T.XCASE, 0x4000],
    [T.ECHO, 8],
    [T.ECHOE, 2],
    [T.ECHOK, 4],
    [T.ECHONL, 0x10],
    [T.NOFLSH, 0x8000_0000],
    [T.TOSTOP, 0x40_0000],
    [T.ECHOCTL, 0x40],
    [T.ECHOPRT, 0x20],
    [T.ECHOKE, 1],
    [0x1000, 0x80_0000],
    [0x4000, 0x2000_0000],
    [T.IEXTEN, 0x400],
    [0x1_0000, 0x1000_0000],
  ],
]
const CONTROL_WORD = 2
/** powerpc's CBAUD, and BOTHER in it: speeds are numbered without a gap. */
const POWERPC_CBAUD = 0xff
const POWERPC_BOTHER = 0x1f

const shiftOf = (mask: number): number => 31 - Math.clz32(mask & -mask)

/** Moves what lies in each mask of one side to the other's. */
function moved(value: number, pairs: readonly (readonly [number, number])[]): number {
  let kept = value
  let placed = 0
  for (const [from] of pairs) kept &= ~from
  for (const [, to] of pairs) kept &= ~to
  for (const [from, to] of pairs) placed |= ((value & from) >>> shiftOf(from)) << shiftOf(to)
  return (kept | placed) >>> 0
}

const speedOut = (code: number): number => {
  if (code === T.BOTHER) return POWERPC_BOTHER
  return code & T.CBAUDEX ? (code & 15) + 15 : code
}
const speedIn = (code: number): number => {
  if (code === POWERPC_BOTHER) return T.BOTHER
  return code > 15 ? T.CBAUDEX | (code - 15) : code
}

function controlOut(value: number): number {
  const rest = moved(value & ~(T.CBAUD | (T.CBAUD << T.IBSHIFT)), POWERPC_BITS[CONTROL_WORD]!)
  const input = speedOut((value >>> T.IBSHIFT) & T.CBAUD) << T.IBSHIFT
  return (rest | speedOut(value & T.CBAUD) | input) >>> 0
}

function controlIn(value: number): number {
  const turned = POWERPC_BITS[CONTROL_WORD]!.map(([own, powerpc]) => [powerpc, own] as const)
  const rest = moved(value & ~(POWERPC_CBAUD | (POWERPC_CBAUD << T.IBSHIFT)), turned)
  const input = speedIn((value >>> T.IBSHIFT) & POWERPC_CBAUD) << T.IBSHIFT
  return (rest | speedIn(value & POWERPC_CBAUD) | input) >>> 0
}

const POWERPC: TermiosForm = {
  // struct termios has the speeds, so there is no other one.
  sizes: { termio: 20, termios: 44, termios2: 44 },
  lineAt: 35,
  ccAt: 16,
  speedAt: 36,
  termioCharacters: 10,
  ccPlaces: [0, 1, 2, 3, 4, 7, 5, 9, 13, 14, 12, 6, 11, 16, 10, 15, 8, 17, 18],
  outward: (words) =>
    words.map((word, i) => (i === CONTROL_WORD ? controlOut(word) : moved(word, POWERPC_BITS[i]!))),
  inward: (words) =>
    words.map((word, i) =>
      i === CONTROL_WORD
        ? controlIn(word)
        : moved(
            word,
            POWERPC_BITS[i]!.map(([own, powerpc]) => [powerpc, own] as const),
          ),
    ),
}

const FORMS: Readonly<Record<Variant, TermiosForm>> = { powerpc: POWERPC }

export const termiosForm = ({ variant }: DataModel): TermiosForm => (variant ? FORMS[variant] : GENERIC)
