/**
 * What `umwelt info` tells of a program: its ISA and level, linkage, interpreter, and which of its instructions and
 * system calls are missing here. Path: the CLI reads the file; the ELF parser and the ISA's survey look at it.
 */

import { codeSections, parseElf } from '../emu/elf/elf.ts'
import { surveyPpc } from '../emu/guest/ppc/survey.ts'
import type { CodeRange, MissingInstruction, Survey } from '../emu/guest/survey.ts'
import { surveyCode } from '../emu/guest/x86/survey.ts'
import { PROT_EXEC } from '../emu/memory/layout.ts'
import type { Arch } from '../syscalls/abi/arch/arch.ts'
import { arches } from '../syscalls/abi/arch/registry.ts'
import { syscallRows } from '../syscalls/sys/index.ts'

export interface ElfInfo {
  readonly machine: string
  readonly bits: number
  readonly endianness: 'little' | 'big'
  readonly linkage: 'static' | 'static, position-independent' | 'dynamic'
  readonly interpreter: string | null
  readonly entry: number
  /** Whether this machine's CPU is there. */
  readonly runs: boolean
  /** Null where the ISA is not there. */
  readonly code: CodeInfo | null
}

export interface CodeInfo {
  readonly instructionCount: number
  /** `x86-64-v1`, `x86-64-v2`, as far as the code seen needs it; `i686`. */
  readonly level: string
  readonly features: readonly string[]
  readonly missing: readonly MissingInstruction[]
  readonly syscalls: readonly string[]
  readonly missingSyscalls: readonly string[]
}

/** Features that x86-64-v2 has and the base has not. */
const LEVEL_2 = ['cx16', 'popcnt', 'sse3', 'ssse3', 'sse4.1', 'sse4.2']

/** Looks at a program. Throws ElfError for what is none. */
export function elfInfo(bytes: Uint8Array): ElfInfo {
  const image = parseElf(bytes)
  const arch = arches.find(
    ({ elfMachine, littleEndian }) => elfMachine === image.machine && littleEndian === image.littleEndian,
  )
  const linkage = image.interpreter
    ? 'dynamic'
    : image.type === 'dyn'
      ? 'static, position-independent'
      : 'static'
  const sections = codeSections(bytes)
  const segments = image.segments
    .filter(({ type, prot }) => type === 'load' && prot & PROT_EXEC)
    .map(({ vaddr, fileOffset, fileSizeBytes }) => ({ vaddr, fileOffset, sizeBytes: fileSizeBytes }))
  // Sections tell code from constants in the same segment, where they are there.
  const ranges = (sections.length > 0 ? sections : segments).map(({ vaddr, fileOffset, sizeBytes }) => ({
    start: vaddr,
    bytes: bytes.subarray(fileOffset, fileOffset + sizeBytes),
  }))
  return {
    machine: arch?.name ?? image.machine,
    bits: image.bits,
    endianness: image.littleEndian ? 'little' : 'big',
    linkage,
    interpreter: image.interpreter ?? null,
    entry: image.entry,
    runs: arch !== undefined,
    code: arch ? codeInfo(arch, surveyOf(arch, ranges, image.entry)) : null,
  }
}

const surveyOf = (
  { family, bits, littleEndian }: Arch,
  ranges: readonly CodeRange[],
  entry: number,
): Survey => (family === 'x86' ? surveyCode(ranges, [entry], bits) : surveyPpc(ranges, bits, littleEndian))

function codeInfo(arch: Arch, survey: Survey): CodeInfo {
  const have = new Set(syscallRows.map(({ name }) => name))
  const calls = new Map(arch.calls.map((call) => [call.nr, call]))
  const made = [...survey.syscallNumbers].sort((a, b) => a - b).flatMap((nr) => calls.get(nr) ?? [])
  // MMX rows are named by the extension that brought them: `mmx-sse`.
  const features = [...new Set([...survey.features.keys()].map((name) => name.replace(/^mmx-/, '')))].sort()
  return {
    instructionCount: survey.instructionCount,
    level: levelOf(arch, features),
    features,
    missing: [...survey.missing.values()].sort((a, b) => b.places - a.places),
    syscalls: made.map(({ name }) => name),
    missingSyscalls: made.filter(({ name, as = name }) => !have.has(as)).map(({ name }) => name),
  }
}

function levelOf({ family, bits, machine }: Arch, features: readonly string[]): string {
  if (family !== 'x86' || bits === 32) return machine
  return features.some((name) => LEVEL_2.includes(name)) ? 'x86-64-v2' : 'x86-64-v1'
}
