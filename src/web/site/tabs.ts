/** Terminals in tabs, by ARIA's pattern: arrows go from one to the next, Delete closes one. Path: site.ts. */

import type { Machine } from '../../host/browser/index.ts'
import { UmweltTerminal } from '../terminal-element.ts'

interface Tab {
  readonly button: HTMLButtonElement
  readonly panel: HTMLElement
  readonly terminal: UmweltTerminal
}

export class TerminalTabs {
  private readonly list: HTMLElement
  private readonly panels: HTMLElement
  private readonly tabs: Tab[] = []
  private count = 0
  private readonly more: HTMLElement

  /** `more` opens one: it has the focus when there is none. */
  constructor(list: HTMLElement, panels: HTMLElement, more: HTMLElement) {
    this.list = list
    this.panels = panels
    this.more = more
    list.addEventListener('keydown', (event) => this.key(event))
  }

  /** Opens one for a program of the machine; `words` are the element's `args`. */
  open(machine: Machine, title: string, words: string): UmweltTerminal {
    const number = ++this.count
    const terminal = new UmweltTerminal()
    terminal.machine = machine
    terminal.setAttribute('args', words)
    terminal.setAttribute('cwd', '/work')
    const panel = document.createElement('div')
    panel.id = `panel-${number}`
    panel.setAttribute('role', 'tabpanel')
    panel.setAttribute('aria-labelledby', `tab-${number}`)
    panel.append(terminal)
    const button = document.createElement('button')
    button.id = `tab-${number}`
    button.setAttribute('role', 'tab')
    button.setAttribute('aria-controls', panel.id)
    button.textContent = title
    button.title = 'Delete closes it'
    const tab = { button, panel, terminal }
    button.addEventListener('click', () => this.choose(tab))
    terminal.addEventListener('umwelt-start', () => terminal.focus())
    this.list.append(button)
    this.panels.append(panel)
    this.tabs.push(tab)
    this.choose(tab)
    return terminal
  }

  closeAll(): void {
    for (const tab of [...this.tabs]) this.close(tab)
  }

  private choose(tab: Tab): void {
    for (const other of this.tabs) {
      const isChosen = other === tab
      other.button.setAttribute('aria-selected', String(isChosen))
      other.button.tabIndex = isChosen ? 0 : -1
      other.panel.hidden = !isChosen
    }
    tab.terminal.focus()
  }

  private close(tab: Tab): void {
    const at = this.tabs.indexOf(tab)
    this.tabs.splice(at, 1)
    void tab.terminal.stop()
    tab.button.remove()
    tab.panel.remove()
    const next = this.tabs[Math.min(at, this.tabs.length - 1)]
    if (next) this.choose(next)
  }

  private key(event: KeyboardEvent): void {
    const at = this.tabs.findIndex(({ button }) => button === document.activeElement)
    if (at < 0) return
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step !== undefined) {
      const tab = this.tabs[(at + step + this.tabs.length) % this.tabs.length]!
      this.choose(tab)
      tab.button.focus()
    } else if (event.key === 'Delete') {
      this.close(this.tabs[at]!)
      const next = this.tabs[Math.min(at, this.tabs.length - 1)]
      ;(next?.button ?? this.more).focus()
    }
  }
}
