// A Debian root of more than a gigabyte, read where it lies by range requests: what `ls` and python3 need of it, and
// full-screen programs, whose screens are compared with those of the same programs on a terminal natively.
import { ENVIRONMENT, nativeCommand } from '../../../debian/runners.mjs'
import { noTerminal, Session } from '../../../programs/session.mjs'
import { serveRoot, TAR, Unavailable } from '../debian-image.mjs'
import { pause } from '../driver.mjs'
import { below } from '../expect.mjs'

const IMAGE_BYTES_LEAST = 300e6
const LS_BYTES_MAX = 30e6
const STEP_LIMIT_MS = 120_000
const ELEMENT = 'umwelt-terminal'
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`

const attribute = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
const openRoot = (world, args) =>
  world.openHtml(`<${ELEMENT} root="${TAR}" args="${attribute(args)}"></${ELEMENT}>`)

/** What was sent of the archive and its index since then. */
function sentOf(world) {
  const bytes = (path) => world.server.sent.get(path)?.bytes ?? 0
  return bytes(TAR) + bytes(`${TAR}.index`)
}

async function readsLittle(world) {
  const { size } = serveRoot(world.server)
  below(IMAGE_BYTES_LEAST, size, 'the least size of an image')
  const driver = await openRoot(world, 'ls -l /usr/bin')
  await driver.says(/^exit status 0$/)
  await driver.shows(/ python3 -> python3\.11/)
  const forList = sentOf(world)
  below(forList, LS_BYTES_MAX, 'what ls reads, in bytes,')
  const python = await openRoot(world, "python3 -c 'print(6*7)'")
  await python.shows(/^42$/m, ELEMENT, STEP_LIMIT_MS)
  await python.says(/^exit status 0$/)
  return `of ${megabytes(size)} ls -l read ${megabytes(forList)}, python3 ${megabytes(sentOf(world) - forList)}`
}

/** A key by name where it is none of a text, and what it sends. */
const KEYS = { Escape: '\x1b', Enter: '\r', 'Control+d': '\x04' }
const ENV = { ...ENVIRONMENT, TERM: 'xterm-256color', PS1: '$ ' }
const screenOf = (text, view) => view(text.split('\n').map((line) => line.trimEnd()))
const all = (lines) => lines.join('\n').trimEnd().split('\n')

async function sameScreens(world, { script, steps, view = all }) {
  const { folder } = serveRoot(world.server)
  const reason = noTerminal()
  if (reason) throw new Unavailable(reason)
  const driver = await openRoot(world, 'stty size')
  await driver.says(/^exit status 0$/)
  const [rows, columns] = (await driver.text()).split(' ').map(Number)
  const words = Object.entries(ENV).map(([name, value]) => `'${name}=${value}'`)
  const line = `env -i ${words.join(' ')} sh -c '${script}'`
  await driver.of(ELEMENT, `(e) => e.setAttribute('args', ${JSON.stringify(line)})`)
  await driver.says(/^running|MB loaded$/)
  await driver.click(`${ELEMENT} >>> .place`)
  const command = nativeCommand(folder, ['/bin/sh', '-c', script], ENV)
  const native = new Session({ command, cwd: '/', size: [columns, rows] })
  try {
    for (const [i, step] of [null, ...steps].entries()) {
      if (step !== null) native.type(KEYS[step] ?? step)
      if (step !== null) await (KEYS[step] ? driver.press(step) : driver.type(step))
      await native.quiet({})
      const wanted = view(native.lines({}))
      const deadline = Date.now() + STEP_LIMIT_MS
      let found
      while ((found = screenOf((await driver.text()) ?? '', view)).join('\n') !== wanted.join('\n')) {
        if (Date.now() > deadline)
          throw new Error(
            `step ${i} (${step}):\nnative ${JSON.stringify(wanted)}\npage   ${JSON.stringify(found)}`,
          )
        await pause(100)
      }
      // What was typed may only have been echoed yet.
      await pause(300)
    }
    return `${columns} × ${rows}`
  } finally {
    native.end()
  }
}

export const cases = [
  { name: 'site: a Debian root by range requests', run: readsLittle },
  {
    name: 'site: vim-tiny looks as on a terminal',
    run: (world) =>
      sameScreens(world, {
        script: 'printf "one\\ntwo\\nthree\\n" > /tmp/file; exec vi -u NONE /tmp/file',
        // Undoing says how long ago the change was.
        view: (lines) => all(lines.map((line) => line.replace(/\d+ seconds? ago$/, 'a while ago'))),
        steps: [
          'ihello ',
          'Escape',
          'jdd',
          'Gonew line',
          'Escape',
          ':w',
          'Enter',
          '/three',
          'Enter',
          'x:set nu',
          'Enter',
          'u',
          ':q!',
          'Enter',
        ],
      }),
  },
  {
    name: 'site: nethack looks as on a terminal',
    run: (world) =>
      sameScreens(world, {
        script: 'exec nethack -u tester -p Valkyrie -r human -g female -a neutral',
        steps: [],
        view: (lines) => lines.slice(0, 3),
      }),
  },
]
