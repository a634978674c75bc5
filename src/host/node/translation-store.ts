/**
 * Translations kept between runs, in a folder of the user's cache: one file a program, for this build of the translator
 * only. A cache that cannot be read or written is none; nothing depends on it but speed.
 * Path: the CLI gives it to createCpu; emu/run/stored-batches.ts knows what is in the files.
 */

import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TranslationStore } from '../../../emu/run/index.ts'
import { removeOldest, userCacheFolder } from './user-cache.ts'

/** A program's file does not become larger. */
const FILE_SIZE_MAX = 48 << 20
/** All files together when a run first writes: the ones that were written longest ago go first. */
const FOLDER_SIZE_MAX = 512 << 20

/** The files the translator is made of. */
const BUILD = join(import.meta.dirname, '../../../emu')

/** A name for this build: what another one stored may not be what this one would make. */
function buildName(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(BUILD, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.[jt]s$/.test(name)) continue
    const { mtimeMs, size } = statSync(join(BUILD, name))
    hash.update(`${name} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

/** `mode` names the options of translation that change the code. */
export function nodeTranslationStore(mode: string): TranslationStore {
  const parent = userCacheFolder('translations')
  const folder = join(parent, `${buildName()}-${mode}`)
  let pruned = false
  return {
    load(program) {
      try {
        return readFileSync(join(folder, program))
      } catch {
        return null
      }
    },
    append(program, records) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const file = join(folder, program)
        const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
        const bytes = Buffer.concat(records)
        if (size + bytes.length > FILE_SIZE_MAX) return
        appendFileSync(file, bytes, { mode: 0o600 })
        if (!pruned) prune(parent)
        pruned = true
      } catch {
        // A full disk or a read-only home: the next run translates again.
      }
    },
  }
}

function prune(parent: string): void {
  const files = readdirSync(parent, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ path: join(parent, name), stat: statSync(join(parent, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ path, stat }) => ({ path, usedMs: stat.mtimeMs, sizeBytes: stat.size }))
  removeOldest(files, FOLDER_SIZE_MAX)
}
