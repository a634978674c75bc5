// axe-core on the pages, in both colours, wide and as narrow as a phone.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { SHOWN } from '../driver.mjs'
import { below } from '../expect.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDE = 1280
const NARROW = 375
/** Rules that looked at something: fewer, and axe did not see the page. */
const LEAST_RULES = 15

/** What is wrong, as axe names it; serious and critical alone. */
async function violations(driver) {
  await driver.evaluate(`(() => { if (!globalThis.axe) { ${AXE} } })()`)
  const { passes, found } = await driver.evaluate(`axe.run().then(({ passes, violations }) => ({
    passes: passes.length,
    found: violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)),
  }))`)
  below(LEAST_RULES, passes, 'the least number of rules')
  return found
}

async function check(driver, where) {
  const found = await violations(driver)
  if (found.length > 0) throw new Error(`${where}: ${found.join('\n')}`)
  const over = await driver.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  below(over, 1, `${where}: what is wider than the page, in pixels,`)
}

/** Each thing that a person may have before them. */
async function frontPage(driver, url, where) {
  await driver.goto(url)
  await driver.shows(/[$#]\s*$/, SHOWN)
  await driver.line(
    'ls --color=always /; printf "\\033[31mred\\033[32mgreen\\033[33myellow\\033[34mblue\\033[0m\\n"',
    /blue/,
    SHOWN,
  )
  await driver.click('#more')
  await driver.drop('#panels', [['notes.txt', 'a note\n']])
  await driver.said(/is there/)
  await check(driver, `${where}, the front page`)
  await driver.click('[data-path="/work"] > span')
  await driver.click('[data-path="/work/notes.txt"] > span')
  await check(driver, `${where}, a chosen file`)
  await driver.click('#edit')
  await driver.until('the editor is open', () => driver.of('#editor', '(e) => e.open'))
  await check(driver, `${where}, the editor`)
  await driver.press('Escape')
  await driver.click('#new-file')
  await driver.until('a question is asked', () => driver.of('#question', '(e) => e.open'))
  await check(driver, `${where}, a question`)
}

async function terminalPage(driver, url, where) {
  await driver.goto(`${url}terminal.html?args=${encodeURIComponent("sh -c 'echo done-$((1+1)); exit 1'")}`)
  await driver.says(/^exit status 1$/)
  await check(driver, `${where}, a terminal`)
  await driver.goto(`${url}terminal.html?src=nothing.elf`)
  await driver.says(/HTTP 404/)
  await check(driver, `${where}, a problem`)
}

const inColours = (colorScheme, width) => ({
  name: `site: axe, ${colorScheme}, ${width} px`,
  only: 'chromium',
  async run(world) {
    const driver = await world.open()
    await driver.emulate({ colorScheme, width })
    for (const pages of [frontPage, terminalPage])
      await pages(driver, world.served, `${colorScheme} ${width} px`)
  },
})

export const cases = [
  ...['light', 'dark'].flatMap((scheme) => [WIDE, NARROW].map((width) => inColours(scheme, width))),
  {
    name: 'site: axe',
    only: 'firefox',
    async run(world) {
      const driver = await world.open()
      for (const pages of [frontPage, terminalPage]) await pages(driver, world.served, 'Firefox')
    },
  },
]
