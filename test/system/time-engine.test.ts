/** Real programs in a view with a clock of its own. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const PACKAGE = join(import.meta.dirname, '../..')
const COMMAND = join(PACKAGE, 'bin/umwelt.mjs')
const run = promisify(execFile)

async function umwelt(words: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'umwelt-time-'))
  try {
    const env = { PATH: process.env.PATH!, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME! }
    return (await run(process.execPath, [COMMAND, ...words], { cwd: folder, env })).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const sh = (engines: readonly string[], script: string, more: readonly string[] = []): Promise<string> =>
  umwelt([
    'run',
    '--seed',
    '1',
    ...more,
    ...engines.flatMap((e) => ['--engine', `time,${e}`]),
    'sh',
    '-c',
    script,
  ])

describe('programs in a view with its own clock', () => {
  it('agree on what time it is, and on how long something takes', async () => {
    const script =
      'date; touch x; sleep 3600; date; touch y; ls -l x y; test y -nt x && echo newer; cut -d. -f1 /proc/uptime'
    expect(await sh(['start=2001-01-01T00:00:00Z,pace=60'], script)).toBe(
      'Mon Jan  1 00:00:00 UTC 2001\n' +
        'Mon Jan  1 01:00:00 UTC 2001\n' +
        '-rw-r--r-- 1 root root 0 Jan  1 00:00 x\n' +
        '-rw-r--r-- 1 root root 0 Jan  1 01:00 y\n' +
        'newer\n' +
        '3600\n',
    )
  })

  it('in a view in a view in a view', async () => {
    const engines = ['start=2001-01-01,pace=60', 'pace=60', 'offset=86400,pace=2']
    expect(await sh(engines, 'sleep 7200; date')).toBe('Tue Jan  2 02:00:00 UTC 2001\n')
  })

  it('stamp files of the host with their time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'umwelt-times-'))
    try {
      const script = 'cd /v; echo x > made; echo y >> made; mkdir d; : > d/inner; ls -ld made d'
      const output = await sh(['start=2001-01-01,pace=0'], script, ['-v', `${folder}:/v:rw`])
      expect(output.match(/Jan {2}1 00:00/g)).toHaveLength(2)
      for (const name of ['', 'made', 'd', 'd/inner'])
        expect(statSync(join(folder, name)).mtimeMs).toBe(Date.UTC(2001, 0, 1))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const YEARLY = `at=978307200
for days in 31 28 31 30 31 30 31 31 30 31 30 31; do
  at=$((at + days * 86400)); left=$((at - $(date +%s)))
  test $left -le 0 || sleep $left
  date +%Y-%m
done`
  const MONTHS = [...Array(11).keys()].map((i) => `2001-${String(i + 2).padStart(2, '0')}\n`)

  it('do what is to be done each month within seconds, by the real clock and by a simulated one', async () => {
    const started = performance.now()
    const engine = 'time,start=2001-01-01T00:00:00Z,pace=1576800'
    expect(await umwelt(['run', '--engine', engine, 'sh', '-c', YEARLY])).toBe(`${MONTHS.join('')}2002-01\n`)
    expect(performance.now() - started).toBeGreaterThan(19_000)
    expect(await sh(['start=2001-01-01T00:00:00Z,pace=60'], YEARLY)).toBe(`${MONTHS.join('')}2002-01\n`)
  })

  it('a wrong option is one line', async () => {
    await expect(umwelt(['run', '--engine', 'time,pace=fast', 'true'])).rejects.toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/^umwelt: time: pace fast is neither 0 nor a factor/),
    })
  })
})
