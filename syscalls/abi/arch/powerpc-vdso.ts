/**
 * The page of code that Linux gives powerpc programs: here only what signal handlers return to. Unwinders know a frame by
 * these instructions. Linux arch/powerpc/kernel/vdso/sigtramp{32,64}.S.
 * Path: exec/load.ts maps it; powerpc*-signal.ts use its places. It is no ELF image, so AT_SYSINFO_EHDR is not there.
 */

const SC = 0x4400_0002
const li_r0 = (value: number): number => 0x3800_0000 | value
/** addi r1,r1,128: past the frame of a caller that there is none of. */
const DROP_CALLER_64 = 0x3821_0080
const NR_SIGRETURN = 119
const NR_RT_SIGRETURN = 172

/** Offsets in the page. */
export const VDSO_SIGTRAMP_RT64 = 0
export const VDSO_SIGTRAMP32 = 0x20
export const VDSO_SIGTRAMP_RT32 = 0x30

function codeOf(littleEndian: boolean): Uint8Array {
  const code = new Uint8Array(0x40)
  const view = new DataView(code.buffer)
  const put = (at: number, words: readonly number[]): void => {
    for (const [i, word] of words.entries()) view.setUint32(at + i * 4, word, littleEndian)
  }
  put(VDSO_SIGTRAMP_RT64, [DROP_CALLER_64, li_r0(NR_RT_SIGRETURN), SC])
  put(VDSO_SIGTRAMP32, [li_r0(NR_SIGRETURN), SC])
  put(VDSO_SIGTRAMP_RT32, [li_r0(NR_RT_SIGRETURN), SC])
  return code
}

export const VDSO_CODE = codeOf(false)
export const VDSO_CODE_LE = codeOf(true)
