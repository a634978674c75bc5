/**
 * What CPUID says: exactly the features there are rows for, x86-64-v2 (System V ABI, x86-64 levels).
 * Reference: Intel SDM vol. 2, CPUID.
 */

/** "GenuineIntel" as EBX, EDX, ECX hold it: glibc looks for cache sizes of vendors it knows only. */
const VENDOR_EBX = 0x756e6547,
  VENDOR_EDX = 0x49656e69,
  VENDOR_ECX = 0x6c65746e

// CPUID.1:EDX
const FPU = 1 << 0,
  TSC = 1 << 4,
  CX8 = 1 << 8,
  CMOV = 1 << 15,
  CLFSH = 1 << 19,
  MMX = 1 << 23,
  FXSR = 1 << 24,
  SSE = 1 << 25,
  SSE2 = 1 << 26
// CPUID.1:ECX
const SSE3 = 1 << 0,
  SSSE3 = 1 << 9,
  CX16 = 1 << 13,
  SSE41 = 1 << 19,
  SSE42 = 1 << 20,
  POPCNT = 1 << 23
// CPUID.80000001h
const LAHF = 1 << 0,
  SYSCALL = 1 << 11,
  NX = 1 << 20,
  LM = 1 << 29

/** CPUID.1:EDX, which is also AT_HWCAP. */
export const FEATURES_EDX = FPU | TSC | CX8 | CMOV | CLFSH | MMX | FXSR | SSE | SSE2
export const FEATURES_ECX = SSE3 | SSSE3 | CX16 | SSE41 | SSE42 | POPCNT
/** Family 6, model 0x2a, stepping 0: old enough that nothing but the feature bits is assumed. */
const SIGNATURE = 0x000206a0
const BRAND = 'Umwelt virtual x86-64 CPU'

const word = (text: string, at: number): number => {
  let value = 0
  for (let i = 0; i < 4; i++) value |= (text.charCodeAt(at + i) || 0) << (8 * i)
  return value
}

/** EAX, EBX, ECX, EDX for a leaf; no leaf has subleaves here. */
export function cpuid(leaf: number): [number, number, number, number] {
  switch (leaf >>> 0) {
    case 0:
      return [7, VENDOR_EBX, VENDOR_ECX, VENDOR_EDX]
    case 1:
      // CLFLUSH line of 64 bytes, one logical processor.
      return [SIGNATURE, 0x0001_0800, FEATURES_ECX, FEATURES_EDX]
    case 0x8000_0000:
      return [0x8000_0008 | 0, 0, 0, 0]
    case 0x8000_0001:
      return [0, 0, LAHF, SYSCALL | NX | LM]
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004: {
      const at = ((leaf >>> 0) - 0x8000_0002) * 16
      return [word(BRAND, at), word(BRAND, at + 4), word(BRAND, at + 8), word(BRAND, at + 12)]
    }
    case 0x8000_0008:
      return [0x3030, 0, 0, 0]
    default:
      return [0, 0, 0, 0]
  }
}
