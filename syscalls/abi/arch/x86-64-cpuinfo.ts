/** /proc/cpuinfo of the processor that CPUID describes, as Linux arch/x86/kernel/cpu/proc.c prints it. */

import { cpuid } from '../../../emu/guest/x86/cpuid.ts'

/** Which bit of which word is which name, in the order of Linux's cpufeatures.h: words are CPUID leaf and register. */
const FLAGS: readonly (readonly [leaf: number, register: number, names: Readonly<Record<number, string>>])[] =
  [
    [1, 3, { 0: 'fpu', 4: 'tsc', 8: 'cx8', 15: 'cmov', 19: 'clflush', 23: 'mmx', 24: 'fxsr', 25: 'sse', 26: 'sse2' }],
    [0x80000001, 3, { 11: 'syscall', 20: 'nx', 29: 'lm' }],
    [1, 2, { 0: 'pni', 9: 'ssse3', 13: 'cx16', 19: 'sse4_1', 20: 'sse4_2', 23: 'popcnt' }],
    [0x80000001, 2, { 0: 'lahf_lm' }],
  ] // biome-ignore format: a table

function flags(): string[] {
  const found: string[] = []
  for (const [leaf, register, names] of FLAGS) {
    const word = cpuid(leaf)[register]!
    for (const [bit, name] of Object.entries(names)) if (word & (1 << Number(bit))) found.push(name)
  }
  return found
}

const letters = (words: readonly number[]): string =>
  words.map((word) => String.fromCharCode(...[0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff))).join('')

export function x86CpuInfo(): string {
  const [leaves, ebx, ecx, edx] = cpuid(0)
  const [signature] = cpuid(1)
  const brand = letters([0x80000002, 0x80000003, 0x80000004].flatMap(cpuid)).replace(/\0.*$/, '')
  const family = (signature >> 8) & 15
  const model = ((signature >> 12) & 0xf0) | ((signature >> 4) & 15)
  const [sizes] = cpuid(0x80000008)
  return `processor	: 0
vendor_id	: ${letters([ebx, edx, ecx])}
cpu family	: ${family}
model		: ${model}
model name	: ${brand}
stepping	: ${signature & 15}
cpu MHz		: 1000.000
cache size	: 0 KB
physical id	: 0
siblings	: 1
core id		: 0
cpu cores	: 1
apicid		: 0
initial apicid	: 0
fpu		: yes
fpu_exception	: yes
cpuid level	: ${leaves}
wp		: yes
flags		: ${flags().join(' ')}
bugs		:
bogomips	: 2000.00
clflush size	: 64
cache_alignment	: 64
address sizes	: ${sizes & 0xff} bits physical, ${(sizes >> 8) & 0xff} bits virtual
power management:

`
}
