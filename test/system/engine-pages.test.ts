/** The pages of docs/engines: there is one for every engine, and what it shows is what happens. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { engines } from '../../syscalls/engines/index.ts'

const PACKAGE = join(import.meta.dirname, '../..')
const PAGES = join(PACKAGE, 'docs/engines')
const COMMAND = join(PACKAGE, 'bin/umwelt.mjs')
const run = promisify(execFile)

async function umwelt(words: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'umwelt-page-'))
  try {
    const env = { PATH: process.env.PATH!, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME! }
    // What a transcript shows is the output; it may end with an error.
    const said = await run(process.execPath, [COMMAND, ...words], { cwd: folder, env }).catch(
      (error: { stdout: string }) => error,
    )
    return said.stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Commands and what they print, as a page shows them. */
function transcripts(page: string): { words: string[]; output: string }[] {
  return page
    .split(/^ {4}\$ umwelt /m)
    .slice(1)
    .map((part) => {
      const [command, ...rest] = part.split('\n')
      const lines = rest.slice(
        0,
        rest.findIndex((line) => !line.startsWith('    ')),
      )
      return {
        words: [...command!.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!),
        output: lines.map((line) => `${line.slice(4)}\n`).join(''),
      }
    })
}

it('every engine has a page', () => {
  const pages = readdirSync(PAGES).map((name) => name.replace(/\.md$/, ''))
  expect(pages.filter((name) => name !== 'README').sort()).toEqual(Object.keys(engines).sort())
})

for (const name of readdirSync(PAGES))
  describe(`docs/engines/${name}`, () => {
    const shown = transcripts(readFileSync(join(PAGES, name), 'utf8'))
    it('has examples', () => expect(shown.length).toBeGreaterThan(0))
    for (const { words, output } of shown)
      it(words.join(' '), async () => expect(await umwelt(words)).toBe(output))
  })
