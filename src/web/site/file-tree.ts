/**
 * The machine's files as a tree that is read as it is opened. ARIA's tree pattern: arrows move and open, one item is in the
 * order of Tab. Path: site.ts makes one for each machine.
 */

import type { Machine } from '../../host/browser/index.ts'

interface Item {
  readonly path: string
  readonly isDirectory: boolean
  readonly element: HTMLLIElement
  readonly list: HTMLUListElement | null
}

export class FileTree {
  private readonly root: HTMLUListElement
  private readonly machine: Machine
  private readonly items = new Map<string, Item>()
  private readonly chosen: (path: string, isDirectory: boolean) => void
  private current: Item | null = null

  /** `chosen` is told of the item that a person has chosen. */
  constructor(
    root: HTMLUListElement,
    machine: Machine,
    chosen: (path: string, isDirectory: boolean) => void,
  ) {
    this.root = root
    this.machine = machine
    this.chosen = chosen
    root.replaceChildren()
    root.onkeydown = (event) => this.key(event)
    root.onclick = (event) => this.click(event.target as HTMLElement)
  }

  /** The chosen folder, or the one of the chosen file. */
  get folder(): string {
    if (!this.current) return '/'
    const { path, isDirectory } = this.current
    return isDirectory ? path : path.slice(0, path.lastIndexOf('/')) || '/'
  }

  async show(): Promise<void> {
    const item = this.add(this.root, '/', '/', true)
    await this.open(item)
    this.tabStop(item)
  }

  /** Reads an open folder again, and chooses a file of it. */
  async refresh(folder: string, choose?: string): Promise<void> {
    const item = this.items.get(folder)
    if (item?.element.ariaExpanded === 'true') await this.open(item)
    const next = choose && this.items.get(choose)
    if (next) this.choose(next)
  }

  private add(list: HTMLUListElement, path: string, name: string, isDirectory: boolean): Item {
    const element = document.createElement('li')
    element.setAttribute('role', 'treeitem')
    element.tabIndex = -1
    element.dataset.path = path
    element.setAttribute('aria-selected', 'false')
    const label = document.createElement('span')
    label.textContent = isDirectory && path !== '/' ? `${name}/` : name
    element.append(label)
    let children: HTMLUListElement | null = null
    if (isDirectory) {
      element.setAttribute('aria-expanded', 'false')
      children = document.createElement('ul')
      children.setAttribute('role', 'group')
      element.append(children)
    }
    list.append(element)
    const item = { path, isDirectory, element, list: children }
    this.items.set(path, item)
    return item
  }

  private async open(item: Item): Promise<void> {
    const { fs } = this.machine
    const names = (await fs.readdir(item.path)).sort()
    const known = new Set(
      [...this.items.values()]
        .filter(({ element }) => element.ariaExpanded === 'true')
        .map(({ path }) => path),
    )
    item.list!.replaceChildren()
    for (const path of this.items.keys())
      if (path !== item.path && path.startsWith(item.path === '/' ? '/' : `${item.path}/`))
        this.items.delete(path)
    const prefix = item.path === '/' ? '' : item.path
    const stats = await Promise.all(names.map((name) => fs.lstat(`${prefix}/${name}`).catch(() => null)))
    for (const [i, name] of names.entries()) {
      const child = this.add(item.list!, `${prefix}/${name}`, name, stats[i]?.isDirectory() ?? false)
      if (known.has(child.path)) await this.open(child)
    }
    item.element.ariaExpanded = 'true'
    // The chosen one was made anew, or is gone; one item stays in the order of Tab.
    if (this.current && !this.current.element.isConnected)
      this.choose(this.items.get(this.current.path) ?? item)
  }

  private close(item: Item): void {
    item.list!.replaceChildren()
    item.element.ariaExpanded = 'false'
  }

  private choose(item: Item): void {
    for (const { element } of this.items.values()) element.setAttribute('aria-selected', 'false')
    item.element.setAttribute('aria-selected', 'true')
    this.current = item
    this.tabStop(item)
    this.chosen(item.path, item.isDirectory)
  }

  private tabStop(item: Item): void {
    for (const { element } of this.items.values()) element.tabIndex = -1
    item.element.tabIndex = 0
  }

  private itemOf(target: Element | null): Item | undefined {
    const path = target?.closest<HTMLElement>('[role=treeitem]')?.dataset.path
    return path === undefined ? undefined : this.items.get(path)
  }

  private click(target: HTMLElement): void {
    const item = this.itemOf(target)
    if (!item) return
    this.choose(item)
    item.element.focus()
    if (item.isDirectory) void this.toggle(item)
  }

  private async toggle(item: Item): Promise<void> {
    if (item.element.ariaExpanded === 'true') this.close(item)
    else await this.open(item).catch(() => {})
  }

  private key(event: KeyboardEvent): void {
    const item = this.itemOf(document.activeElement)
    if (!item || event.ctrlKey || event.altKey || event.metaKey) return
    const shown = [...this.root.querySelectorAll<HTMLElement>('[role=treeitem]')]
    const at = shown.indexOf(item.element)
    const isOpen = item.element.ariaExpanded === 'true'
    const go = (element: Element | null | undefined): void => {
      const next = this.itemOf(element ?? null)
      if (!next) return
      this.choose(next)
      next.element.focus()
    }
    switch (event.key) {
      case 'ArrowDown':
        go(shown[at + 1])
        break
      case 'ArrowUp':
        go(shown[at - 1])
        break
      case 'Home':
        go(shown[0])
        break
      case 'End':
        go(shown.at(-1))
        break
      case 'ArrowRight':
        if (item.isDirectory && !isOpen) void this.toggle(item)
        else go(item.list?.firstElementChild)
        break
      case 'ArrowLeft':
        if (isOpen) this.close(item)
        else go(item.element.parentElement?.closest('[role=treeitem]'))
        break
      case 'Enter':
      case ' ':
        this.choose(item)
        if (item.isDirectory) void this.toggle(item)
        break
      default:
        return
    }
    event.preventDefault()
  }
}
