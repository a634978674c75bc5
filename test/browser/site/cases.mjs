// The site's cases in one browser, each with pages of its own: the files of the folder quick, or long. Path: run.mjs.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { debianPackage } from '../../programs/debian.mjs'
import { openBrowser } from '../browsers.mjs'
import { Unavailable } from './debian-image.mjs'
import { Driver } from './driver.mjs'
import { SiteServer } from './server.mjs'

const UMWELT = join(import.meta.dirname, '../../../bin/umwelt.mjs')
const CASE_LIMIT_MS = 300_000
const FORGET = `(async () => {
  for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister()
  const folder = await navigator.storage.getDirectory()
  for await (const name of folder.keys()) await folder.removeEntry(name, { recursive: true })
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name)
})()`
/** A file's `cases` are [{name, run, only}]; `run` is given a World, and may return what there is to say. */

/** What cases work with. */
class World {
  constructor(browserName, browser, server, served) {
    Object.assign(this, { browserName, browser, server, served })
    this.opened = []
  }

  /** A new page, at an address of the server unless it is a whole one. */
  async open(address) {
    const driver = new Driver(await this.browser.newPage(), {
      name: this.browserName,
      downloads: this.browser.downloads,
    })
    this.opened.push(driver)
    if (address) await driver.goto(address.startsWith('/') ? this.server.url + address : address)
    return driver
  }

  /** A page of somebody's own, who has the site's files in a folder. */
  openHtml(body, { folder = '', headers } = {}) {
    const path = `${folder}/page-${this.server.files.size}.html`
    this.server.add(
      path,
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
      <script type="module" src="${folder}/umwelt-terminal.js"></script>${body}`,
      headers,
    )
    return this.open(path)
  }

  /** Debian's own, at an address. Throws Unavailable. */
  program(name) {
    const { folder, reason } = debianPackage(name)
    if (!folder) throw new Unavailable(reason)
    const file = join(folder, 'bin', name.replace(/^busybox-static$/, 'busybox'))
    this.server.addFile(`/${name}`, file)
    return { url: `/${name}`, file }
  }

  /** What the front page keeps is the case's own. */
  async forget() {
    const driver = await this.open(`${this.served}userland.json`)
    await driver.page.evaluate(FORGET)
    await this.closePages()
  }

  async closePages() {
    for (const driver of this.opened.splice(0)) await driver.close().catch(() => {})
  }
}

/** `umwelt serve` as users start it. */
async function serveSite() {
  const child = spawn(process.execPath, [UMWELT, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 2] })
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => resolve(/http:\S+?\/(?= )/.exec(text)[0]))
    child.on('exit', () => reject(new Error('umwelt serve ended')))
  })
  return { url, end: () => child.kill() }
}

async function casesOf(kind) {
  const folder = join(import.meta.dirname, kind)
  const names = readdirSync(folder).filter((name) => name.endsWith('.mjs'))
  const lists = await Promise.all(names.sort().map((name) => import(join(folder, name))))
  return lists.flatMap(({ cases }) => cases)
}

/** Runs those that are wanted; `report(name, problem, ms)` and `skip(what, reason)` are told. */
export async function runSiteCases(kind, browserName, { isWanted, report, skip }) {
  const cases = (await casesOf(kind)).filter(
    ({ name, only }) => isWanted(name) && (only ?? browserName) === browserName,
  )
  if (cases.length === 0) return
  const browser = await openBrowser(browserName)
  if ('reason' in browser) return skip(`the site in ${browserName}`, browser.reason)
  const server = await new SiteServer().addSite('').listen()
  const served = await serveSite()
  const world = new World(browserName, browser, server, served.url)
  try {
    for (const { name, run } of cases) {
      const started = performance.now()
      let timer
      const tooLong = new Promise((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('it takes too long')), CASE_LIMIT_MS)
      })
      try {
        await world.forget()
        const note = await Promise.race([run(world), tooLong])
        report(note ? `${name}: ${note}` : name, null, performance.now() - started)
      } catch (error) {
        if (error instanceof Unavailable) skip(name, error.message)
        else {
          const pages = await Promise.all(world.opened.map((driver) => driver.state()))
          report(name, [error.stack ?? error, ...pages].join('\n'), performance.now() - started)
        }
      }
      clearTimeout(timer)
      await world.closePages()
    }
  } finally {
    await browser.close()
    server.close()
    served.end()
  }
}
