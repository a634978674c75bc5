#!/usr/bin/env node
/**
 * Runs each test/userland/*.sh natively under our userland and under dash with
 * coreutils, and compares standard output and status.
 *
 *   node test/userland/compare.mjs            compare; against dash too if it is there
 *   node test/userland/compare.mjs --record   write expected/NAME.out, from dash alone
 *   node test/userland/compare.mjs NAME...    only these scripts
 *
 * expected/NAME.out is dash's output with "status N" as its last line: by it the
 * emulator is tested where no dash is. Each script runs in an empty directory.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const elf = process.env.USERLAND ?? join(here, '../../rootfs/images/userland.elf')
const timeLimitMs = 20_000

/** A directory of symlinks, as the image's /bin is. */
function makeFarm(parent, name, links) {
  const farm = join(parent, name)
  mkdirSync(farm)
  for (const [link, target] of links) symlinkSync(target, join(farm, link))
  return farm
}

function runScript(script, shell, path, parent) {
  const cwd = mkdtempSync(join(parent, 'run-'))
  const env = { PATH: path, LC_ALL: 'C', TZ: 'UTC0', HOME: '/home/tester' }
  const result = spawnSync(shell, [script], { cwd, env, timeout: timeLimitMs, input: '' })
  const status = result.status ?? `none (${result.signal})`
  return { output: `${result.stdout.toString('latin1')}status ${status}\n`, errors: result.stderr.toString() }
}

/** The first line in which two outputs differ, or nothing. */
function firstDifference(actual, expected) {
  const [a, e] = [actual.split('\n'), expected.split('\n')]
  const at = e.findIndex((line, index) => line !== a[index])
  if (at < 0 && a.length === e.length) return undefined
  const index = at < 0 ? e.length : at
  return `line ${index + 1}\n    expected ${JSON.stringify(e[index])}\n    actual   ${JSON.stringify(a[index])}`
}

const record = process.argv.includes('--record')
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const scripts = readdirSync(here)
  .filter((name) => name.endsWith('.sh') && (!wanted.length || wanted.includes(basename(name, '.sh'))))
  .sort()
const dash = '/usr/bin/dash'
const haveDash = existsSync(dash)
if (record && !haveDash) throw new Error('--record needs dash')
if (!scripts.length) throw new Error('no script to run')

const parent = mkdtempSync(join(tmpdir(), 'userland-'))
let failures = 0
let checks = 0
try {
  const { applets } = JSON.parse(readFileSync(join(here, '../../rootfs/images/userland.json'), 'utf8'))
  const ours = makeFarm(
    parent,
    'ours',
    applets.map((name) => [name, elf]),
  )
  const native = `${makeFarm(parent, 'native', [['sh', dash]])}:/usr/bin:/bin`
  for (const name of scripts) {
    const script = join(here, name)
    const recording = join(here, 'expected', `${basename(name, '.sh')}.out`)
    const report = (what, difference, errors) => {
      failures++
      console.error(`${name}: ${what}, ${difference}\n${errors}`)
    }
    const reference = haveDash ? runScript(script, dash, native, parent) : undefined
    if (record) {
      writeFileSync(recording, reference.output, 'latin1')
      console.log(`${name}: recorded`)
      continue
    }
    const expected = readFileSync(recording, 'latin1')
    checks += expected.split('\n').length - 1
    const stale = reference && firstDifference(reference.output, expected)
    if (stale) report('dash no longer does what was recorded', stale, reference.errors)
    const actual = runScript(script, join(ours, 'sh'), ours, parent)
    const difference = firstDifference(actual.output, expected)
    if (difference) report('differs from dash', difference, actual.errors)
  }
} finally {
  rmSync(parent, { recursive: true, force: true })
}
if (!record) console.log(`${scripts.length} scripts, ${checks} checks (lines), ${failures} failures`)
process.exit(failures ? 1 : 0)
