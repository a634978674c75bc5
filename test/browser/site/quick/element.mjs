// The element in somebody's own page by one script tag, and openTerminal, which does the same for programs.
import { equal } from '../expect.mjs'

/** Before anything else on a page: what Workers there were, and which have ended. */
export const WATCH_WORKERS = `<script>
  globalThis.workers = []
  globalThis.Worker = class extends Worker {
    constructor(...args) { super(...args); workers.push(this) }
    terminate() { this.hasEnded = true; super.terminate() }
  }
</script>`
const running = (driver) => driver.evaluate('workers.filter((one) => !one.hasEnded).length')

export const cases = [
  {
    name: 'site: two elements on one page, changed and removed',
    async run(world) {
      const driver = await world.openHtml(
        `${WATCH_WORKERS}<div id="here"></div>
         <umwelt-terminal id="a" args="sh -c 'echo a-$((6*7)); sleep 1000'"></umwelt-terminal>
         <umwelt-terminal id="b" args="sh -c 'echo b-$((6*7)); exit 5'"></umwelt-terminal>`,
      )
      await driver.shows(/^a-42$/m, '#a')
      await driver.shows(/^b-42$/m, '#b')
      await driver.says(/^exit status 5$/, '#b')
      await driver.says(/^running$/, '#a')
      // Moved, it goes on; changed, it starts anew, once.
      await driver.evaluate(`document.querySelector('#here').append(document.querySelector('#a'))`)
      await driver.says(/^running$/, '#a')
      equal(await driver.evaluate('workers.length'), 2)
      await driver.of(
        '#a',
        `(e) => { e.setAttribute('args', "sh -c 'echo in \\"$PWD\\"; kill -9 $$'"); e.setAttribute('cwd', '/tmp') }`,
      )
      await driver.shows(/^in \/tmp$/m, '#a')
      await driver.says(/^ended by SIGKILL$/, '#a')
      equal(await driver.evaluate('workers.length'), 3)
      await driver.click('#a >>> .again')
      await driver.until('it has run again', async () => (await driver.evaluate('workers.length')) === 4)
      await driver.says(/^ended by SIGKILL$/, '#a')
      equal(await running(driver), 2)
      await driver.evaluate(`for (const id of ['#a', '#b']) document.querySelector(id).remove()`)
      await driver.until('their Workers have ended', async () => (await running(driver)) === 0)
    },
  },
  {
    name: 'site: an element that is changed while it starts leaves no Worker behind',
    async run(world) {
      const driver = await world.openHtml(
        `${WATCH_WORKERS}<umwelt-terminal args="sh -c 'sleep 9'"></umwelt-terminal>`,
      )
      for (let i = 0; i < 6; i++) {
        await driver.of(
          'umwelt-terminal',
          `(e) => e.setAttribute('args', "sh -c 'echo run-${i}; sleep 1000'")`,
        )
        await driver.evaluate(`new Promise((resolve) => setTimeout(resolve, ${i * 40}))`)
      }
      await driver.shows(/^run-5$/m)
      await driver.until('one Worker is left', async () => (await running(driver)) === 1)
      await driver.of('umwelt-terminal', '(e) => e.remove()')
      await driver.until('none is', async () => (await running(driver)) === 0)
    },
  },
  {
    name: 'site: an element with persist goes on where it was',
    async run(world) {
      const page = `<umwelt-terminal id="kept" persist="an-element" args="sh"></umwelt-terminal><script>
        document.querySelector('#kept').addEventListener('umwelt-start', (e) => (globalThis.machine = e.detail.machine))
      </script>`
      const first = await world.openHtml(page)
      await first.shows(/[$#]\s*$/, '#kept')
      await first.click('#kept >>> .place')
      await first.line('echo kept-$((6*7)) > /note; echo status-$?', /^status-0$/m, '#kept')
      await first.evaluate('machine.save()')
      // While it is there the name is its own.
      const second = await world.openHtml(page)
      await second.says(/another tab has the one that is/, '#kept')
      await second.close()
      await first.close()
      const third = await world.openHtml(page)
      await third.shows(/[$#]\s*$/, '#kept')
      await third.click('#kept >>> .place')
      await third.line('cat /note', /^kept-42$/m, '#kept')
      await third.says(/^running$/, '#kept')
      await third.of('#kept', `(e) => e.setAttribute('persist', 'no/name')`)
      await third.says(/no\/name is no name of letters/, '#kept')
    },
  },
  {
    name: 'site: openTerminal on a machine of the page',
    async run(world) {
      const driver = await world.openHtml('<div id="place" style="height: 20rem"></div>')
      const status = await driver.evaluate(`(async () => {
        const { openTerminal } = await import('/umwelt-terminal.js')
        const { Machine } = await import('/umwelt.js')
        globalThis.machine = await Machine.create()
        const args = ['-c', 'read line; echo "got $line"; stty size; exit 4']
        globalThis.open = await openTerminal(document.querySelector('#place'), machine, { program: 'sh', args })
        open.focus()
        open.exited.then((how) => (globalThis.ended = how))
      })()`)
      equal(status ?? null, null)
      await driver.line('words')
      await driver.until('it has ended', () => driver.evaluate('globalThis.ended'))
      equal(await driver.evaluate('ended'), { code: 4, signal: null })
      const lines = (await driver.evaluate('open.text()')).split('\n')
      equal(lines.slice(0, 2), ['words', 'got words'])
      if (!/^\d\d \d+$/.test(lines[2])) throw new Error(`a size is not ${lines[2]}`)
      equal(
        await driver.evaluate(`open.close().then(() => document.querySelector('#place').childNodes.length)`),
        0,
      )
      const refused = await driver.evaluate(`import('/umwelt-terminal.js').then(({ openTerminal }) =>
        openTerminal(document.querySelector('#place'), machine, { program: '/no/such' })).catch((e) => e.code)`)
      equal(refused, 'ENOENT')
      equal(await driver.evaluate(`document.querySelector('#place').childNodes.length`), 0)
    },
  },
]
