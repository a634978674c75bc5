#!/usr/bin/env node
/**
 * Types the sessions of sessions.json at our shell in a terminal (tmux) and compares the screen: a check for
 * development, run by hand. The sessions are data, so that they can be replayed in any terminal.
 *
 *   node test/userland/terminal.mjs [NAME]...
 *
 * A session is a list of steps: `keys` are typed, then the screen's lines must become `screen` (trailing blanks and
 * empty lines at the end do not count). In a line {n} stands for any number.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const images = join(here, '../../rootfs/images')
const elf = process.env.USERLAND ?? join(images, 'userland.elf')
const stepLimitMs = 5000
const { size, files, sessions } = JSON.parse(readFileSync(join(here, 'sessions.json'), 'utf8'))
const { applets } = JSON.parse(readFileSync(join(images, 'userland.json'), 'utf8'))
const wanted = process.argv.slice(2)

const parent = mkdtempSync(join(tmpdir(), 'terminal-'))
/** Each session has a server of its own: one that is ending cannot be used again. */
const server =
  (name) =>
  (...words) =>
    execFileSync('tmux', ['-u', '-S', join(parent, `${name}.s`), '-f', '/dev/null', ...words], {
      encoding: 'utf8',
    })

const trimmed = (lines) => {
  const text = lines.map((line) => line.trimEnd())
  while (text.length && text.at(-1) === '') text.pop()
  return text
}

const matches = (actual, expected) =>
  actual.length === expected.length &&
  expected.every((line, i) => {
    const pattern = line.split('{n}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${pattern.join('\\d+')}$`).test(actual[i])
  })

async function waitFor(tmux, expected) {
  const deadline = Date.now() + stepLimitMs
  for (;;) {
    const actual = trimmed(tmux('capture-pane', '-p', '-t', 's').split('\n'))
    if (matches(actual, expected)) return undefined
    if (Date.now() > deadline) return actual
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

async function runSession({ name, steps }) {
  const tmux = server(name)
  const cwd = join(parent, name, 'home')
  mkdirSync(cwd, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text)
  const environment = [`PATH=${join(parent, 'bin')}`, `HOME=${cwd}`, 'PS1=$ ', 'TERM=linux', 'LC_ALL=C']
  const shell = ['env', '-i', ...environment, 'sh']
  tmux('new-session', '-d', '-s', 's', '-x', `${size.columns}`, '-y', `${size.rows}`, '-c', cwd, ...shell)
  tmux('set', '-g', 'status', 'off')
  try {
    for (const [index, { keys, screen }] of steps.entries()) {
      if (keys) tmux('send-keys', '-t', 's', '-H', ...[...Buffer.from(keys)].map((byte) => byte.toString(16)))
      const actual = await waitFor(tmux, screen)
      if (!actual) continue
      console.error(`${name}, step ${index + 1} (${JSON.stringify(keys)}):`)
      console.error(`  expected ${JSON.stringify(screen)}\n  actual   ${JSON.stringify(actual)}`)
      return false
    }
    return true
  } finally {
    tmux('kill-server')
  }
}

let failures = 0
try {
  mkdirSync(join(parent, 'bin'))
  for (const name of applets) symlinkSync(elf, join(parent, 'bin', name))
  for (const session of sessions)
    if (!wanted.length || wanted.includes(session.name)) failures += (await runSession(session)) ? 0 : 1
} finally {
  rmSync(parent, { recursive: true, force: true })
}
console.log(`${sessions.length} sessions, ${failures} failures`)
process.exit(failures ? 1 : 0)
