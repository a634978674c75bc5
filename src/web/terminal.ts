/**
 * A program on a terminal in a page: xterm.js shows what a guest's pty has to show, and gives it the keys.
 * Path: umwelt-terminal.js, by itself or through terminal-element.ts; the program is in a machine's Worker.
 *
 *   const terminal = await openTerminal(document.querySelector('#place'), machine, { program: 'sh' })
 *   console.log(await terminal.exited)
 */

import { ClipboardAddon } from '@xterm/addon-clipboard'
import { FitAddon } from '@xterm/addon-fit'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { type ITheme, Terminal } from '@xterm/xterm'
import xtermCss from '@xterm/xterm/css/xterm.css'
import type { ExitStatus, GuestProcess, Machine, SpawnOptions } from '../host/browser/index.ts'

/** What runs on the terminal; the userland's shell unless said. */
export interface TerminalProgram extends Omit<SpawnOptions, 'stdio' | 'tty'> {
  readonly program?: string
  readonly args?: readonly string[]
}

export interface OpenTerminal {
  readonly process: GuestProcess
  /** When the program has ended and all that it wrote is shown. */
  readonly exited: Promise<ExitStatus>
  focus(): void
  /** What is on the screen and above it, as text. */
  text(): string
  /** Ends the program and takes the terminal away. */
  close(): Promise<void>
}

const DARK: ITheme = {
  background: '#14161b',
  foreground: '#e6e6e6',
  cursor: '#e6e6e6',
  selectionBackground: '#3a5a8c',
}
const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#1b1d22',
  cursor: '#1b1d22',
  selectionBackground: '#b3d1ff',
  // The bright ones of the usual palette cannot be read on white.
  white: '#5c5c5c',
  brightWhite: '#3a3a3a',
  yellow: '#7a5b00',
  brightYellow: '#8a6500',
  green: '#1a7f37',
  brightGreen: '#116329',
  cyan: '#0b6e75',
  brightCyan: '#0b6e75',
  brightBlack: '#666666',
}

/** Starts a program on a terminal in `place`. Rejects with StartError. */
export async function openTerminal(
  place: HTMLElement,
  machine: Machine,
  { program = 'sh', args = [], ...options }: TerminalProgram = {},
): Promise<OpenTerminal> {
  const screen = makeScreen(place)
  const { terminal } = screen
  let process: GuestProcess
  try {
    const tty = { columns: terminal.cols, rows: terminal.rows }
    process = await machine.spawn(program, args, { ...options, tty })
  } catch (error) {
    screen.remove()
    throw error
  }
  const writer = process.stdin!.getWriter()
  const give = (bytes: Uint8Array): void => void writer.write(bytes).catch(() => {})
  const encoder = new TextEncoder()
  terminal.onData((text) => give(encoder.encode(text)))
  terminal.onBinary((text) => give(Uint8Array.from(text, (char) => char.charCodeAt(0))))
  terminal.onResize(({ cols, rows }) => void process.resize(cols, rows).catch(() => {}))
  const shown = show(process.stdout!, terminal)
  const exited = process.exited.then(async (status) => {
    // What it leaves running may go on writing; the terminal is not kept for that.
    await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, 200))])
    terminal.options.cursorBlink = false
    return status
  })
  return {
    process,
    exited,
    focus: () => terminal.focus(),
    text: () => textOf(terminal),
    async close() {
      await process.kill('SIGKILL').catch(() => {})
      screen.remove()
    },
  }
}

/** Reads no faster than the terminal shows, so that a program that prints without end waits for it. */
async function show(stream: ReadableStream<Uint8Array>, terminal: Terminal): Promise<void> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      await new Promise<void>((resolve) => terminal.write(value, resolve))
    }
  } catch {
    // The machine is gone, and says why elsewhere.
  }
}

function makeScreen(place: HTMLElement): { terminal: Terminal; remove: () => void } {
  const style = document.createElement('style')
  style.textContent = xtermCss
  const element = document.createElement('div')
  element.style.cssText = 'height: 100%; min-height: 0'
  place.append(style, element)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const terminal = new Terminal({
    fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    fontSize: 14,
    // Some fonts draw an underscore below their line.
    lineHeight: 1.15,
    cursorBlink: true,
    scrollback: 5000,
    minimumContrastRatio: 4.5,
    theme: dark.matches ? DARK : LIGHT,
  })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  terminal.loadAddon(new WebLinksAddon())
  // A program may offer text for the clipboard, and never read what a person has there.
  terminal.loadAddon(
    new ClipboardAddon(undefined, {
      readText: () => '',
      writeText: (_selection, text) => navigator.clipboard.writeText(text),
    }),
  )
  terminal.open(element)
  terminal.attachCustomKeyEventHandler((event) => handleKey(event, terminal))
  fit.fit()
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0) fit.fit()
  })
  observer.observe(element)
  const recolour = (): void => void (terminal.options.theme = dark.matches ? DARK : LIGHT)
  dark.addEventListener('change', recolour)
  const remove = (): void => {
    observer.disconnect()
    dark.removeEventListener('change', recolour)
    terminal.dispose()
    element.remove()
    style.remove()
  }
  return { terminal, remove }
}

/** Copy, paste, and the way out for who has no mouse: a terminal takes Tab itself. False: it is not the program's. */
function handleKey(event: KeyboardEvent, terminal: Terminal): boolean {
  if (!event.ctrlKey || !event.shiftKey) return true
  if (event.code === 'KeyC' || event.code === 'KeyV') {
    if (event.type === 'keydown') {
      if (event.code === 'KeyC') void navigator.clipboard.writeText(terminal.getSelection()).catch(() => {})
      else
        void navigator.clipboard.readText().then(
          (text) => terminal.paste(text),
          () => {},
        )
      event.preventDefault()
    }
    return false
  }
  if (event.code === 'ArrowUp' || event.code === 'ArrowDown') {
    if (event.type === 'keydown') leave(terminal, event.code === 'ArrowUp' ? -1 : 1)
    event.preventDefault()
    return false
  }
  return true
}

const FOCUSABLE =
  'a[href], button:not([disabled]), input:not([disabled]), select, textarea, summary, [tabindex="0"]'

/** What can have the focus, in the page's order, also within elements of its own like the terminal's. */
function* focusable(root: ParentNode): Generator<HTMLElement> {
  for (const element of root.querySelectorAll<HTMLElement>('*')) {
    if (element.matches(FOCUSABLE)) yield element
    if (element.shadowRoot) yield* focusable(element.shadowRoot)
  }
}

/** Moves the focus to what comes before or after the terminal on the page. */
function leave(terminal: Terminal, direction: 1 | -1): void {
  const own = terminal.textarea!
  const all = [...focusable(document)].filter(
    (element) => element === own || (element.tabIndex >= 0 && element.getClientRects().length > 0),
  )
  const next = all[all.indexOf(own) + direction]
  terminal.blur()
  next?.focus()
}

function textOf(terminal: Terminal): string {
  const buffer = terminal.buffer.active
  const lines: string[] = []
  for (let y = 0; y < buffer.length; y++) {
    const line = buffer.getLine(y)!
    const text = line.translateToString(true)
    if (line.isWrapped) lines[lines.length - 1] += text
    else lines.push(text)
  }
  return lines.join('\n').trimEnd()
}
