/**
 * <umwelt-terminal src="hello.elf" root="root.tar" args="--name 'some one'">: a program on a terminal, for any page.
 * Path: the entry point of umwelt-terminal.js; one script tag defines it. Without `src` the shell of the embedded userland
 * runs; with `root` the files are an archive's, one with an index beside it (`umwelt index`) is read in parts; with
 * `persist` what programs change of them is kept in this browser.
 */

import { Machine, type MachineOptions, StartError } from '../host/browser/index.ts'
import { isProgram } from './program-file.ts'
import { type OpenTerminal, openTerminal, type TerminalProgram } from './terminal.ts'
import elementCss from './terminal-element.css'
import { words } from './words.ts'

export { type OpenTerminal, openTerminal, type TerminalProgram } from './terminal.ts'

/** Where the program of `src` is put. */
const WORK = '/work'
const HINT = 'Ctrl+Shift+Arrow up or down leaves the terminal, Ctrl+Shift+C copies, Ctrl+Shift+V pastes.'

export class UmweltTerminal extends HTMLElement {
  static readonly observedAttributes = ['src', 'root', 'args', 'cwd', 'persist']
  /** A machine that the page made; the element makes one of its own unless this is set before it starts. */
  machine: Machine | null = null
  private own: Machine | null = null
  private terminal: OpenTerminal | null = null
  private readonly place: HTMLElement
  private readonly status: HTMLElement
  private readonly again: HTMLButtonElement
  private readonly stopper: HTMLButtonElement
  /** Counts starts and ends: what an older one still waits for is of no interest. */
  private run = 0
  private isScheduled = false
  private isPlaced = false
  /** What the machine said last that was wrong: it explains why a program cannot be started. */
  private complaint = ''
  /** Ends what the element is told by its machine. */
  private deafen: () => void = () => {}

  constructor() {
    super()
    const shadow = this.attachShadow({ mode: 'open' })
    shadow.innerHTML = `<style>${elementCss}</style>
      <div class="place" role="group" aria-label="Terminal" aria-describedby="hint"></div>
      <div class="bar"><span role="status"></span><button class="stop">Stop</button><button class="again">Restart</button></div>
      <div id="hint" hidden>${HINT}</div>`
    const find = <E extends HTMLElement>(selector: string): E => shadow.querySelector<E>(selector)!
    this.place = find('.place')
    this.status = find('[role=status]')
    this.again = find('.again')
    this.stopper = find('.stop')
    this.again.addEventListener('click', () => this.start())
    this.stopper.addEventListener('click', () => void this.stop())
    this.stopper.title = 'Ends the program at once'
  }

  connectedCallback(): void {
    if (!this.isPlaced) this.schedule()
    this.isPlaced = true
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.schedule()
  }

  disconnectedCallback(): void {
    // An element that only moves is connected again at once, and goes on.
    queueMicrotask(() => {
      if (this.isConnected) return
      this.isPlaced = false
      this.run++
      void this.clear()
    })
  }

  override focus(): void {
    this.terminal?.focus()
  }

  /** What is shown, as text. */
  get text(): string {
    return this.terminal?.text() ?? ''
  }

  /** Starts the program anew, in a new machine unless the page gave one. */
  start(): void {
    void this.launch(++this.run)
  }

  /** Ends the program at once, whatever it does. */
  async stop(): Promise<void> {
    if (this.own) await this.own.dispose()
    else if (this.terminal) await this.terminal.process.kill('SIGKILL').catch(() => {})
    else {
      this.run++
      this.say('stopped')
    }
  }

  /** Attributes that are set one after the other start it once. */
  private schedule(): void {
    if (this.isScheduled) return
    this.isScheduled = true
    queueMicrotask(() => {
      this.isScheduled = false
      if (this.isConnected) this.start()
    })
  }

  private async clear(): Promise<void> {
    const { own, terminal } = this
    this.own = this.terminal = null
    this.complaint = ''
    this.deafen()
    await terminal?.close()
    await own?.dispose()
  }

