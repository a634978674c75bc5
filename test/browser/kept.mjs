// The site's machine from one page to the next: its changes are kept (in the origin private file system, and in IndexedDB
// where there is none), what cannot be kept is said, and the site works without its server, in one build at a time.
// Path: run.mjs calls it.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { openBrowser } from './browsers.mjs'

const root = join(import.meta.dirname, '../..')
const LIMIT_MS = 40_000
const POLL_MS = 50
const TYPES = { js: 'text/javascript', json: 'application/json', html: 'text/html', css: 'text/css' }
/** In front of the Worker: a browser without the origin private file system, and one with little room. */
const WITHOUT_OPFS = 'delete StorageManager.prototype.getDirectory;'
const ROOM = 1_000_000
const WITH_LITTLE_ROOM = `{
  const { write } = FileSystemSyncAccessHandle.prototype
  let written = 0
  FileSystemSyncAccessHandle.prototype.write = function (bytes, options) {
    written = options.at === 0 ? 0 : written
    if ((written += bytes.byteLength) > ${ROOM}) throw new DOMException('full', 'QuotaExceededError')
    return write.call(this, bytes, options)
  }
}`
const WITH_LITTLE_ROOM_INDEXED = `${WITHOUT_OPFS} {
  const { put } = IDBObjectStore.prototype
  IDBObjectStore.prototype.put = function (value, key) {
    if (value.size > ${ROOM}) throw new DOMException('full', 'QuotaExceededError')
    return put.call(this, value, key)
  }
}`
const ALL_KEPT = /^All changes are kept/
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const sha256 = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`

/** The site of one build, at an address of its own. */
class Site {
  files = new Map()
  server = createServer((request, response) => {
    const name = new URL(request.url, 'http://site').pathname.slice(1) || 'index.html'
    const file = this.files.get(name)
    response.writeHead(file ? 200 : 404, {
      'content-type': TYPES[name.split('.').pop()] ?? 'application/octet-stream',
      'cache-control': 'no-cache',
    })
    response.end(file ?? '')
  })

  /** `change` is given the text of a file, by its name. */
  static async start(change = {}) {
    const site = new Site()
    for (const name of readdirSync(join(root, 'dist/browser')))
      site.files.set(name, readFileSync(join(root, 'dist/browser', name)))
    site.change(change)
    await new Promise((resolve) => site.server.listen(0, '127.0.0.1', resolve))
    site.url = `http://localhost:${site.server.address().port}/`
    return site
  }

  /** Makes it another build's. */
  change(change) {
    let worker = String(this.files.get('service-worker.js'))
    for (const [name, edit] of Object.entries(change)) {
      const before = this.files.get(name)
      const after = Buffer.from(edit(String(before)))
      this.files.set(name, after)
      worker = worker.replace(sha256(before), sha256(after))
    }
    const build = createHash('sha256').update(worker).digest('hex').slice(0, 16)
    this.files.set('service-worker.js', worker.replace(/"[0-9a-f]{16}"/, `"${build}"`))
  }

  async stop() {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

/** The front page, as a person sees it. */
class FrontPage {
  constructor(page) {
    this.page = page
  }

  static async open(browser, url) {
    const page = await browser.newPage()
    page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error}`))
    if (process.env.UMWELT_PAGE_CONSOLE)
      page.on('console', (message) => console.log(`page: ${message.text()}`))
    await page.goto(url)
    return new FrontPage(page)
  }

  evaluate(expression) {
    return this.page.evaluate(expression)
  }

  async until(what, condition) {
    const deadline = Date.now() + LIMIT_MS
    for (;;) {
      // A page that is being loaded has nothing to say.
      const found = await condition().catch(() => null)
      if (found) return
      if (Date.now() > deadline) throw new Error(`it never came to this: ${what}; ${await this.seen()}`)
      await pause(POLL_MS)
    }
  }

  terminal() {
    return this.evaluate(`document.querySelector('#panels > :not([hidden]) umwelt-terminal')?.text ?? ''`)
  }

  line(id) {
    return this.evaluate(`document.querySelector('#${id}').textContent`)
  }

  async seen() {
    const seen = [await this.line('kept'), await this.line('said'), (await this.terminal()).slice(-300)]
    return JSON.stringify(seen)
  }

  shows(pattern) {
    return this.until(`the terminal shows ${pattern}`, async () => pattern.test(await this.terminal()))
  }

  says(id, pattern) {
    return this.until(`#${id} says ${pattern}`, async () => pattern.test(await this.line(id)))
  }

  /** Types a command when there is a prompt. */
  async enter(command) {
    await this.shows(/[#$] *$/)
    await this.page.keyboard.type(command)
    await this.page.keyboard.press('Enter')
  }

  async reload() {
    await this.page.reload()
  }

  async makeNew() {
    await this.evaluate(`document.querySelector('#fresh').click()`)
    await this.evaluate(`document.querySelector('#question [value=yes]').click()`)
  }
}

async function reloaded(browser, change, hasFiles) {
  const site = await Site.start(change)
  try {
    const front = await FrontPage.open(browser, site.url)
    await front.says('kept', ALL_KEPT)
    const files = await front.evaluate(
      `navigator.storage.getDirectory().then((top) => top.getDirectoryHandle('umwelt')).then(() => true, () => false)`,
    )
    if (files !== hasFiles) throw new Error(`it is kept in files: ${files}`)
    await front.enter(
      'echo kept-text > /work/a; mv /etc/hostname /etc/name; mkdir /new; ln -s ../work/a /new/link',
    )
    await front.enter('i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; rm /etc/profile; echo done-$i')
    await front.shows(/^done-3000/m)
    await pause(200)
    await front.says('kept', ALL_KEPT)
    await front.reload()
    await front.enter('cat /new/link; ls /etc; echo more >> /work/a; echo end-$((1+1))')
    await front.shows(/^kept-text$/m)
    await front.shows(/^end-2/m)
    const shown = await front.terminal()
    if (!/^name$/m.test(shown.replace(/ +/g, '\n'))) throw new Error(`/etc/name is not there: ${shown}`)
    if (/hostname/.test(shown.split('end-2')[0].split('echo end')[1]))
      throw new Error(`/etc/hostname is: ${shown}`)
    await pause(600)
    await front.says('kept', ALL_KEPT)
    await front.reload()
    await front.enter('cat /work/a; echo end-$((1+2))')
    await front.shows(/^kept-text\nmore\nend-3/m)
    await front.makeNew()
    await front.until('another machine', async () => !/end-3/.test(await front.terminal()))
    await front.enter('ls -d /work/* /new; echo end-$((2+2))')
    await front.shows(/^end-4/m)
    if (/^\/(work\/a|new)$/m.test(await front.terminal()))
      throw new Error('a new machine has the old one’s files')
    await front.page.close()
  } finally {
    await site.stop()
  }
}

async function filled(browser, inFront) {
  const site = await Site.start({ 'umwelt-worker.js': (text) => inFront + text })
  try {
    const front = await FrontPage.open(browser, site.url)
    await front.enter('echo little > /work/little')
    await pause(600)
    await front.says('kept', ALL_KEPT)
    await front.enter('head -c 1500000 /dev/zero | tr "\\0" x > /work/much; wc -c /work/much')
    await front.says('kept', /^Changes are not kept: .*no room/)
    await front.says('said', /no room/)
    await front.shows(/1500000 \/work\/much/)
    await front.enter('rm /work/much; echo second > /work/second')
    await front.says('kept', ALL_KEPT)
    await front.reload()
    await front.enter('cat /work/little /work/second')
    await front.shows(/^little\nsecond/m)
    await front.page.close()
  } finally {
    await site.stop()
  }
}

const CASES = {
  'kept: files are there after a reload': (browser) => reloaded(browser, {}, true),

  'kept: files are there after a reload, without a file system of the browser’s': (browser) =>
    reloaded(browser, { 'umwelt-worker.js': (text) => WITHOUT_OPFS + text }, false),

  'kept: a full store is shown, and what was kept is not lost': (browser) =>
    filled(browser, WITH_LITTLE_ROOM),

  'kept: a full IndexedDB is shown, and what was kept is not lost': (browser) =>
    filled(browser, WITH_LITTLE_ROOM_INDEXED),

  async 'kept: changes of another root are not mixed with this one'(browser) {
    const site = await Site.start()
    try {
      const front = await FrontPage.open(browser, site.url)
      await front.enter('echo older > /work/a')
      await pause(600)
      await front.says('kept', ALL_KEPT)
      site.change({ 'userland.json': (text) => text.replace('"etc":{', '"etc":{"newer":"",') })
      await front.until('the other root', async () => {
        await front.reload()
        // Time for a newer build to come.
        await pause(1500)
        await front.shows(/[#$] *$/)
        return /another root/.test(await front.line('said'))
      })
      await front.says('kept', /^Changes are not kept/)
      await front.enter('ls /work /etc; echo end-$((1+1))')
      await front.shows(/newer(.|\n)*^end-2/m)
      await front.makeNew()
      await front.says('kept', ALL_KEPT)
      await front.page.close()
    } finally {
      await site.stop()
    }
  },

  async 'kept: a second tab runs, and says that it is not kept'(browser) {
    const site = await Site.start()
    try {
      const first = await FrontPage.open(browser, site.url)
      await first.enter('echo one > /work/one')
      await pause(600)
      await first.says('kept', ALL_KEPT)
      const second = await FrontPage.open(browser, site.url)
      await second.says('kept', /not kept: .*another tab/)
      await second.enter('echo two > /work/two; ls /work; echo end-$((1+1))')
      await second.shows(/^two\nend-2/m)
      await second.page.close()
      await first.page.close()
      const third = await FrontPage.open(browser, site.url)
      await third.enter('ls /work; echo end-$((1+1))')
      await third.shows(/^one\nend-2/m)
      await third.page.close()
    } finally {
      await site.stop()
    }
  },

  async 'kept: the site works without its server'(browser) {
    const child = spawn(process.execPath, [join(root, 'bin/umwelt.mjs'), 'serve', '--port', '0'])
    const url = await new Promise((resolve) => {
      child.stdout.once('data', (text) => resolve(/http:\S+?\/(?= )/.exec(text)[0]))
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const front = await FrontPage.open(browser, url)
    await front.enter('echo before > /work/a')
    await pause(600)
    await front.says('kept', ALL_KEPT)
    await front.evaluate('navigator.serviceWorker.ready.then(() => 1)')
    child.kill()
    await ended
    await front.reload()
    await front.enter('cat /work/a; echo end-$((6*7))')
    await front.shows(/^before\nend-42/m)
    await front.page.goto(`${url}terminal.html?args=echo+offline`)
    await front.until('the other page', async () =>
      /^offline/m.test(await front.evaluate(`document.querySelector('umwelt-terminal').text`)),
    )
    await front.page.close()
  },

  async 'kept: pages get one build, and soon the new one'(browser) {
    const site = await Site.start()
    try {
      const front = await FrontPage.open(browser, site.url)
      await front.evaluate('navigator.serviceWorker.ready.then(() => 1)')
      await front.reload()
      await front.shows(/[#$] *$/)
      const mark = (name) => (text) => `${text}\n;globalThis.${name} = true`
      site.change({
        'index.html': (text) => text.replace('<title>', '<title>Second '),
        'site.js': mark('second'),
        'umwelt.js': mark('second2'),
      })
      const builds = []
      await front.until('the second build', async () => {
        await front.reload()
        await pause(1500)
        builds.push(
          await front.evaluate(
            `[/^Second/.test(document.title), 'second' in globalThis, 'second2' in globalThis].join()`,
          ),
        )
        return builds.at(-1) === 'true,true,true'
      })
      const mixed = builds.filter((build) => build !== 'true,true,true' && build !== 'false,false,false')
      if (mixed.length > 0) throw new Error(`builds were mixed: ${builds.join(' ')}`)
      // Another site at the same address is not hidden by this one for long.
      site.files.clear()
      site.files.set('index.html', '<title>Other</title>')
      await front.until('the other site', async () => {
        await front.reload()
        await pause(1500)
        return (await front.evaluate('document.title')) === 'Other'
      })
      await front.page.close()
    } finally {
      await site.stop()
    }
  },
}

export async function runKeptCases(browserName, { isWanted, report, skip }) {
  const names = Object.keys(CASES).filter(isWanted)
  if (names.length === 0) return
  const browser = await openBrowser(browserName)
  if ('reason' in browser) {
    skip(`what is kept in ${browserName}`, browser.reason)
    return
  }
  try {
    for (const name of names) {
      const from = performance.now()
      const problem = await CASES[name](browser).then(
        () => null,
        (error) => error.stack,
      )
      report(name, problem, performance.now() - from)
    }
  } finally {
    await browser.close()
  }
}
