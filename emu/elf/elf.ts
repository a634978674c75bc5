/**
 * ELF files: bytes in, ElfImage out. The first step of the data's path; the only user is syscalls/exec.
 * Reference: System V ABI, chapters 4 and 5; elf(5). Every number in the file is hostile: all are checked here, so
 * that what comes out can be mapped without further looks.
 */

import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory/layout.ts'

export type Machine = 'i386' | 'x86-64' | 'ppc' | 'ppc64'
export type SegmentType = 'load' | 'dynamic' | 'interp' | 'phdr' | 'tls' | 'stack' | 'relro' | 'other'

export interface Segment {
  type: SegmentType
  /** PROT_* bits. */
  prot: number
  fileOffset: number
  vaddr: number
  fileSizeBytes: number
  memSizeBytes: number
  align: number
}

export interface ElfImage {
  machine: Machine
  bits: 32 | 64
  littleEndian: boolean
  /** ET_EXEC has fixed addresses, ET_DYN is placed by the loader. */
  type: 'exec' | 'dyn'
  entry: number
  /** e_flags: of ppc64 the two lowest bits are the ABI's version. */
  flags: number
  phoff: number
  phentsize: number
  phnum: number
  segments: Segment[]
  /** PT_INTERP's path. */
  interpreter?: string
}

/** The file is no ELF program that can run here; `message` says why, in words for a person. */
export class ElfError extends Error {}

const MACHINES: Record<number, Machine> = { 3: 'i386', 62: 'x86-64', 20: 'ppc', 21: 'ppc64' }
const FOREIGN: Record<number, string> = {
  40: 'ARM',
  183: 'AArch64',
  243: 'RISC-V',
  8: 'MIPS',
  22: 'S/390',
  2: 'SPARC',
}
const SEGMENT_TYPES: Record<number, SegmentType> = {
  1: 'load',
  2: 'dynamic',
  3: 'interp',
  6: 'phdr',
  7: 'tls',
  1685382481: 'stack',
  1685382482: 'relro',
}
const ET_EXEC = 2
const ET_DYN = 3
/** As Linux's ELF_MIN_ALIGN times 64 KiB / 56: more program headers than this fit in no page of headers. */
const PHNUM_MAX = 1024
const INTERP_MAX = 4096

/** Reads fields in the file's own word size and byte order. */
class Fields {
  readonly view: DataView
  readonly bytes: Uint8Array
  readonly wide: boolean
  readonly little: boolean

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.wide = bytes[4] === 2
    this.little = bytes[5] === 1
  }

  u16(at: number): number {
    return this.view.getUint16(at, this.little)
  }

  u32(at: number): number {
    return this.view.getUint32(at, this.little)
  }

  /** An address, offset or size. Those of 2^53 and more become inexact and fail every range check. */
  word(at: number): number {
    return this.wide ? Number(this.view.getBigUint64(at, this.little)) : this.u32(at)
  }
}

/** The first bytes of a file that could be an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

/**
 * Parses and checks an ELF program. Throws ElfError, and nothing else. `bytes` is the file, or as much of its
 * beginning as holds the program headers and the interpreter's path; `fileSizeBytes` is the whole file's.
 */
export function parseElf(bytes: Uint8Array, fileSizeBytes = bytes.length): ElfImage {
  if (!isElf(bytes)) throw new ElfError('not an ELF file')
  if (bytes.length < 52) throw new ElfError('truncated ELF header')
  if (bytes[4] !== 1 && bytes[4] !== 2) throw new ElfError('ELF class is neither 32 nor 64 bit')
  if (bytes[5] !== 1 && bytes[5] !== 2) throw new ElfError('ELF byte order is unknown')
  if (bytes[6] !== 1) throw new ElfError('ELF version is unknown')
  const f = new Fields(bytes)
  if (f.wide && bytes.length < 64) throw new ElfError('truncated ELF header')

  const type = f.u16(16)
  if (type !== ET_EXEC && type !== ET_DYN)
    throw new ElfError('an ELF file, but not a program (object or core file)')
  const machineNumber = f.u16(18)
  const machine = MACHINES[machineNumber]
  if (!machine)
    throw new ElfError(
      `a program for ${FOREIGN[machineNumber] ?? `machine ${machineNumber}`}, which is not supported`,
    )
  const wideMachine = machine === 'x86-64' || machine === 'ppc64'
  if (wideMachine !== f.wide) throw new ElfError(`ELF class does not fit ${machine}`)
  const isOtherOrder = machine === 'ppc' ? f.little : machine !== 'ppc64' && !f.little
  if (isOtherOrder) throw new ElfError(`ELF byte order does not fit ${machine}`)

  const word = f.wide ? 8 : 4
  const entry = f.word(24)
  const phoff = f.word(24 + word)
  const flags = f.u32(24 + 3 * word)
  const phentsize = f.u16(f.wide ? 54 : 42)
  const phnum = f.u16(f.wide ? 56 : 44)
  if (phentsize !== (f.wide ? 56 : 32)) throw new ElfError('program header size is wrong')
  if (phnum === 0 || phnum > PHNUM_MAX) throw new ElfError('no program headers, or too many')
  if (phoff + phnum * phentsize > bytes.length)
    throw new ElfError('truncated: program headers lie outside the file')

  const segments: Segment[] = []
  for (let i = 0; i < phnum; i++) segments.push(parseSegment(f, phoff + i * phentsize))
  checkLoads(segments, fileSizeBytes)
  const image: ElfImage = {
    machine,
    bits: f.wide ? 64 : 32,
    littleEndian: f.little,
    type: type === ET_EXEC ? 'exec' : 'dyn',
    entry,
    flags,
    phoff,
    phentsize,
    phnum,
    segments,
  }
  const interpreter = segments.find((s) => s.type === 'interp')
  if (interpreter) image.interpreter = interpreterPath(bytes, interpreter)
  return image
}

