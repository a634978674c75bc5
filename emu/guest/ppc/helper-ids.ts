/** Numbers of the helper functions translated PowerPC code may call; helpers.ts holds the functions. x86's are below 96. */

/** Time base → general register `argument`. */
export const HELPER_TIME_BASE = 96
/** LSWX and STSWX: the instruction's word. */
export const HELPER_STRING = 97
/** DIVDE and DIVDEU (1: signed): scratch holds the dividend's upper half and the divisor, then the quotient; 1: it does not fit. */
export const HELPER_DIVIDE = 98
/** Float operations on the registers: packCall's argument. */
export const HELPER_FLOAT = 99
/** What a float operation raises: its code; operands and the result in scratch; 1: the result is another one. */
export const HELPER_FLOAT_RAISE = 100
/** Instructions of FPSCR: the instruction's word. */
export const HELPER_FPSCR = 101
/** Rare vector operations: number and immediate; operands and the result in scratch. */
export const HELPER_VECTOR = 102
/** Float operations on vectors of doubles and of singles: packCall's argument. */
export const HELPER_FLOAT_LANES = 103
/** What an operation on such vectors raises; operands in scratch; 1: a result is a NaN, or another one. */
export const HELPER_FLOAT_LANES_RAISE = 104
