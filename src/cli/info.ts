/** `umwelt info ELF`: what a program is and what it needs that is not here. Path: main.ts → here → elf-info.ts. */

import { readFileSync } from 'node:fs'
import { ElfError } from '../../emu/elf/elf.ts'
import { type CodeInfo, type ElfInfo, elfInfo } from '../elf-info.ts'
import { UsageError } from './options.ts'

/** Different missing instructions that are listed. */
const MISSING_SHOWN = 8

/** The text for a host file. Throws UsageError. */
export function infoText(path: string): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  try {
    return describe(path, elfInfo(bytes))
  } catch (error) {
    throw error instanceof ElfError ? new UsageError(`${path}: ${error.message}`) : error
  }
}

function describe(path: string, info: ElfInfo): string {
  const rows: [string, string][] = [
    ['file', path],
    ['isa', `${info.machine}, ${info.bits} bit, ${info.endianness} endian`],
    ['linkage', info.linkage],
    ['entry', `0x${info.entry.toString(16)}`],
  ]
  if (info.interpreter) rows.push(['interpreter', info.interpreter])
  if (info.code) rows.push(...codeRows(info.code))
  else if (info.runs) rows.push(['runs here', 'yes'])
  else rows.push(['runs here', `no: there is no ${info.machine} CPU yet`])
  return rows.map(([name, value]) => `${name.padEnd(14)}${value}\n`).join('')
}

function codeRows(code: CodeInfo): [string, string][] {
  const rows: [string, string][] = [
    [
      'level',
      `${code.level}${code.features.length > 0 ? ` (${code.features.join(', ')})` : ''}; here: x86-64-v2`,
    ],
    ['code', `${code.instructionCount} instructions seen`],
  ]
  const places = code.missing.reduce((sum, { places }) => sum + places, 0)
  rows.push(['instructions', places === 0 ? 'all of them are here' : `${places} places with others:`])
  for (const { family, bytes, pc, places } of code.missing.slice(0, MISSING_SHOWN))
    rows.push([
      '',
      `0x${pc.toString(16)}  ${bytes}${family ? `  ${family}` : ''}${places > 1 ? `  (${places} places)` : ''}`,
    ])
  if (code.missing.some(({ family }) => family !== ''))
    rows.push(['', 'AVX is behind a CPUID check in most programs, and then does no harm.'])
  rows.push([
    'system calls',
    `${code.syscalls.length} seen; missing here: ${code.missingSyscalls.join(', ') || 'none'}`,
  ])
  return rows
}
