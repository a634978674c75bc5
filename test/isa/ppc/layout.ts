/** Where test cases of PowerPC run and what a state looks like, here and in native/runner.c. */

export const CODE = 0x1100_0000
export const CODE_SIZE = 0x10000
export const DATA = 0x1200_0000
export const DATA_SIZE = 4096
export const TRAP = 0x7fe0_0008

/** Places in a state, in doublewords. */
export const GPR_AT = 0
export const LR_AT = 32
export const CTR_AT = 33
export const XER_AT = 34
export const CR_AT = 35
export const FPSCR_AT = 36
export const VSCR_AT = 37
export const VRSAVE_AT = 38
export const VSR_AT = 40
export const STATE_WORDS = VSR_AT + 128
export const STATE_BYTES = STATE_WORDS * 8
/** A result's fixed part: signal, code, address, pc, state, changed words. */
export const RESULT_BYTES = 24 + STATE_BYTES + 8

/** The modes: of qemu, of the cross compiler, and ours. */
export interface PpcMode {
  readonly name: 'ppc' | 'ppc64' | 'ppc64le'
  readonly qemu: string
  readonly cpu: string
  readonly compiler: string
  readonly flags: readonly string[]
  readonly bits: 32 | 64
  readonly isLittle: boolean
}

export const PPC_MODES: readonly PpcMode[] = [
  {
    name: 'ppc',
    qemu: 'qemu-ppc',
    cpu: '7447a',
    compiler: 'powerpc-linux-gnu-gcc',
    flags: ['-maltivec'],
    bits: 32,
    isLittle: false,
  },
  {
    name: 'ppc64',
    qemu: 'qemu-ppc64',
    cpu: 'power8',
    compiler: 'powerpc64-linux-gnu-gcc',
    flags: ['-mvsx', '-mcpu=power8'],
    bits: 64,
    isLittle: false,
  },
  {
    name: 'ppc64le',
    qemu: 'qemu-ppc64le',
    cpu: 'power8',
    compiler: 'powerpc64le-linux-gnu-gcc',
    flags: ['-mvsx', '-mcpu=power8'],
    bits: 64,
    isLittle: true,
  },
]
