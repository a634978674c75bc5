// The page's figures, in headless Chromium: how long until the first prompt, until a typed letter is shown while another
// process of the machine spins, and CPU programs in the page against the same library in Node, interleaved.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser } from '../test/browser/browsers.mjs'
import { Driver, SHOWN } from '../test/browser/site/driver.mjs'

const UMWELT = join(import.meta.dirname, '../bin/umwelt.mjs')
const LIBRARY = '../dist/src/host/node/umwelt-library.js'
const ATTEMPTS = 3
const LETTERS = 40
/** Scales that take seconds, so that translating is a small part. */
const CPU = { sha256: 60, matrix: 600 }
const PROMPT = '/[$#]\\s*$/'
const AIMS = { cold: 2500, warm: 1000, echo: 30, cpu: 1.3 }

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]

/** Milliseconds from the navigation to a prompt, by the page's own clock. */
async function firstPrompt(driver, url) {
  await driver.goto(url)
  return driver.evaluate(`new Promise((resolve) => {
    const look = () => ${PROMPT}.test(document.querySelector('${SHOWN}')?.text) ? resolve(performance.now()) : requestAnimationFrame(look)
    look()
  })`)
}

/** Cold: a browser that never saw the site. Warm: the same page again. */
async function loads(url) {
  const browser = await openBrowser('chromium')
  try {
    const driver = new Driver(await browser.newPage(), { name: 'chromium' })
    const cold = await firstPrompt(driver, url)
    await firstPrompt(driver, url)
    return { cold, warm: await firstPrompt(driver, url) }
  } finally {
    await browser.close()
  }
}

/** From each key to the change of the terminal. */
async function typingEcho(driver, url) {
  await firstPrompt(driver, url)
  await driver.click(`${SHOWN} >>> .place`)
  await driver.line('while :; do :; done &')
  await driver.line('echo spinning-$((6*7))', /^spinning-42$/m, SHOWN)
  await driver.evaluate(`(() => {
    const terminal = document.querySelector('${SHOWN}')
    const { port1, port2 } = new MessageChannel()
    globalThis.echoes = []
    let from = 0, before = ''
    port1.onmessage = () => {
      if (terminal.text === before) port2.postMessage(0)
      else echoes.push(performance.now() - from)
    }
    addEventListener('keydown', () => {
      from = performance.now()
      before = terminal.text
      port2.postMessage(0)
    }, true)
  })()`)
  for (let i = 1; i <= LETTERS; i++) {
    await driver.press('x')
    await driver.until('it is shown', async () => (await driver.evaluate('echoes.length')) === i)
  }
  return median(await driver.evaluate('echoes'))
}

/** The same in the page and here: from the start of a program to its end. */
const TIMED = `async (Machine, data, args) => {
  const machine = await Machine.create({ root: { entries: [{ name: '/cpu', mode: 0o755, data }] } })
  const from = performance.now()
  const program = await machine.spawn('/cpu', args)
  const said = await new Response(program.stdout).text()
  const { code } = await program.exited
  const took = performance.now() - from
  await machine.dispose()
  if (code !== 0) throw new Error('status ' + code)
  return { said, took }
}`

async function cpuRatio(driver, program, name, scale) {
  const { Machine } = await import(LIBRARY)
  const data = readFileSync(program)
  const here = new Function(`return ${TIMED}`)()
  const args = [name, String(scale)]
  const bytes = `Uint8Array.from(atob('${data.toString('base64')}'), (c) => c.charCodeAt(0))`
  const times = { node: [], page: [] }
  for (let i = 0; i < ATTEMPTS; i++) {
    const node = await here(Machine, new Uint8Array(data), args)
    const page = await driver.evaluate(
      `import('/umwelt.js').then(({ Machine }) => (${TIMED})(Machine, ${bytes}, ${JSON.stringify(args)}))`,
    )
    if (page.said !== node.said) throw new Error(`${name}: the page printed ${page.said}, Node ${node.said}`)
    times.node.push(node.took)
    times.page.push(page.took)
  }
  return { nodeMs: median(times.node), ratio: median(times.page) / median(times.node) }
}

async function serveSite() {
  const child = spawn(process.execPath, [UMWELT, 'serve', '--port', '0'], { stdio: ['ignore', 'pipe', 2] })
  const url = await new Promise((resolve) => {
    child.stdout.on('data', (text) => resolve(/http:\S+?\/(?= )/.exec(text)[0]))
  })
  return { url, end: () => child.kill() }
}

/** Medians of three attempts, or why there are none. `program` is cpu.c's. */
export async function browserFigures(program) {
  const first = await openBrowser('chromium')
  if ('reason' in first) return { reason: first.reason }
  const { url, end } = await serveSite()
  try {
    const attempts = []
    for (let i = 0; i < ATTEMPTS; i++) attempts.push(await loads(url))
    const echoes = []
    const cpu = {}
    for (let i = 0; i < ATTEMPTS; i++) {
      const driver = new Driver(await first.newPage(), { name: 'chromium' })
      echoes.push(await typingEcho(driver, url))
      await driver.close()
    }
    const driver = new Driver(await first.newPage(), { name: 'chromium' })
    await driver.goto(`${url}terminal.html?args=true`)
    for (const [name, scale] of Object.entries(CPU)) cpu[name] = await cpuRatio(driver, program, name, scale)
    const [cold, warm] = ['cold', 'warm'].map((kind) => median(attempts.map((one) => one[kind])))
    return { cold, warm, echo: median(echoes), cpu }
  } finally {
    await first.close()
    end()
  }
}

export function describeBrowserFigures({ cold, warm, echo, cpu }) {
  return [
    `browser first prompt  cold ${Math.round(cold)} ms (aim ${AIMS.cold})  warm ${Math.round(warm)} ms (aim ${AIMS.warm})`,
    `browser typing echo   median ${echo.toFixed(1)} ms while a process spins (aim ${AIMS.echo})`,
    ...Object.entries(cpu).map(
      ([name, { nodeMs, ratio }]) =>
        `browser ${name.padEnd(13)} ${ratio.toFixed(2)} x Node's ${(nodeMs / 1000).toFixed(2)} s (aim ${AIMS.cpu})`,
    ),
  ]
}
