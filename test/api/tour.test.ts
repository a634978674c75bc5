/** The example that shows every public name runs and prints what it says; and it does show every name. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as umwelt from '../../src/host/node/index.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLE = join(ROOT, 'examples/tour.mjs')
/** Types of results: nobody makes one of these. */
const MADE_BY_OTHERS = ['FileStats', 'GuestFiles', 'GuestProcess', 'SKIPEXIT']

it('prints what the tour says', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [EXAMPLE], { encoding: 'utf8', cwd: ROOT })
  expect(stderr).toBe('')
  expect(stdout.split('\n')).toEqual([
    'tr: HELLO FROM THE HOST { code: 0, signal: null }',
    'sh: 2 /srv/notes tour',
    "fs: [ 'one' ] 13",
    'fs: true ENOENT',
    'deny: mkdir: /new: Read-only file system 1',
    'time: 2001 over ',
    'view: [',
    "  'name',",
    "  'id',",
    "  'allow',",
    "  'record',",
    "  'time,offset=60',",
    "  'answer',",
    "  'name,nodename=venus'",
    ']',
    "view: venus 1000 forty-two  [ 'read' ]",
    "engine: still here 1  [ 'came by', 'own uid 0' ]",
    'verdicts: 8 stop 5',
    'plain: { code: 1, signal: null } plain',
    'plain: { code: 1, signal: null } plain',
    'far: true',
    'channels: function function true',
    'viewfs: C /etc, D /etc/motd, C /tmp, A /tmp/new',
    'proc: 1',
    'kill: SIGTERM',
    'abort: SIGKILL',
    'start: true ENOENT',
    'ended: true',
    'trace: 0 true function',
    '',
  ])
  expect(status).toBe(0)
})

it('shows every public name', () => {
  const text = readFileSync(EXAMPLE, 'utf8')
  const missing = Object.keys(umwelt).filter(
    (name) => !MADE_BY_OTHERS.includes(name) && !new RegExp(`\\b${name}\\b`).test(text),
  )
  expect(missing).toEqual([])
})
