// Guests that print, spin, eat memory or are many: the page goes on, and Stop ends them at once.
import { SHOWN } from '../driver.mjs'
import { below, equal, matching } from '../expect.mjs'

/** On a busy machine with two cores the page itself has to wait. */
const GAP_MS_MAX = 1000
const STOP_MS_MAX = 2500
const EATING_LIMIT_MS = 120_000
const MACHINES = 10
const SLEEPERS = 150
const MACHINES_IN_A_ROW = 25

const element = (args, id = '') => `<umwelt-terminal ${id && `id="${id}"`} args="${args}"></umwelt-terminal>`

/** The longest time between two frames, and between two timers, while `what` goes on. */
const longestGap = (driver, forMs) =>
  driver.evaluate(`new Promise((resolve) => {
    const end = performance.now() + ${forMs}
    let last = performance.now(), longest = 0, frames = 0
    const frame = () => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      frames++
      if (now < end) requestAnimationFrame(frame)
      else resolve({ longest: Math.round(longest), frames })
    }
    requestAnimationFrame(frame)
  })`)

async function stopsAtOnce(driver, path) {
  const started = performance.now()
  await driver.click(`${path} >>> .stop`)
  await driver.says(/^ended by SIGKILL$/, path)
  const ms = Math.round(performance.now() - started)
  below(ms, STOP_MS_MAX, 'the time until it has stopped, in ms,')
  return ms
}

