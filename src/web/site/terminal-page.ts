/** A bare terminal: `/terminal.html?src=…&root=…&args=…`, as the element's attributes. */

import '../terminal-element.ts'
import { workOffline } from './offline.ts'

const element = document.querySelector('umwelt-terminal')!
for (const [name, value] of new URLSearchParams(location.search))
  if (['src', 'root', 'args', 'cwd'].includes(name)) element.setAttribute(name, value)
element.addEventListener('umwelt-start', () => (element as HTMLElement).focus())
void workOffline(new Promise((resolve) => element.addEventListener('umwelt-start', resolve)))
