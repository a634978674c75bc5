/** Programs on a terminal: what their user types, what the screen gets, and how both ends learn that the other is gone. */

import { describe, expect, it } from 'vitest'
import type { GuestProcess, SpawnOptions } from '../../../src/api.ts'
import { type Machines, pause } from './machines.ts'

const WAIT_MS = 5000
const ENV = { PATH: '/bin', HOME: '/root', PS1: '$ ' }

/** A program on a terminal, with all that it has shown. */
class Session {
  readonly program: GuestProcess
  shown = ''
  readonly ended: Promise<void>
  private readonly keyboard: WritableStreamDefaultWriter<Uint8Array>

  constructor(program: GuestProcess) {
    this.program = program
    this.keyboard = program.stdin!.getWriter()
    this.ended = this.collect()
  }

  private async collect(): Promise<void> {
    const decoder = new TextDecoder()
    const reader = this.program.stdout!.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      this.shown += decoder.decode(value, { stream: true })
    }
  }

  type(text: string): void {
    void this.keyboard.write(new TextEncoder().encode(text)).catch(() => {})
  }

  async close(): Promise<void> {
    await this.keyboard.close()
  }

  async hangUp(): Promise<void> {
    await this.keyboard.abort()
  }

  /** Waits until the screen got this, and takes everything up to it away. */
  async expect(text: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS
    while (!this.shown.includes(text)) {
      if (Date.now() > deadline)
        throw new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(this.shown)}`)
      await pause(5)
    }
    this.shown = this.shown.slice(this.shown.indexOf(text) + text.length)
  }
}

export function terminalCases({ machine }: Machines): void {
  const start = async (path: string, args: string[] = [], options: SpawnOptions = {}): Promise<Session> => {
    const on = await machine()
    return new Session(await on.spawn(path, args, { env: ENV, tty: { columns: 80, rows: 24 }, ...options }))
  }
  const sh = (script: string, options: SpawnOptions = {}): Promise<Session> =>
    start('sh', ['-c', script], options)

  describe('a terminal', () => {
    it('is one to the program, on all three descriptors, and under its name', async () => {
      const session = await sh(
        'test -t 0 && test -t 1 && test -t 2 && readlink /proc/self/fd/1; stty size; echo $TERM',
      )
      await session.expect('/dev/pts/0\r\n24 80\r\nxterm-256color\r\n')
      expect(await session.program.exited).toEqual({ code: 0, signal: null })
      await session.ended
      expect(session.program.stderr).toBeNull()
    })

    it('takes TERM from the environment first, then from the option', async () => {
      const tty = { columns: 5, rows: 6, term: 'vt100' }
      await (await sh('echo $TERM; stty size', { tty })).expect('vt100\r\n6 5\r\n')
      await (await sh('echo $TERM', { tty, env: { ...ENV, TERM: 'linux' } })).expect('linux\r\n')
    })

    it('echoes and edits lines', async () => {
      const session = await start('cat')
      session.type('abx\x7fc\r')
      await session.expect('abx\b \bc\r\nabc\r\n')
      session.type('größe\x7f\x7f\r')
      await session.expect('größe\b \b\b \b\r\ngrö\r\n')
      session.type('\x04')
      expect(await session.program.exited).toEqual({ code: 0, signal: null })
    })

    it('reports a new size and sends SIGWINCH', async () => {
      const session = await sh('trap "stty size" WINCH; echo ready; while :; do sleep 0.05; done')
      await session.expect('ready')
      await session.program.resize(132, 43)
      await session.expect('43 132')
      await session.program.kill('SIGKILL')
      await session.program.exited
    })

    it('refuses a size that cannot be, and a resize without a terminal', async () => {
      const session = await start('cat')
      for (const size of [-1, 65536, 1.5, Number.NaN])
        await expect(session.program.resize(size, 10)).rejects.toMatchObject({ code: 'EINVAL' })
      await expect(start('cat', [], { tty: { columns: -1, rows: 1 } })).rejects.toMatchObject({
        code: 'EINVAL',
      })
      const plain = await (await machine()).spawn('true')
      await expect(plain.resize(1, 1)).rejects.toMatchObject({ code: 'ENOTTY' })
    })

    it('ends a program by ^C and ^\\', async () => {
      for (const [key, signal] of [
        ['\x03', 'SIGINT'],
        ['\x1c', 'SIGQUIT'],
      ] as const) {
        const session = await start('sleep', ['100'])
        session.type(key)
        expect(await session.program.exited).toEqual({ code: null, signal })
        await session.ended
        expect(session.shown).toBe(key === '\x03' ? '^C' : '^\\')
      }
    })

    it('gives an interactive shell job control', async () => {
      const session = await start('sh', ['-i'])
      await session.expect('$ ')
      session.type('echo go; sleep 100\r')
      await session.expect('\r\ngo\r\n')
      await pause(100)
      session.type('\x1a')
      await session.expect('Stopped')
      session.type('jobs; bg; echo bac\\k\r')
      await session.expect('\r\nback\r\n')
      session.type('echo fron\\t; fg\r')
      await session.expect('\r\nfront\r\n')
      await pause(100)
      session.type('\x03')
      await session.expect('$ ')
      session.type('exit 7\r')
      expect(await session.program.exited).toEqual({ code: 7, signal: null })
    })

    it('shows no password', async () => {
      const session = await sh('stty -echo; printf "Password: "; read p; stty echo; echo; echo "<$p>"')
      await session.expect('Password: ')
      session.type('secret\r')
      await session.expect('\r\n<secret>\r\n')
    })

    it('has a raw mode', async () => {
      const session = await sh(
        'stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | hexdump -C; stty sane',
      )
      await session.expect('ready')
      session.type('\x03\r\x04')
      await session.expect('03 0d 04')
      expect((await session.program.exited).code).toBe(0)
    })

    it('reads the end of file when its input is closed', async () => {
      const session = await sh('cat; echo over')
      session.type('line\r')
      await session.close()
      await session.expect('line\r\nline\r\nover\r\n')
      expect((await session.program.exited).code).toBe(0)
    })

    it('hangs up when its input is aborted, or its screen is cancelled', async () => {
      const aborted = await start('cat')
      await aborted.hangUp()
      expect(await aborted.program.exited).toEqual({ code: null, signal: 'SIGHUP' })
      const program = await (await machine()).spawn('cat', [], { env: ENV, tty: { columns: 1, rows: 1 } })
      await program.stdout!.cancel()
      expect(await program.exited).toEqual({ code: null, signal: 'SIGHUP' })
    })

    it('keeps its screen open while a background program has it', async () => {
      const session = await sh('trap "" HUP; (sleep 0.2; echo late) & echo early')
      await session.program.exited
      await session.expect('early\r\n')
      await session.expect('late\r\n')
      await session.ended
    })

    it('makes a fast writer wait', async () => {
      const yes = await (await machine()).spawn('yes', [], { env: ENV, tty: { columns: 80, rows: 24 } })
      const reader = yes.stdout!.getReader()
      let size = 0
      while (size < 200_000) size += (await reader.read()).value!.length
      await reader.cancel()
      expect((await yes.exited).signal).toBe('SIGHUP')
    })

    it('is numbered as they come and go', async () => {
      const on = await machine()
      const tty = { columns: 80, rows: 24 }
      const first = new Session(
        await on.spawn('sh', ['-c', 'readlink /proc/self/fd/0; read x'], { env: ENV, tty }),
      )
      await first.expect('/dev/pts/0')
      const second = new Session(
        await on.spawn('sh', ['-c', 'readlink /proc/self/fd/0; ls /dev/pts'], {
          env: ENV,
          tty: { columns: 9, rows: 9 },
        }),
      )
      await second.expect('/dev/pts/1')
      await second.expect('ptmx')
      await second.ended
      first.type('\r')
      await first.ended
      expect(await on.fs.readdir('/dev/pts')).toEqual(['ptmx'])
    })

    it('goes away with a program that cannot be started', async () => {
      const on = await machine()
      await expect(on.spawn('/nowhere', [], { tty: { columns: 80, rows: 24 } })).rejects.toThrow()
      expect(await on.fs.readdir('/dev/pts')).toEqual(['ptmx'])
    })
  })
}
