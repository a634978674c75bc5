/**
 * What Linux tells programs of the CPU: the auxiliary vector's entries and /proc/cpuinfo. A POWER8 for 64-bit programs, a
 * G4 (7447) for 32-bit ones, as far as the translator has them. Linux arch/powerpc/kernel/{cputable,setup-common}.c,
 * <asm/cputable.h>, <asm/auxvec.h>.
 * Path: powerpc.ts; exec/stack.ts writes the vector.
 */

const PPC_FEATURE_32 = 0x8000_0000
const PPC_FEATURE_64 = 0x4000_0000
const PPC_FEATURE_HAS_ALTIVEC = 0x1000_0000
const PPC_FEATURE_HAS_FPU = 0x0800_0000
const PPC_FEATURE_HAS_MMU = 0x0400_0000
const PPC_FEATURE_ICACHE_SNOOP = 0x2000
const PPC_FEATURE_ARCH_2_06 = 0x100
const PPC_FEATURE_HAS_VSX = 0x80
const PPC_FEATURE_TRUE_LE = 2
const PPC_FEATURE2_ARCH_2_07 = 0x8000_0000
const PPC_FEATURE2_ISEL = 0x0800_0000
const PPC_FEATURE2_TAR = 0x0400_0000

const AT_DCACHEBSIZE = 19
const AT_ICACHEBSIZE = 20
const AT_UCACHEBSIZE = 21
const AT_IGNOREPPC = 22
const AT_L1I_CACHESIZE = 40
const AT_MINSIGSTKSZ = 51

interface Cache {
  readonly sizeBytes: number
  readonly ways: number
}

interface Described {
  readonly platform: string
  readonly basePlatform: string
  readonly hwcap: number
  readonly hwcap2: number
  readonly auxv: readonly (readonly [number, number])[]
}

/** `caches`: for instructions, for data, the second and the third; `lineSize` is what DCBZ clears. */
const auxvOf = (lineSize: number, caches: readonly Cache[], signalFrameSize: number): [number, number][] => [
  // Old libraries took the entries behind for others, and these to be passed over.
  [AT_IGNOREPPC, AT_IGNOREPPC],
  [AT_IGNOREPPC, AT_IGNOREPPC],
  [AT_DCACHEBSIZE, lineSize],
  [AT_ICACHEBSIZE, lineSize],
  [AT_UCACHEBSIZE, 0],
  ...caches.flatMap(({ sizeBytes, ways }, i): [number, number][] => [
    [AT_L1I_CACHESIZE + 2 * i, sizeBytes],
    [AT_L1I_CACHESIZE + 2 * i + 1, (ways << 16) | lineSize],
  ]),
  [AT_MINSIGSTKSZ, signalFrameSize],
]

const KIB = 1024

export const POWERPC_64: Described = {
  platform: 'power8',
  basePlatform: 'power8',
  hwcap:
    (PPC_FEATURE_32 |
      PPC_FEATURE_64 |
      PPC_FEATURE_HAS_ALTIVEC |
      PPC_FEATURE_HAS_FPU |
      PPC_FEATURE_HAS_MMU |
      PPC_FEATURE_ICACHE_SNOOP |
      PPC_FEATURE_ARCH_2_06 |
      PPC_FEATURE_HAS_VSX |
      PPC_FEATURE_TRUE_LE) >>>
    0,
  hwcap2: (PPC_FEATURE2_ARCH_2_07 | PPC_FEATURE2_ISEL | PPC_FEATURE2_TAR) >>> 0,
  auxv: auxvOf(
    128,
    [
      { sizeBytes: 32 * KIB, ways: 8 },
      { sizeBytes: 64 * KIB, ways: 8 },
      { sizeBytes: 512 * KIB, ways: 8 },
      { sizeBytes: 8192 * KIB, ways: 8 },
    ],
    4224,
  ),
}

export const POWERPC_32: Described = {
  platform: 'ppc7450',
  basePlatform: 'ppc7450',
  hwcap: (PPC_FEATURE_32 | PPC_FEATURE_HAS_ALTIVEC | PPC_FEATURE_HAS_FPU | PPC_FEATURE_HAS_MMU) >>> 0,
  hwcap2: 0,
  auxv: auxvOf(
    32,
    [
      { sizeBytes: 32 * KIB, ways: 8 },
      { sizeBytes: 32 * KIB, ways: 8 },
    ],
    2144,
  ),
}

export function powerpcCpuInfo({ platform }: Described): string {
  const is64 = platform === 'power8'
  const rows = [
    ['processor', '0'],
    ['cpu', is64 ? 'POWER8 (architected), altivec supported' : '7447A, altivec supported'],
    ['clock', '1000.000000MHz'],
    ['revision', is64 ? '2.0 (pvr 004d 0200)' : '1.1 (pvr 8003 0101)'],
  ]
  const machine = [
    ['timebase', '512000000'],
    ['platform', 'Umwelt'],
    ['model', 'Umwelt'],
  ]
  const text = (pairs: readonly (readonly string[])[]): string =>
    pairs.map(([name, value]) => `${name!.padEnd(8)}\t: ${value}\n`).join('')
  return `${text(rows)}\n${text(machine)}`
}
