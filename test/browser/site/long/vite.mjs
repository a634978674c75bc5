// The recipe of docs/browser.md: a page of a Vite project, built and from the development server.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Unavailable } from '../debian-image.mjs'

const ROOT = join(import.meta.dirname, '../../../..')
const INSTALL_LIMIT_MS = 240_000
const ANSWERS_BELOW = '/built'

/** The files that the recipe names, each by the line above it. */
function recipe() {
  const page = readFileSync(join(ROOT, 'docs/browser.md'), 'utf8')
  const files = [...page.matchAll(/^`([\w.]+)`:\n\n```\w+\n(.*?)^```/gms)].map(([, name, text]) => [
    name,
    text,
  ])
  if (files.length < 3) throw new Error(`docs/browser.md has a recipe of ${files.length} files`)
  return files
}

/** A project with the packed library and Vite. Throws Unavailable. */
function project(folder) {
  writeFileSync(join(folder, 'package.json'), '{ "name": "page", "private": true, "type": "module" }\n')
  for (const [name, text] of recipe()) writeFileSync(join(folder, name), text)
  const npm = (...args) =>
    spawnSync('npm', args, { cwd: folder, encoding: 'utf8', timeout: INSTALL_LIMIT_MS })
  const packed = npm('pack', ROOT, '--silent')
  if (packed.status !== 0) throw new Error(`npm pack: ${packed.stderr}`)
  const installed = npm(
    'install',
    '--no-audit',
    '--no-fund',
    `./${packed.stdout.trim().split('\n').pop()}`,
    'vite',
  )
  if (installed.status !== 0) throw new Unavailable(`npm install: ${installed.stderr.trim().split('\n')[0]}`)
}

/** What the recipe's page shows, by the element and by the library. */
async function works(world, address) {
  const driver = await world.open(address)
  await driver.shows(/^42$/m)
  await driver.says(/^exit status 0$/)
  await driver.until(
    'the library has answered',
    async () => (await driver.of('#out', '(e) => e.textContent')) === 'Linux\n',
  )
}

function serveBuilt(world, folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )
  for (const name of names) world.server.add(`${ANSWERS_BELOW}/${name}`, readFileSync(join(folder, name)))
}

async function development(folder, use) {
  const child = spawn('npx', ['vite', '--port', '0', '--host', '127.0.0.1'], { cwd: folder, detached: true })
  try {
    const url = await new Promise((resolve, reject) => {
      let said = ''
      child.stdout.on('data', (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
        said += `${text}`.replace(/\x1b\[\d+m/g, '')
        const [found] = /http:\/\/\S+\//.exec(said) ?? []
        if (found) resolve(found)
      })
      child.on('exit', () => reject(new Error(`vite ended: ${said}`)))
    })
    await use(url)
  } finally {
    process.kill(-child.pid)
  }
}

export const cases = [
  {
    name: 'site: the Vite recipe, built and in development',
    async run(world) {
      const folder = mkdtempSync(join(tmpdir(), 'umwelt-vite-'))
      try {
        project(folder)
        const built = spawnSync('npx', ['vite', 'build', '--base', './'], { cwd: folder, encoding: 'utf8' })
        if (built.status !== 0) throw new Error(`vite build: ${built.stderr}`)
        serveBuilt(world, join(folder, 'dist'))
        await works(world, `${ANSWERS_BELOW}/index.html`)
        await development(folder, (url) => works(world, url))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  },
]
