// What passed and what did not, kept by commit in the cache, so that long suites can be stopped and gone on with.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suiteName } from '../idle/under-test.mjs'
import { CACHE } from '../programs/debian.mjs'

const git = (...args) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()

export class Results {
  /** `again` begins anew. A changed work tree is kept apart from its commit, and not for the next run. */
  constructor(suite, again) {
    const folder = join(CACHE, 'results')
    mkdirSync(folder, { recursive: true })
    const isDirty = git('status', '--porcelain', '--untracked-files=no') !== ''
    this.file = join(
      folder,
      `${suiteName(suite)}-${git('rev-parse', '--short=12', 'HEAD')}${isDirty ? '-changed' : ''}.json`,
    )
    this.byName =
      existsSync(this.file) && !again && !isDirty ? JSON.parse(readFileSync(this.file, 'utf8')) : {}
  }

  isPassed(name) {
    return this.byName[name]?.passed === true
  }

  /** How many tests a name stood for. */
  count(name) {
    return this.byName[name]?.count ?? 0
  }

  set(name, passed, count = 1) {
    this.byName[name] = { passed, count }
    writeFileSync(this.file, JSON.stringify(this.byName, null, 1))
  }

  /** Says how many passed and failed, and sets the process's status; fewer than `least` fail. */
  finish(names, least) {
    const failed = names.filter((name) => !this.isPassed(name))
    const passed = names.length - failed.length
    console.log(`${passed} passed, ${failed.length} failed`)
    if (failed.length > 0 || passed < least) process.exitCode = 1
  }
}
