// The front page of `umwelt serve`: what is dropped runs, files come and go, and all of it by keyboard alone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHOWN } from '../driver.mjs'
import { equal } from '../expect.mjs'

const item = (path) => `[data-path="${path}"] > span`
const NOTES = 'one\nzwei — drei\n'

async function opened(world) {
  const driver = await world.open(world.served)
  await driver.shows(/[$#]\s*$/, SHOWN)
  return driver
}

/** The path of the element with the focus: its id, data-path or role. */
const FOCUSED = `(() => { const e = document.activeElement
  return e.id || e.dataset.path || e.localName })()`

/** Tab, or Shift+Tab, until something has the focus. */
async function goTo(driver, wanted, key = 'Tab') {
  const seen = []
  for (let i = 0; i < 40; i++) {
    const now = await driver.evaluate(FOCUSED)
    if (now === wanted) return
    seen.push(now)
    await driver.press(key)
  }
  throw new Error(`${key} never comes to ${wanted}: ${seen.join(' ')}`)
}

const focusComesTo = (driver, wanted) =>
  driver.until(`${wanted} has the focus`, async () => (await driver.evaluate(FOCUSED)) === wanted)

async function uploadEditDownloadDelete(world) {
  const folder = mkdtempSync(join(tmpdir(), 'umwelt-upload-'))
  try {
    writeFileSync(join(folder, 'notes.txt'), NOTES)
    writeFileSync(join(folder, 'job'), '#!/bin/sh\necho job-$((6*7))\n')
    const driver = await opened(world)
    await driver.click(item('/work'))
    await driver.setFiles('#upload-input', [join(folder, 'notes.txt'), join(folder, 'job')])
    await driver.said(/^\/work\/job is there$/)
    await driver.click('#run')
    await driver.shows(/^job-42$/m, SHOWN)
    await driver.click(item('/work/notes.txt'))
    await driver.click('#edit')
    await driver.click('#editor-text')
    await driver.press('Control+End')
    await driver.type('four')
    await driver.click('#editor button[value=save]')
    await driver.said(/^\/work\/notes.txt is saved$/)
    const { name, contents } = await driver.download('notes.txt', () => driver.click('#download'))
    equal([name, contents.toString()], ['notes.txt', `${NOTES}four`])
    await driver.click('#tab-1')
    await driver.line('wc -c < notes.txt', new RegExp(`^\\s*${Buffer.byteLength(NOTES) + 4}$`, 'm'), SHOWN)
    await driver.click('#delete')
    await driver.click('#question button[value=yes]')
    await driver.said(/^\/work\/notes.txt is gone$/)
    equal(await driver.of(item('/work/notes.txt'), '() => true'), null)
    await driver.click('#tab-1')
    await driver.line('ls /work; echo listed-$((1+1))', /^job\s+listed-2$/m, SHOWN)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function keyboardAlone(world) {
  const driver = await opened(world)
  await focusComesTo(driver, 'umwelt-terminal')
  await driver.line(`printf '#!/bin/sh\\necho ran-$((6*7))\\n' > job; echo made-$?`, /^made-0$/m, SHOWN)
  await driver.press('Control+Shift+ArrowUp')
  await focusComesTo(driver, 'more')
  await goTo(driver, '/', 'Shift+Tab')
  // Where the folder of the user's files is among the root's.
  for (let i = 0; i < 20 && (await driver.evaluate(FOCUSED)) !== '/work'; i++) await driver.press('ArrowDown')
  await driver.press('ArrowRight')
  await driver.until('the folder is open', () => driver.of(item('/work/job'), '() => true'))
  await driver.press('ArrowRight')
  await focusComesTo(driver, '/work/job')
  await goTo(driver, 'run', 'Shift+Tab')
  await driver.press('Enter')
  await driver.shows(/^ran-42$/m, SHOWN)
  await focusComesTo(driver, 'umwelt-terminal')
  await driver.press('Control+Shift+ArrowUp')
  await focusComesTo(driver, 'more')
  await driver.press('Enter')
  await driver.until(
    'there are three tabs',
    async () => (await driver.evaluate(`document.querySelectorAll('[role=tab]').length`)) === 3,
  )
  await driver.shows(/[$#]\s*$/, SHOWN)
  await driver.press('Control+Shift+ArrowUp')
  await goTo(driver, 'tab-3', 'Shift+Tab')
  await driver.press('ArrowLeft')
  await focusComesTo(driver, 'tab-2')
  for (const left of ['tab-3', 'tab-1', 'more']) {
    await driver.press('Delete')
    await focusComesTo(driver, left)
  }
  await goTo(driver, 'new-file', 'Shift+Tab')
  await driver.press('Enter')
  await focusComesTo(driver, 'question-input')
  await driver.press('Control+a')
  await driver.type('/work/typed.txt')
  await driver.press('Enter')
  await driver.until('it is in the tree', () => driver.of(item('/work/typed.txt'), '() => true'))
  await goTo(driver, 'delete')
  await driver.press('Enter')
  await driver.press('Enter')
  await driver.said(/^\/work\/typed.txt is gone$/)
  await goTo(driver, '/work')
}

export const cases = [
  {
    name: 'site: a program that is dropped on the front page runs',
    async run(world) {
      const { file } = world.program('busybox-static')
      const driver = await opened(world)
      await driver.drop('#panels', [
        ['busybox', readFileSync(file)],
        ['words.txt', 'some words\n'],
      ])
      await driver.shows(/^BusyBox v\d/m, SHOWN)
      await driver.says(/^exit status 0$/, SHOWN)
      await driver.click('#more')
      await driver.shows(/[$#]\s*$/, SHOWN)
      await driver.line('./busybox rev words.txt', /^sdrow emos$/m, SHOWN)
    },
  },
  { name: 'site: upload, edit, download and delete in the tree', run: uploadEditDownloadDelete },
  { name: 'site: the keyboard alone suffices', run: keyboardAlone },
]
