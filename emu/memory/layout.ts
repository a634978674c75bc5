/**
 * Where things lie in a process's WebAssembly.Memory. A guest address is the same number as the offset in the
 * Memory, so that translated code adds nothing; what belongs to the emulator lies below GUEST_MIN, where no
 * guest page is ever mapped (Linux keeps the first 64 KiB unmapped for a like reason: mmap_min_addr).
 */

export const PAGE_SHIFT = 12
export const PAGE_SIZE = 1 << PAGE_SHIFT

/** Guest registers, flags, exit details: see emu/guest/<isa>/state.ts for the fields. */
export const STATE_BASE = 0x1000
export const STATE_SIZE = 0x1000

/** Direct-mapped cache guest pc → function-table index: 65,536 entries of two i32 (tag, index). */
export const PC_CACHE_BASE = 0x10000
export const PC_CACHE_SIZE = 0x80000

/** The slot of a guest pc in the pc cache, as an offset in the Memory. Translated code computes the same for a value. */
export function pcCacheSlot(pc: number): number {
  return PC_CACHE_BASE + (((pc ^ (pc >>> 14)) & 0xffff) << 3)
}

/** The process's local descriptor table, 8 bytes a descriptor, and how many there are: 0 before there is one. */
export const LDT_BASE = 0x90000
export const LDT_COUNT_MAX = 8192
export const LDT_COUNT = STATE_BASE + 0xf08

/** One byte of PAGE_* flags for each of the 2^20 guest pages. */
export const PAGE_FLAGS_BASE = 0x100000

/** The lowest address a guest page may have. */
export const GUEST_MIN = 0x200000
/** One past the highest guest address: everything is mapped below 4 GiB (translator.md, decision 8). */
export const GUEST_MAX = 0x1_0000_0000

/** Page flags. R and W are what translated code tests; the others say why W may be clear. */
export const PAGE_R = 1
/** Translated code may store directly: PAGE_PW and neither PAGE_CODE nor PAGE_SHARED. */
export const PAGE_W = 2
export const PAGE_X = 4
/** Holds bytes that were translated: a store must be noticed. */
export const PAGE_CODE = 8
/** Stores are written through to other mappings of the same page. */
export const PAGE_SHARED = 16
/** The mapping's own permission to write. */
export const PAGE_PW = 32
/** Holds contents, also while no permission is given (mprotect to PROT_NONE and back keeps them). */
export const PAGE_PRESENT = 64
/** Holds nothing, but the host's memory behind it still has what an earlier page held: cleared when it is mapped. */
export const PAGE_STALE = 128

export const PROT_NONE = 0
export const PROT_READ = 1
export const PROT_WRITE = 2
export const PROT_EXEC = 4
