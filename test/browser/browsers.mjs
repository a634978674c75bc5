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

/** A page with `evaluate`, once its tests are loaded, and how to close the browser; or why there is none. */
export async function openPage(name, url) {
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
  const { page, close } = await (name === 'chromium' ? inChromium : inFirefox)(executablePath)
  page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error}`))
  if (process.env.UMWELT_PAGE_CONSOLE) page.on('console', (message) => console.log(`page: ${message.text()}`))
  await page.goto(url)
  await page.waitForFunction('"caseNames" in globalThis')
  return { page, close }
}

async function inChromium(executablePath) {
  const profile = mkdtempSync(join(tmpdir(), 'umwelt-chromium-'))
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: CHROMIUM_ARGS })
  const close = async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
  return { page: await context.newPage(), close }
}

async function inFirefox(executablePath) {
  const browser = await launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout: 600_000,
  })
  return { page: await browser.newPage(), close: () => browser.close() }
}