  private async launch(run: number): Promise<void> {
    try {
      await this.clear()
      if (run !== this.run) return
      this.say('starting …')
      const program = await this.program()
      const given = this.machine
      const machine = given ?? (await Machine.create(await this.options()))
      if (run !== this.run) {
        if (!given) await machine.dispose()
        return
      }
      if (!given) this.own = machine
      this.say('running')
      this.listen(machine)
      const terminal = await openTerminal(this.place, machine, await this.choice(machine, program))
      if (run !== this.run) {
        await terminal.close()
        return
      }
      this.terminal = terminal
      this.dispatchEvent(new CustomEvent('umwelt-start', { detail: { machine, terminal } }))
      const status = await terminal.exited
      if (run !== this.run) return
      this.say(status.signal ? `ended by ${status.signal}` : `exit status ${status.code}`)
      this.dispatchEvent(new CustomEvent('umwelt-exit', { detail: status }))
    } catch (error) {
      if (run !== this.run) return
      this.say([(error as Error).message, this.complaint].filter(Boolean).join('; '), true)
      await this.clear()
      this.dispatchEvent(new CustomEvent('umwelt-error', { detail: error }))
    }
  }

  private listen(machine: Machine): void {
    const offs = [
      machine.on('diagnostic', (line) => {
        this.complaint = line
        this.say(line, true)
      }),
      machine.on('image', (_url, loaded, size) =>
        this.say(`${megabytes(loaded)} of ${megabytes(size)} MB loaded`),
      ),
    ]
    // What is kept as it should be is not worth a line.
    if (this.own && this.getAttribute('persist'))
      offs.push(
        machine.on('storage', (state, why) => {
          if (state === 'failed') this.say(`changes are not kept: ${why}`, true)
          if (state === 'off') this.say(why, true)
        }),
      )
    this.deafen = () => {
      for (const off of offs.splice(0)) off()
    }
  }

  private say(text: string, isProblem = false): void {
    this.status.textContent = text
    this.status.classList.toggle('problem', isProblem)
  }

  private url(name: string): string | null {
    const value = this.getAttribute(name)
    return value ? new URL(value, this.baseURI).href : null
  }

  /** The ELF file of `src`. */
  private async program(): Promise<{ name: string; bytes: Uint8Array } | null> {
    const url = this.url('src')
    if (!url) return null
    const bytes = await fetched(url)
    if (!isProgram(bytes)) throw new StartError('ENOEXEC', `${url} is neither an ELF program nor a #! script`)
    return { name: decodeURIComponent(url.split(/[?#]/)[0]!.split('/').pop() || 'program'), bytes }
  }

  private async options(): Promise<MachineOptions> {
    const root = this.url('root')
    const persist = this.getAttribute('persist')
    return {
      ...(root && { root: { image: /\.tar$/.test(root) ? root : await fetched(root) } }),
      ...(persist && { persist }),
    }
  }

  /** What runs, with the program of `src` put where it can be found. */
  private async choice(
    machine: Machine,
    program: { name: string; bytes: Uint8Array } | null,
  ): Promise<TerminalProgram> {
    const args = words(this.getAttribute('args') ?? '')
    const cwd = this.getAttribute('cwd')
    if (program) {
      await machine.fs.mkdir(WORK, { recursive: true })
      await machine.fs.writeFile(`${WORK}/${program.name}`, program.bytes, { mode: 0o755 })
      return { program: `${WORK}/${program.name}`, argv0: program.name, args, cwd: cwd ?? WORK }
    }
    const [first = 'sh', ...rest] = args
    return { program: first, args: rest, cwd: cwd ?? '/' }
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

async function fetched(url: string): Promise<Uint8Array> {
  let response: Response
  try {
    response = await fetch(url)
  } catch {
    throw new StartError('EIO', `${url} cannot be loaded: the network does not answer`)
  }
  if (!response.ok) throw new StartError('EIO', `${url} cannot be loaded: HTTP ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

customElements.define('umwelt-terminal', UmweltTerminal)