const runaway = (what, args, hasBegun) => ({
  name: `site: a guest that ${what}`,
  async run(world) {
    const driver = await world.openHtml(element(args, 'bad') + element('sh', 'good'))
    await driver.shows(/[$#]\s*$/, '#good')
    await driver.says(/^running$/, '#bad')
    if (hasBegun) await driver.shows(hasBegun, '#bad')
    const { longest, frames } = await longestGap(driver, 2000)
    below(longest, GAP_MS_MAX, 'the longest gap between frames, in ms,')
    await driver.click('#good >>> .place')
    await driver.line('echo still-$((6*7))', /^still-42$/m, '#good')
    const stopped = await stopsAtOnce(driver, '#bad')
    await driver.click('#good >>> .place')
    await driver.line('echo more-$((6*7))', /^more-42$/m, '#good')
    return `longest gap ${longest} ms (${frames} frames in 2 s), stopped in ${stopped} ms`
  },
})

const PROGRAM_WITH_LIMITS = `<div id="place" style="height: 20rem"></div>
<script type="module">
  import { openTerminal } from '/umwelt-terminal.js'
  import { Machine } from '/umwelt.js'
  const machine = await Machine.create({ limits: { memoryBytes: 96 << 20 } })
  const args = ['-c', 'sh -c "x=aaaaaaaa; while :; do x=\\\\$x\\\\$x; done"; echo "came to $?"; echo others-$((6*7))']
  globalThis.open = await openTerminal(document.querySelector('#place'), machine, { program: 'sh', args })
  open.exited.then((how) => (globalThis.ended = how))
</script>`

/** Alone and several at once, and by files, which have a limit of their own; and then there is room again. */
const WITHOUT_LIMITS = [
  'sort /dev/zero; echo alone-$((6*7)): $?',
  'sort /dev/zero & sort /dev/zero & sort /dev/zero & wait; echo together-$((6*7))',
  'cat /dev/zero > /tmp/zeros; echo files-$((6*7)): $?; rm /tmp/zeros',
  'dd if=/dev/zero of=/tmp/room bs=600M count=1; echo room-$((6*7)): $?',
]

async function eatsWithoutLimits(world) {
  const driver = await world.openHtml(element('sh', 'bad') + element('sh', 'good'))
  await driver.shows(/[$#]\s*$/, '#bad')
  await driver.shows(/[$#]\s*$/, '#good')
  await driver.click('#bad >>> .place')
  for (const line of WITHOUT_LIMITS) await driver.line(line)
  const { longest, frames } = await longestGap(driver, 3000)
  below(longest, GAP_MS_MAX, 'the longest gap between frames, in ms,')
  await driver.click('#good >>> .place')
  await driver.line('echo still-$((6*7))', /^still-42$/m, '#good')
  await driver.shows(/^room-42: \d+$/m, '#bad', EATING_LIMIT_MS)
  const text = await driver.text('#bad')
  // What is typed ahead may be shown in between.
  matching(text, /out of memory\s.*alone-42: 2$/im)
  matching(text, /^together-42$/m)
  matching(text, /No space left on device\s+files-42: 1$/m)
  matching(text, /^room-42: 0$/m)
  await driver.click('#good >>> .place')
  await driver.line('echo more-$((6*7))', /^more-42$/m, '#good')
  return `longest gap ${longest} ms (${frames} frames in 3 s)`
}

/** Each machine has some processes, and a page has place for some 125 Memories. */
const MAKE_AND_DISPOSE = `(async () => {
  const { Machine } = await import('/umwelt.js')
  for (let i = 0; i < ${MACHINES_IN_A_ROW}; i++) {
    const machine = await Machine.create()
    const program = await machine.spawn('sh', ['-c', 'sleep 100 & sleep 100 & sleep 100 & sleep 100 & echo made; wait'])
    const { value } = await program.stdout.getReader().read()
    if (new TextDecoder().decode(value) !== 'made\\n') throw new Error('machine ' + i + ' said ' + value)
    await machine.dispose()
  }
  return 'done'
})()`

export const cases = [
  runaway('prints without end', 'yes', /y\ny\ny/),
  runaway('spins', "sh -c 'while :; do :; done'"),
  {
    name: 'site: a guest that eats all memory',
    async run(world) {
      const driver = await world.openHtml(`${PROGRAM_WITH_LIMITS}${element('sh', 'good')}`)
      await driver.until('it has ended', () => driver.evaluate('globalThis.ended'), 120_000)
      const text = await driver.evaluate('open.text()')
      matching(text, /out of memory(.|\n)*^came to [1-9](.|\n)*^others-42$/m)
      await driver.click('#good >>> .place')
      await driver.line('echo still-$((6*7))', /^still-42$/m, '#good')
    },
  },
  { name: 'site: guests that eat all memory without a limit', run: eatsWithoutLimits },
  {
    name: `site: ${SLEEPERS} sleeping processes`,
    async run(world) {
      const driver = await world.open(world.served)
      await driver.shows(/[$#]\s*$/, SHOWN)
      await driver.line(
        `for i in $(seq ${SLEEPERS}); do sleep 1000 & all="$all $!"; done; echo made-$((6*7))`,
        /^made-42$/m,
        SHOWN,
      )
      await driver.line(
        'grep -l sleep /proc/[0-9]*/comm | wc -l',
        new RegExp(`^\\s*${SLEEPERS}$`, 'm'),
        SHOWN,
      )
      await driver.line('kill $all; wait; echo over-$((6*7))', /^over-42$/m, SHOWN)
    },
  },
  {
    name: `site: ${MACHINES} machines in one page`,
    async run(world) {
      const many = Array.from({ length: MACHINES }, (_, i) =>
        element(`sh -c 'echo m${i}-$((6*7)); cat'`, `m${i}`),
      )
      const driver = await world.openHtml(many.join(''))
      for (let i = 0; i < MACHINES; i++) await driver.shows(new RegExp(`^m${i}-42$`, 'm'), `#m${i}`)
      await driver.click(`#m${MACHINES - 1} >>> .place`)
      await driver.line('typed', /^typed\ntyped$/m, `#m${MACHINES - 1}`)
      for (let i = 0; i < MACHINES; i++) equal(await driver.status(`#m${i}`), 'running')
    },
  },
  {
    name: `site: what ${MACHINES_IN_A_ROW} machines of six processes had is given back`,
    async run(world) {
      const driver = await world.openHtml('')
      equal(await driver.evaluate(MAKE_AND_DISPOSE), 'done')
    },
  },
]
