/**
 * FPSCR: its bits, and what an operation does to them.
 * Path: the exact operations (exact.ts) raise exceptions here; execute.ts reads and writes it for rows and the kernel.
 * Reference: Power ISA, Book I, 4.2.2 (FPSCR) and 4.4 (exceptions).
 */

export const FX = 0x8000_0000
export const FEX = 0x4000_0000
export const VX = 0x2000_0000
export const OX = 0x1000_0000
export const UX = 0x0800_0000
export const ZX = 0x0400_0000
export const XX = 0x0200_0000
export const VXSNAN = 0x0100_0000
export const VXISI = 0x0080_0000
export const VXIDI = 0x0040_0000
export const VXZDZ = 0x0020_0000
export const VXIMZ = 0x0010_0000
export const VXVC = 0x0008_0000
export const FR = 0x0004_0000
export const FI = 0x0002_0000
export const FPRF = 0x0001_f000
/** FPRF's class bit, C. */
export const CLASS = 0x0001_0000
export const FPCC = 0x0000_f000
export const RESERVED = 0x800
export const VXSOFT = 0x400
export const VXSQRT = 0x200
export const VXCVI = 0x100
export const VE = 0x80
export const OE = 0x40
export const UE = 0x20
export const ZE = 0x10
export const XE = 0x08
/** Non-IEEE mode. */
export const NI = 0x04
/** The rounding mode: nearest, to zero, up, down. */
export const RN = 0x03

/** Enables, NI and the rounding mode: 0 is what translated code does. */
export const FPSCR_MODE = 0xff

/** The invalid operations, which VX sums up. */
export const ALL_INVALID = VXSNAN | VXISI | VXIDI | VXZDZ | VXIMZ | VXVC | VXSOFT | VXSQRT | VXCVI
/** Exceptions that make FX when they become set, and that MCRFS clears. */
export const ALL_EXCEPTIONS = OX | UX | ZX | XX | ALL_INVALID

/** FEX and VX, which no instruction sets by themselves, as the other bits say. */
export function summed(fpscr: number): number {
  const made = (fpscr & ~(VX | FEX)) | (fpscr & ALL_INVALID ? VX : 0)
  // VE to XE enable VX to XX, 22 bits further up.
  const enabled = ((made & (VE | OE | UE | ZE | XE)) << 22) & made
  return (made | (enabled !== 0 ? FEX : 0)) >>> 0
}

/** FPSCR with exceptions raised. */
export function withRaised(fpscr: number, raised: number): number {
  if (raised === 0) return fpscr
  return summed(fpscr | raised | (raised & ~fpscr ? FX : 0))
}

// FPRF's classes.
export const CLASS_QUIET_NAN = 0x11
export const CLASS_MINUS = 0x08
export const CLASS_PLUS = 0x04
export const CLASS_ZERO = 0x02
export const CLASS_INFINITY = 0x01
export const CLASS_SUBNORMAL = 0x10

/** FPRF of a double; `least` is the exponent field below which it is a denormal of the operation's format. */
export function classOf(high: number, low: number, isSingle: boolean): number {
  const exponent = (high >>> 20) & 0x7ff
  const sign = high < 0 ? CLASS_MINUS : CLASS_PLUS
  const isFraction = (high & 0xf_ffff) !== 0 || low !== 0
  if (exponent === 0x7ff) return isFraction ? CLASS_QUIET_NAN : sign | CLASS_INFINITY
  if (exponent === 0 && !isFraction) return high < 0 ? CLASS_SUBNORMAL | CLASS_ZERO : CLASS_ZERO
  return exponent < (isSingle ? 897 : 1) ? CLASS_SUBNORMAL | sign : sign
}
