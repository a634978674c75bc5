/** MXCSR: Intel SDM vol. 1, 10.2.3. */

export const MXCSR_DEFAULT = 0x1f80
/** Exception flags: invalid, denormal, divide by zero, overflow, underflow, precision; their masks are 7 bits up. */
export const FLAG_IE = 1,
  FLAG_DE = 2,
  FLAG_ZE = 4,
  FLAG_OE = 8,
  FLAG_UE = 16,
  FLAG_PE = 32
export const MXCSR_DAZ = 0x40
export const MXCSR_MASK_SHIFT = 7
export const MXCSR_ROUND_SHIFT = 13
export const MXCSR_FTZ = 0x8000

/** Nearest rounding and all exceptions masked, which translated code needs. */
export const MXCSR_MODE_MASK = 0x7f80
export const MXCSR_MODE_USUAL = 0x1f80
/** FTZ and DAZ: as well clear where translated code does not check for denormals. */
export const MXCSR_FLUSHES = MXCSR_FTZ | MXCSR_DAZ
