/**
 * A machine in a Worker: the browser's clock and random bytes, the embedded userland as `/`, the console for programs
 * that inherit the host's streams. Path: the entry point of dist/browser/umwelt-worker.js; index.ts is the page's end.
 */

import { messagePortChannel } from '../../channels.ts'
import { StartError } from '../../errors.ts'
import { LocalMachine } from '../../local-machine.ts'
import { filledTmpfs } from '../../mounting.ts'
import { providePlatform } from '../../platform.ts'
import { serveMachine } from '../../remote/machine-server.ts'
import { KeptTranslations } from '../../storage/kept-translations.ts'
import { entriesOf } from '../../userland.ts'
import { SimHost } from '../sim/sim-host.ts'
import { BrowserHost } from './browser-host.ts'
import { ConsoleLines } from './console-lines.ts'
import { cpuFor } from './features.ts'
import { openBlobs, openOwnStore } from './stores/open-store.ts'

/** A name for the translator's build: scripts/bundle-browser.mjs gives it. */
declare const UMWELT_BUILD: string

async function fetched(url: URL): Promise<Response> {
  const response = await fetch(url).catch((error: Error) => error)
  if (response instanceof Response && response.ok) return response
  const why = response instanceof Response ? `status ${response.status}` : response.message
  throw new StartError('EIO', `${url} cannot be loaded: ${why}`)
}

/**
 * A browser does not say how much a page may have, and ends the whole page, or slows the whole device down, when it is too
 * much. The same for every device, so that programs see the same machine.
 */
const LIMITS = { memoryBytes: 1 << 30, diskBytes: 1 << 30 }

/** Said about this browser before there is a machine; for who does not listen to one, the console has it too. */
const warnings: string[] = []
function warn(line: string): void {
  warnings.push(line)
  console.warn(`umwelt: ${line}`)
}

providePlatform({
  limits: LIMITS,
  makeHost({ seed, diagnostics }) {
    for (const line of warnings) diagnostics(line)
    const out = new ConsoleLines((line) => console.log(line))
    const err = new ConsoleLines((line) => console.error(line))
    const browser = new BrowserHost({
      stdout: (bytes) => out.write(bytes),
      stderr: (bytes) => err.write(bytes),
      diagnostics,
    })
    browser.stdin.push(null)
    const { stdin, stdout, stderr } = browser
    const host = seed === undefined ? browser : new SimHost({ seed, stdin, stdout, stderr, diagnostics })
    const close = async (): Promise<void> => {
      out.end()
      err.end()
    }
    return { host, close }
  },
  async makeRoot() {
    const [elf, list] = await Promise.all([
      fetched(new URL('./userland.elf', import.meta.url)),
      fetched(new URL('./userland.json', import.meta.url)),
    ])
    const entries = entriesOf({ elf: new Uint8Array(await elf.arrayBuffer()), ...(await list.json()) })
    return (kernel) => filledTmpfs(kernel, entries)
  },
  openStore: openOwnStore,
  async openTranslations() {
    const blobs = await openBlobs('translations')
    // Without it code is only translated again.
    return blobs && KeptTranslations.open(blobs, UMWELT_BUILD).catch(() => null)
  },
})

serveMachine(messagePortChannel(self as never), (options) =>
  LocalMachine.create({ ...options, cpu: cpuFor(options.cpu, warn) }),
)
