/**
 * Whether the host's WebAssembly gives the NaNs that x86 gives: the first NaN operand quieted, else the second, else
 * the default NaN with its sign set. WebAssembly leaves it open; x86 hosts do it, ARM hosts have another default NaN.
 * Path: run/index.ts asks once, when a translating CPU is made.
 */

/** (a, b: i64) → a op b as bits, for f64.add, f64.mul and, lane 0, f64x2.sub; written by hand as bytes. */
const MODULE = [
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  // type (i32 i32 i32 i32) → i32: the halves of a and b in; the upper half of the result out, so that no bigint is needed
  1,
  9, 1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 3, 4, 3, 0, 0, 0, 7, 13, 3, 1, 0x61, 0, 0, 1, 0x6d, 0, 1, 1,
  0x73, 0, 2,
]

const A = [0x20, 0, 0xad, 0x20, 1, 0xad, 0x42, 32, 0x86, 0x84, 0xbf]
const B = [0x20, 2, 0xad, 0x20, 3, 0xad, 0x42, 32, 0x86, 0x84, 0xbf]
const UPPER = [0xbd, 0x42, 32, 0x88, 0xa7, 0x0b]
const SPLAT = [0xfd, 0x14]
const BODIES = [
  [0, ...A, ...B, 0xa0, ...UPPER],
  [0, ...A, ...B, 0xa2, ...UPPER],
  [0, ...A, ...SPLAT, ...B, ...SPLAT, 0xfd, 0xf1, 1, 0xfd, 0x21, 0, ...UPPER],
]

const QUIET_A = 0x7ff8_0123,
  SIGNALLING_B = 0xfff0_4567 | 0,
  INFINITE = 0x7ff0_0000,
  MINUS_INFINITE = 0xfff0_0000 | 0
const DEFAULT_NAN = 0xfff8_0000 | 0
/** Upper halves of a and b, and of what x86 makes of them with each operation. */
const CASES: [number, number, number, number, number][] = [
  [QUIET_A, SIGNALLING_B, QUIET_A, QUIET_A, QUIET_A],
  [SIGNALLING_B, QUIET_A, SIGNALLING_B | 0x8_0000, SIGNALLING_B | 0x8_0000, SIGNALLING_B | 0x8_0000],
  [INFINITE, QUIET_A, QUIET_A, QUIET_A, QUIET_A],
  [INFINITE, MINUS_INFINITE, DEFAULT_NAN, MINUS_INFINITE, INFINITE],
  [INFINITE, INFINITE, INFINITE, INFINITE, DEFAULT_NAN],
  [0, INFINITE, INFINITE, DEFAULT_NAN, MINUS_INFINITE],
]

let answer: boolean | undefined

export function hostHasX86Nans(): boolean {
  answer ??= probe()
  return answer
}

function probe(): boolean {
  const code = BODIES.flatMap((body) => [body.length, ...body])
  const bytes = Uint8Array.from([...MODULE, 10, code.length + 1, BODIES.length, ...code])
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  const operations = ['a', 'm', 's'].map((name) => instance.exports[name] as (...halves: number[]) => number)
  // Lower halves of 1 make NaNs of the first kind of case, and must be 0 for infinities and zeros.
  return CASES.every(([a, b, ...expected]) => {
    const [lowA, lowB] = [isNaNHalf(a) ? 1 : 0, isNaNHalf(b) ? 1 : 0]
    return operations.every((run, k) => run(lowA, a, lowB, b) === expected[k])
  })
}

const isNaNHalf = (high: number): boolean => (high & 0x7fff_ffff) > INFINITE
