/** Output as lines of the console, which takes nothing less. Path: worker.ts, for programs that inherit the host's streams. */

export class ConsoleLines {
  private readonly show: (line: string) => void
  private readonly decoder = new TextDecoder()
  private begun = ''

  constructor(show: (line: string) => void) {
    this.show = show
  }

  write(bytes: Uint8Array): void {
    const lines = (this.begun + this.decoder.decode(bytes, { stream: true })).split('\n')
    this.begun = lines.pop() ?? ''
    for (const line of lines) this.show(line)
  }

  /** A last line without an end. */
  end(): void {
    if (this.begun) this.show(this.begun)
    this.begun = ''
  }
}
