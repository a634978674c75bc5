/** Numbers of the helper functions translated x86 code may call; helpers.ts holds the functions in this order. */

/** (ccOp; ccDst, ccSrc in scratch) → the six flags. */
export const HELPER_CC_BITS = 0
/** String instruction with REP and all string instructions' slow cases: argument packs operation and sizes. */
export const HELPER_STRING = 1
/** scratch: dividend low, high, divisor, → quotient, remainder; (signed?) → 1 when the quotient does not fit. */
export const HELPER_DIVIDE128 = 2
export const HELPER_CPUID = 3
export const HELPER_RDTSC = 4
/** FXSAVE and FXRSTOR (argument 1) at the address in scratch. */
export const HELPER_FXSAVE = 5
/** (segment | ACCESS_* << 4 | bytes << 8, offset) → 1 when the segment does not allow it. */
export const HELPER_SEGMENT_CHECK = 6
/** Loads segment register `argument` with the selector in scratch. */
export const HELPER_SEGMENT_LOAD = 7
/** LAR, LSL, VERR, VERW (DESCRIPTOR_*, selector) → what it finds in scratch, 1 when there is something to find. */
export const HELPER_DESCRIPTOR = 8
/** A far transfer (far-transfer.ts) through the pointer or to what the stack holds; where it goes in scratch. */
export const HELPER_FAR = 9
/** One x87 instruction (x87/execute.ts). */
export const HELPER_X87 = 16
/** 1 when an x87 exception waits; its code goes to exitCode. */
export const HELPER_X87_PENDING = 17
/** One SSE float instruction as MXCSR says; operands and result in scratch (float-helper.ts). */
export const HELPER_SSE_FLOAT = 64
/** The flags of one such instruction; not 0 when FTZ or DAZ give it another result. */
export const HELPER_SSE_FLAGS = 66
/** PCMPxSTRx: operands in scratch. */
export const HELPER_SSE_STRING = 65
