// Debian's browsers, each by the driver that knows it: Chromium by playwright-core, Firefox over WebDriver BiDi.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { launch } from 'puppeteer-core'

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A browser with a page, how to open another one and how to close it; or why there is none. */
export async function openBrowser(name, args = []) {
  const known = {
    chromium: ['chromium', '/usr/bin/chromium'],
    firefox: ['firefox-esr', '/usr/bin/firefox-esr'],
  }[name]
  if (!known) return { reason: `there is no such browser; there are chromium and firefox` }
  const [packageName, executablePath] = known
  if (!existsSync(executablePath))
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', packageName], {
      stdio: ['ignore', 'ignore', 2],
    })
  if (!existsSync(executablePath))
    return { reason: `no ${packageName} here and apt-get could not install it` }
  return (name === 'chromium' ? inChromium : inFirefox)(executablePath, args)
}

/** A page with `evaluate`, once its tests are loaded, and how to close the browser; or why there is none. */
export async function openPage(name, url) {
  const browser = await openBrowser(name)
  if ('reason' in browser) return browser
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error}`))
  if (process.env.UMWELT_PAGE_CONSOLE) page.on('console', (message) => console.log(`page: ${message.text()}`))
  await page.goto(url)
  await page.waitForFunction('"caseNames" in globalThis')
  return { page, close: browser.close }
}

async function inChromium(executablePath, args) {
  const profile = mkdtempSync(join(tmpdir(), 'umwelt-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...CHROMIUM_ARGS, ...args],
  })
  const close = async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
  return { newPage: () => context.newPage(), close }
}

async function inFirefox(executablePath) {
  const downloads = mkdtempSync(join(tmpdir(), 'umwelt-firefox-'))
  const browser = await launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout: 600_000,
    extraPrefsFirefox: { 'browser.download.folderList': 2, 'browser.download.dir': downloads },
  })
  const close = async () => {
    await browser.close()
    rmSync(downloads, { recursive: true, force: true })
  }
  return { newPage: () => browser.newPage(), close, downloads }
}