function parseSegment(f: Fields, at: number): Segment {
  const p = f.u32(at + (f.wide ? 4 : 24))
  const prot = (p & 4 ? PROT_READ : 0) | (p & 2 ? PROT_WRITE : 0) | (p & 1 ? PROT_EXEC : 0)
  const type = SEGMENT_TYPES[f.u32(at)] ?? 'other'
  return f.wide
    ? {
        type,
        prot,
        fileOffset: f.word(at + 8),
        vaddr: f.word(at + 16),
        fileSizeBytes: f.word(at + 32),
        memSizeBytes: f.word(at + 40),
        align: f.word(at + 48),
      }
    : {
        type,
        prot,
        fileOffset: f.word(at + 4),
        vaddr: f.word(at + 8),
        fileSizeBytes: f.word(at + 16),
        memSizeBytes: f.word(at + 20),
        align: f.word(at + 28),
      }
}

function checkLoads(segments: Segment[], fileSizeBytes: number): void {
  const loads = segments.filter((s) => s.type === 'load')
  if (loads.length === 0) throw new ElfError('no segment to load')
  let end = 0
  for (const s of loads) {
    if (s.fileSizeBytes > s.memSizeBytes) throw new ElfError('a segment is larger in the file than in memory')
    if (s.fileOffset + s.fileSizeBytes > fileSizeBytes)
      throw new ElfError('truncated: a segment lies outside the file')
    if (!Number.isSafeInteger(s.vaddr + s.memSizeBytes))
      throw new ElfError('a segment has an impossible address')
    if (s.vaddr < end) throw new ElfError('segments overlap or are out of order')
    if (s.vaddr % 4096 !== s.fileOffset % 4096 && s.fileSizeBytes > 0)
      throw new ElfError('a segment has impossible alignment')
    end = s.vaddr + s.memSizeBytes
  }
}

function interpreterPath(bytes: Uint8Array, s: Segment): string {
  if (s.fileSizeBytes < 2 || s.fileSizeBytes > INTERP_MAX || s.fileOffset + s.fileSizeBytes > bytes.length)
    throw new ElfError("the interpreter's path lies outside the file")
  const path = bytes.subarray(s.fileOffset, s.fileOffset + s.fileSizeBytes)
  if (path[path.length - 1] !== 0) throw new ElfError("the interpreter's path does not end")
  let text = ''
  for (const byte of path.subarray(0, path.indexOf(0))) text += String.fromCharCode(byte)
  return text
}

const SHF_EXECINSTR = 4
const SHT_NOBITS = 8

/** Where code lies by the section headers, which stripping keeps; empty when they are gone or make no sense. */
export function codeSections(bytes: Uint8Array): { vaddr: number; fileOffset: number; sizeBytes: number }[] {
  const f = new Fields(bytes)
  const [shoff, entSize, count] = f.wide
    ? [f.word(40), f.u16(58), f.u16(60)]
    : [f.word(32), f.u16(46), f.u16(48)]
  const word = f.wide ? 8 : 4
  if (entSize !== (f.wide ? 64 : 40) || shoff + count * entSize > bytes.length) return []
  const found: { vaddr: number; fileOffset: number; sizeBytes: number }[] = []
  for (let i = 0; i < count; i++) {
    const at = shoff + i * entSize
    const [flags, vaddr, fileOffset, sizeBytes] = [0, 1, 2, 3].map((k) => f.word(at + 8 + k * word))
    if (!(flags! & SHF_EXECINSTR) || f.u32(at + 4) === SHT_NOBITS) continue
    if (fileOffset! + sizeBytes! <= bytes.length)
      found.push({ vaddr: vaddr!, fileOffset: fileOffset!, sizeBytes: sizeBytes! })
  }
  return found
}
