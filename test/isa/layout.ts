/** Addresses test cases run at, here and in native/runner.c. */

export const CODE = 0x400000
export const CODE_SIZE = 0x10000
export const DATA = 0x600000
export const DATA_SIZE = 4096

/** A state as the runner reads it: registers, flags, fxsave area. */
export const STATE_BYTES = 16 * 8 + 8 + 512
export const FLAGS_AT = 128
export const FX_AT = 136
/** A result's fixed part: signal, code, address, rip, state, changed words. */
export const RESULT_BYTES = 24 + STATE_BYTES + 8
