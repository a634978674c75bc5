// A page as a person uses it, the same in both browsers: keys, clicks, files, and what the terminals show.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const LIMIT_MS = 30_000
const POLL_MS = 50
/** What a click waits for to hold still. */
const CLICK_LIMIT_MS = 20_000
export const TERMINAL = 'umwelt-terminal'
/** The terminal of the front page that is shown. */
export const SHOWN = '#panels > :not([hidden]) umwelt-terminal'

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** In the page: an element by selectors, each within the shadow root of the one before. */
const FIND = `(path) => path.split(' >>> ').reduce((root, part) => (root?.shadowRoot ?? root)?.querySelector(part), document)`

export class Driver {
  constructor(page, { name, downloads }) {
    this.page = page
    this.name = name
    this.downloads = downloads
    this.errors = []
    page.on('pageerror', (error) => this.errors.push(error.message))
  }

  async goto(url) {
    await this.page.goto(url)
  }

  /** The value of an expression, or what its promise comes to. */
  evaluate(expression) {
    return this.page.evaluate(expression)
  }

  /** Of the element of a path (see FIND), what `get`, a function's source, makes of it; null without one. */
  of(path, get) {
    return this.evaluate(
      `(() => { const e = (${FIND})(${JSON.stringify(path)}); return e ? (${get})(e) : null })()`,
    )
  }

  async until(what, condition, limitMs = LIMIT_MS) {
    const deadline = Date.now() + limitMs
    for (;;) {
      const found = await condition()
      if (found) return found
      if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`)
      await pause(POLL_MS)
    }
  }

  async click(path) {
    const place = await this.until(
      `${path} can be clicked`,
      () =>
        this.of(
          path,
          `(e) => { e.scrollIntoView({ block: 'nearest' }); const r = e.getBoundingClientRect()
            return r.width > 0 && !e.disabled ? { x: r.x + r.width / 2, y: r.y + r.height / 2 } : null }`,
        ),
      CLICK_LIMIT_MS,
    )
    await this.page.mouse.click(place.x, place.y)
  }

  async type(text) {
    await this.page.keyboard.type(text)
  }

  /** A key, with others held: `Control+Shift+ArrowUp`. */
  async press(keys) {
    const held = keys.split('+')
    const last = held.pop()
    const { keyboard } = this.page
    for (const key of held) await keyboard.down(key)
    await keyboard.press(last)
    for (const key of held.reverse()) await keyboard.up(key)
  }

  /** What a terminal shows. */
  text(path = TERMINAL) {
    return this.of(path, '(e) => e.text')
  }

  status(path = TERMINAL) {
    return this.of(`${path} >>> [role=status]`, '(e) => e.textContent')
  }

  /** Until a terminal shows it. */
  async shows(pattern, path = TERMINAL, limitMs = LIMIT_MS) {
    await this.matches(pattern, () => this.text(path), limitMs)
  }

  async says(pattern, path = TERMINAL, limitMs = LIMIT_MS) {
    await this.matches(pattern, () => this.status(path), limitMs)
  }

  /** Until the line at the bottom of the front page says it. */
  async said(pattern, limitMs = LIMIT_MS) {
    await this.matches(pattern, () => this.of('#said', '(e) => e.textContent'), limitMs)
  }

  async matches(pattern, get, limitMs) {
    let last
    try {
      await this.until('', async () => pattern.test((last = (await get()) ?? '')), limitMs)
    } catch {
      throw new Error(`${pattern} never came; last there was ${JSON.stringify(last?.slice(-600))}`)
    }
  }

  /** Types a line and waits for what it makes. */
  async line(text, pattern, path = TERMINAL) {
    await this.type(text)
    await this.press('Enter')
    if (pattern) await this.shows(pattern, path)
  }

  async setFiles(path, files) {
    if (this.name === 'chromium') await this.page.setInputFiles(path, files)
    else await (await this.page.$(path)).uploadFile(...files)
  }

  /** Drops files, `[name, contents]` each, contents as text or Base64 of bytes, as a file manager would. */
  async drop(path, files) {
    const list = files.map(([name, contents]) =>
      typeof contents === 'string'
        ? [name, btoa(contents)]
        : [name, Buffer.from(contents).toString('base64')],
    )
    await this.of(
      path,
      `(e) => { const dataTransfer = new DataTransfer()
        for (const [name, text] of ${JSON.stringify(list)})
          dataTransfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name))
        for (const type of ['dragover', 'drop'])
          e.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })) }`,
    )
  }

  /** The name and contents of the file that an action downloads. */
  async download(name, action) {
    if (this.name === 'chromium') {
      const [download] = await Promise.all([this.page.waitForEvent('download'), action()])
      return { name: download.suggestedFilename(), contents: readFileSync(await download.path()) }
    }
    await action()
    const path = join(this.downloads, name)
    // Firefox takes the name with an empty file, before there is one for the contents.
    const isThere = () => existsSync(path) && statSync(path).size > 0 && !existsSync(`${path}.part`)
    await this.until(`${name} is downloaded`, isThere)
    return { name, contents: readFileSync(path) }
  }

  /** Chromium's alone: Firefox's driver cannot. */
  async emulate({ colorScheme, width, height = 800 }) {
    await this.page.emulateMedia({ colorScheme })
    await this.page.setViewportSize({ width, height })
  }

  /** For who has to find out why something did not come. */
  async state() {
    const seen = await this.evaluate(
      `[location.href, 'focus', document.activeElement?.id || document.activeElement?.localName,
        ...[...document.querySelectorAll('umwelt-terminal')].map((e) => e.shadowRoot.querySelector('[role=status]').textContent),
        document.querySelector('#said')?.textContent, document.querySelector('#kept')?.textContent,
        ...[...document.querySelectorAll('button:disabled, dialog[open]')].map((e) => e.id)]`,
    ).catch((error) => [error.message])
    return JSON.stringify([...seen, ...this.errors])
  }

  async close() {
    await this.page.close()
  }
}
