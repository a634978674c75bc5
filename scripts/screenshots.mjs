// docs/images: the front page in light, dark and narrow, and a terminal with a program of a Debian root.
// usage: npm run screenshots
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser } from '../test/browser/browsers.mjs'
import { serveRoot } from '../test/browser/site/debian-image.mjs'
import { Driver, SHOWN } from '../test/browser/site/driver.mjs'
import { SiteServer } from '../test/browser/site/server.mjs'

const folder = join(import.meta.dirname, '../docs/images')
const SESSION = [
  ['uname -srm', /x86_64/],
  ['for i in 1 2 3; do echo "$i squared is $((i*i))"; done', /3 squared is 9/],
  ['ls -l /bin | head -n 6', /total/],
]

async function frontPage(driver, url, name, look) {
  await driver.emulate(look)
  await driver.goto(url)
  await driver.shows(/[$#]\s*$/, SHOWN)
  for (const [line, shown] of SESSION) await driver.line(line, shown, SHOWN)
  await driver.drop('#panels', [
    ['hello.sh', '#!/bin/sh\necho hello\n'],
    ['notes.txt', 'notes\n'],
  ])
  await driver.said(/is there/)
  await driver.click('[data-path="/work"] > span')
  await driver.click('[data-path="/work/notes.txt"] > span')
  await driver.evaluate('scrollTo(0, 0)')
  await driver.page.screenshot({ path: join(folder, `${name}.png`) })
}

async function program(driver, url) {
  await driver.emulate({ colorScheme: 'dark', width: 1000, height: 620 })
  await driver.goto(`${url}/terminal.html?root=debian.tar&args=${encodeURIComponent('vi /etc/bash.bashrc')}`)
  await driver.shows(/bash\.bashrc" \d+ lines/)
  await driver.page.screenshot({ path: join(folder, 'terminal.png') })
}

mkdirSync(folder, { recursive: true })
const browser = await openBrowser('chromium')
if ('reason' in browser) throw new Error(browser.reason)
const server = await new SiteServer().addSite('').listen()
try {
  const driver = new Driver(await browser.newPage(), { name: 'chromium' })
  const front = `${server.url}/index.html`
  await frontPage(driver, front, 'front-light', { colorScheme: 'light', width: 1200, height: 720 })
  await frontPage(driver, front, 'front-dark', { colorScheme: 'dark', width: 1200, height: 720 })
  await frontPage(driver, front, 'front-narrow', { colorScheme: 'light', width: 375, height: 812 })
  serveRoot(server)
  await program(driver, server.url)
} finally {
  await browser.close()
  server.close()
}
