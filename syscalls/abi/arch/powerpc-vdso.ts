/**
 * The page of code that Linux gives powerpc programs: here only what signal handlers return to. Linux's is an ELF image whose
 * CFI leads unwinders through a signal frame. Where they find none they look for the instructions that older kernels had, and
 * libgcc (since GCC 10) aborts on what it makes of those; so ours are others, and a stack ends there for an unwinder. Linux arch/powerpc/kernel/vdso/sigtramp{32,64}.S.
 * Path: exec/load.ts maps it; powerpc*-signal.ts use its places. It is no ELF image, so AT_SYSINFO_EHDR is not there.
 */

const SC = 0x4400_0002
const NOP = 0x6000_0000
const li_r0 = (value: number): number => 0x3800_0000 | value
/** addi r1,r1,128: past the frame of a caller that there is none of. */
const DROP_CALLER_64 = 0x3821_0080
const NR_SIGRETURN = 119
const NR_RT_SIGRETURN = 172

/** Offsets in the pages. */
export const VDSO_SIGTRAMP_RT64 = 0
export const VDSO_SIGTRAMP32 = 0
export const VDSO_SIGTRAMP_RT32 = 0x10
const SIZE = 0x40

function put(view: DataView, at: number, words: readonly number[], littleEndian: boolean): void {
  for (const [i, word] of words.entries()) view.setUint32(at + i * 4, word, littleEndian)
}

/** Of 32-bit programs. */
export function vdso32(): Uint8Array {
  const view = new DataView(new ArrayBuffer(SIZE))
  put(view, VDSO_SIGTRAMP32, [li_r0(NR_SIGRETURN), NOP, SC], false)
  put(view, VDSO_SIGTRAMP_RT32, [li_r0(NR_RT_SIGRETURN), NOP, SC], false)
  return new Uint8Array(view.buffer)
}

/** Of 64-bit programs. */
export function vdso64(littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(SIZE))
  put(view, VDSO_SIGTRAMP_RT64, [li_r0(NR_RT_SIGRETURN), DROP_CALLER_64, SC], littleEndian)
  return new Uint8Array(view.buffer)
}
