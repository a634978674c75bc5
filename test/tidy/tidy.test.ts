/** The rules of the house that no compiler checks: who imports whom, sizes, words. */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOMS } from './rooms.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILE_LINES_MAX = 600
const FUNCTION_LINES_MAX = 90
/** Long tables are one piece: cutting them would make them harder to read. */
const LONG_FILES = new Set(['emu/ir/region.ts', 'emu/wasm/lower.ts', 'syscalls/abi/arch/x86-64-numbers.ts'])

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
}

const FILES = ['emu', 'syscalls', 'src'].flatMap(sources)
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

function roomOf(file: string): string | undefined {
  return Object.keys(ROOMS)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0]
}

function importsOf(file: string): string[] {
  return [...text(file).matchAll(/from '(\.[^']+)'/g)].map((m) =>
    relative(ROOT, normalize(join(ROOT, dirname(file), m[1]!)))
      .split(sep)
      .join('/'),
  )
}

describe('the house', () => {
  it('has files to look at', () => {
    expect(FILES.length).toBeGreaterThan(50)
  })

  it('lets each room import its neighbours only', () => {
    const wrong: string[] = []
    for (const file of FILES) {
      const room = roomOf(file)
      expect(room, `${file} is in no room`).toBeDefined()
      for (const target of importsOf(file)) {
        const allowed = [room!, ...ROOMS[room!]!]
        if (!allowed.some((a) => target === a || target.startsWith(`${a}/`)))
          wrong.push(`${file} → ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('keeps files short', () => {
    const long = FILES.filter((f) => !LONG_FILES.has(f) && text(f).split('\n').length > FILE_LINES_MAX)
    expect(long).toEqual([])
  })

  it('keeps functions short', () => {
    const long: string[] = []
    for (const file of FILES) {
      let start = -1
      text(file)
        .split('\n')
        .forEach((line, n) => {
          if (
            /^ {0,2}(export )?((private |protected |async |static |override )*\w+\(.*\{|function .*\{)$/.test(
              line,
            )
          )
            start = n
          else if (/^ {0,2}\}$/.test(line) && start >= 0) {
            if (n - start > FUNCTION_LINES_MAX) long.push(`${file}:${start + 1}`)
            start = -1
          }
        })
    }
    expect(long).toEqual([])
  })

  it('opens each file with what it is', () => {
    expect(FILES.filter((f) => !text(f).startsWith('/**'))).toEqual([])
  })

  it('names no host clock or randomness below src/host', () => {
    const named = FILES.filter(
      (f) =>
        !f.startsWith('src/') && /\b(Date\.now|new Date\(|Math\.random|performance\.now)\b/.test(text(f)),
    )
    expect(named).toEqual([])
  })

  it('has no unfinished or switched-off code', () => {
    const found = FILES.filter((f) => /\b(TODO|FIXME|XXX)\b|@ts-ignore|debugger;/.test(text(f)))
    expect(found).toEqual([])
  })

  it('avoids file names that say nothing', () => {
    expect(FILES.filter((f) => /(^|\/)(utils?|helper|manager|misc|common)\.ts$/.test(f))).toEqual([])
  })
})
