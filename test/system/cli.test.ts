/**
 * The command as a person meets it: bin/umwelt.mjs is spawned in a folder of its own. A mistake is one line that says
 * what is wrong, the status is the documented one, and nothing on the host changes unless a volume is rw.
 */

import { spawn } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const PACKAGE = join(import.meta.dirname, '../..')
const COMMAND = join(PACKAGE, 'bin/umwelt.mjs')
const USERLAND = new Uint8Array(readFileSync(join(PACKAGE, 'rootfs/images/userland.elf')))
const OWN_ERROR = 125
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127
const CASES_AT_ONCE = 4
/** Not the user's (vitest.config.ts). */
const CACHE = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME! }

interface Result {
  status: number | null
  stdout: string
  stderr: string
}

let folder: string

/** The current directory of a case, on the host. */
function umwelt(words: readonly string[], stdin = '', env: Record<string, string> = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...words], {
      cwd: folder,
      env: { PATH: `${join(folder, 'host-bin')}:/usr/bin:/bin`, FROM_HOST: 'passed', ...CACHE, ...env },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr }))
    // A command that fails at once does not read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
  })
}

/** Runs a script in the embedded shell. */
const sh = (script: string, options: readonly string[] = []): Promise<Result> =>
  umwelt(['run', ...options, 'sh', '-c', script])

/** Every file below the folder with mode and contents: what a run must not change. */
function snapshot(): string[] {
  return (readdirSync(folder, { recursive: true, encoding: 'utf8' }) as string[]).sort().map((name) => {
    const stats = statSync(join(folder, name))
    const contents = stats.isFile() ? readFileSync(join(folder, name)).toString('latin1') : ''
    return `${name} ${stats.mode} ${stats.mtimeMs} ${contents.length} ${contents.slice(0, 100)}`
  })
}

const patched = (at: number, bytes: readonly number[]): Uint8Array => {
  const copy = USERLAND.slice()
  copy.set(bytes, at)
  return copy
}

/** A static program without code, whose PT_INTERP names what is not there. */
function withInterpreter(path: string): Uint8Array {
  const bytes = new Uint8Array(0x200)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, 62, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, 0x400000n, true)
  view.setBigUint64(32, 64n, true)
  view.setUint16(52, 64, true)
  view.setUint16(54, 56, true)
  view.setUint16(56, 2, true)
  const segment = (n: number, type: number, offset: number, size: number): void => {
    const at = 64 + n * 56
    view.setUint32(at, type, true)
    view.setUint32(at + 4, 5, true)
    view.setBigUint64(at + 8, BigInt(offset), true)
    view.setBigUint64(at + 16, BigInt(0x400000 + offset), true)
    view.setBigUint64(at + 32, BigInt(size), true)
    view.setBigUint64(at + 40, BigInt(size), true)
    view.setBigUint64(at + 48, 4096n, true)
  }
  const name = new TextEncoder().encode(`${path}\0`)
  bytes.set(name, 0x100)
  segment(0, 3, 0x100, name.length)
  segment(1, 1, 0, bytes.length)
  return bytes
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'umwelt-cli-'))
  const put = (name: string, data: string | Uint8Array, mode = 0o755): void => {
    writeFileSync(join(folder, name), data)
    chmodSync(join(folder, name), mode)
  }
  mkdirSync(join(folder, 'directory'))
  mkdirSync(join(folder, 'volume'))
  mkdirSync(join(folder, 'host-bin'))
  put('volume/file', 'of the host\n', 0o644)
  put('host-bin/only-here', '#!/bin/sh\n')
  put('truncated', USERLAND.slice(0, 3000))
  put('truncated-header', USERLAND.slice(0, 40))
  put('foreign', patched(18, [0xb7, 0]))
  put('corrupt', patched(32, Array(400).fill(0xff)))
  put('elf32', patched(4, [1]))
  put('big-endian', patched(5, [2]))
  put('wild-load', patched(64 + 16, [0, 0, 0, 0, 0, 0, 0, 0x7f]))
  put('text', 'no program\n')
  put('empty', '')
  put('aout', '\x0b\x01\x64\x00aaaa')
  put('empty.mjs', '')
  put('no-engine.mjs', 'export default () => ({ name: 7 })')
  put('not-executable', '#!/bin/sh\n', 0o644)
  put('script-without', '#!/no/such\n')
  put('script-nameless', '#!\n')
  put('script', '#!/bin/sh\necho "script $1"; exit 3\n')
  put('loop', '#!/work/loop\n')
  put('interpreter', withInterpreter('/lib/no-such-loader.so'))
  put('not-a.tar', 'this is no archive')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The words, the status, and what the one line must say. */
const MISTAKES: [string[], number, RegExp][] = [
  [['run', './truncated'], NOT_EXECUTABLE, /\.\/truncated: truncated/],
  [['run', './truncated-header'], NOT_EXECUTABLE, /truncated ELF header/],
  [['run', './foreign'], NOT_EXECUTABLE, /AArch64, which is not supported/],
  [['run', './corrupt'], NOT_EXECUTABLE, /\.\/corrupt: .*wrong.*Exec format error/],
  [['run', './elf32'], NOT_EXECUTABLE, /ELF class/],
  [['run', './big-endian'], NOT_EXECUTABLE, /\.\/big-endian: .+ \(Exec format error\)/],
  [['run', './wild-load'], NOT_EXECUTABLE, /\.\/wild-load: .+/],
  [['run', './text'], NOT_EXECUTABLE, /neither an ELF program nor a #! script/],
  [['run', './aout'], NOT_EXECUTABLE, /an a\.out program \(ZMAGIC\), which Linux no longer runs/],
  [['run', './empty'], NOT_EXECUTABLE, /neither an ELF program nor a #! script/],
  [['run', './directory'], NOT_EXECUTABLE, /a directory, not a program/],
  [['run', './not-executable'], NOT_EXECUTABLE, /not marked executable/],
  [['run', './no-such'], NOT_FOUND, /\.\/no-such: No such file or directory/],
  [['run', './script-without'], NOT_FOUND, /its interpreter \/no\/such does not exist/],
  [['run', './script-nameless'], NOT_EXECUTABLE, /names no interpreter/],
  [['run', './interpreter'], NOT_FOUND, /its interpreter \/lib\/no-such-loader\.so does not exist/],
  [['run', './loop'], NOT_EXECUTABLE, /#! line leads to a script, more than 5 times/],
  [['run', 'no-such-name'], NOT_FOUND, /no-such-name: not found in the guest's PATH$/],
  [['run', 'text'], NOT_FOUND, /the current directory has it: \.\/text/],
  [['run', 'only-here'], NOT_FOUND, /the host has it in .*host-bin: mount that with -v .*host-bin:\/host:ro/],
  [['run', process.execPath], NOT_FOUND, /only the host has it: mount it with -v .+:.+:ro/],
  [['run', ''], OWN_ERROR, /PROGRAM is empty/],
  [['run', '--root', '/no/such', 'sh'], OWN_ERROR, /--root \/no\/such does not exist/],
  [['run', '--root', 'not-a.tar', 'sh'], OWN_ERROR, /no readable root archive/],
  [['run', '--root', 'directory', 'sh'], NOT_FOUND, /sh: not found/],
  [['run', '-v', 'nonsense', 'true'], OWN_ERROR, /a volume is HOST:GUEST/],
  [['run', '-v', '.:relative', 'true'], OWN_ERROR, /begins with \//],
  [['run', '-v', '/no/such:/x', 'true'], OWN_ERROR, /volume \/no\/such does not exist/],
  [['run', '-v', './text:/x', 'true'], OWN_ERROR, /volume \.\/text is no directory/],
  [['run', '-v', '.:/etc/passwd', 'true'], OWN_ERROR, /\/etc\/passwd: .*Not a directory/],
  [['run', '-w', '/no/such', 'true'], OWN_ERROR, /working directory \/no\/such/],
  [['run', '-w', '/bin/sh', 'true'], OWN_ERROR, /working directory \/bin\/sh/],
  [['run', '-e', '=x', 'true'], OWN_ERROR, /a variable is NAME=VALUE/],
  [['run', '--engine', 'nope', 'true'], OWN_ERROR, /no engine nope; there are .*deny/],
  [['run', '--engine', 'deny,mkdir=EFOO', 'true'], OWN_ERROR, /EFOO is no error name/],
  [['serve', '--port', '99999'], OWN_ERROR, /--port is a number up to 65535, not 99999/],
  [['serve', '--prot', '1'], OWN_ERROR, /Unknown option '--prot'/],
  [['index'], OWN_ERROR, /takes one tar archive/],
  [['index', 'nowhere.tar'], OWN_ERROR, /nowhere\.tar cannot be read: ENOENT/],
  [['index', './empty'], OWN_ERROR, /no uncompressed tar archive/],
  [['index', '.'], OWN_ERROR, /cannot be (read|indexed)/],
  [['run', '--engine', './nope.mjs', 'true'], OWN_ERROR, /nope\.mjs cannot be loaded/],
  [['run', '--engine', './empty.mjs', 'true'], OWN_ERROR, /empty\.mjs has no function as its default export/],
  [['run', '--engine', './no-engine.mjs', 'true'], OWN_ERROR, /no name or wants no calls: no engine/],
  [['run', '--engine', 'remote', 'true'], OWN_ERROR, /say where the engine listens/],
  [['run', '--engine', 'remote,socket=nowhere', 'true'], OWN_ERROR, /no engine answers at nowhere: .*ENOENT/],
  [['run', '--engine', 'remote,port=1', 'true'], OWN_ERROR, /there is no option port/],
  [['run', '--engine', 'deny,mkdri=EPERM', 'true'], OWN_ERROR, /mkdri: no system call/],
  [['run', '--bogus', 'true'], OWN_ERROR, /Unknown option '--bogus'/],
  [['run', '--cpu', 'fast', 'true'], OWN_ERROR, /--cpu is jit or interpreter/],
  [['run', '--seed', 'x', 'true'], OWN_ERROR, /--seed is a whole number/],
  [['run', '--trace-format', 'yaml', 'true'], OWN_ERROR, /--trace-format is strace or json/],
  [
    ['run', '--trace-to', '/no/such/file', 'true'],
    OWN_ERROR,
    /--trace-to \/no\/such\/file cannot be written/,
  ],
  [['frobnicate'], OWN_ERROR, /there is no command frobnicate/],
]

describe('a mistake', { concurrent: true }, () => {
  it('is one line and a status, and changes nothing', { timeout: 60_000 }, async () => {
    const before = snapshot()
    const wrong: unknown[] = []
    const left = [...MISTAKES]
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) {
        const [words, status, line] = next
        const result = await umwelt(words)
        const isOneLine = /^umwelt: [^\n]+\n$/.test(result.stderr)
        const said = line.test(result.stderr.trimEnd())
        if (!isOneLine || !said || result.status !== status || result.stdout !== '')
          wrong.push({ words, ...result })
      }
    }
    await Promise.all(Array.from({ length: CASES_AT_ONCE }, work))
    expect(wrong).toEqual([])
    expect(snapshot()).toEqual(before)
  })
})

describe('the status', () => {
  it('is the program’s, or 128 and the signal', async () => {
    expect(await umwelt(['run', 'sh', '-c', 'exit 7'])).toEqual({ status: 7, stdout: '', stderr: '' })
    expect((await sh('kill -TERM $$')).status).toBe(128 + 15)
    expect((await sh('kill -KILL $$')).status).toBe(128 + 9)
    expect((await sh('kill -SEGV $$')).status).toBe(128 + 11)
    expect(await umwelt(['run', './script', 'word'])).toEqual({
      status: 3,
      stdout: 'script word\n',
      stderr: '',
    })
  })

  it('of a fault comes with a line that says where', async () => {
    const fixtures = join(PACKAGE, 'test/abi/bin')
    const result = await umwelt(['run', '-v', `${fixtures}:/f:ro`, '/f/faults', 'default-segv'])
    expect(result.status).toBe(128 + 11)
    expect(result.stderr).toMatch(
      /^umwelt: faults\[2\] ended by signal 11 at pc 0x[0-9a-f]+, address 0x[0-9a-f]+\n$/,
    )
  })

  it('without a command is usage on standard error', async () => {
    const result = await umwelt([])
    expect(result.status).toBe(OWN_ERROR)
    expect(result.stderr).toMatch(/^usage: umwelt run/)
    const help = await umwelt(['run', '--help'])
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toMatch(/^usage: umwelt run/)
  })
})

describe('a run', () => {
  it('without PROGRAM is the shell, reading its script from standard input', async () => {
    expect(await umwelt(['run'], 'echo $((6*7)) | wc -c\n')).toEqual({ status: 0, stdout: '3\n', stderr: '' })
    expect(await umwelt(['run', 'sh', '-s', 'a', 'b'], 'echo $2; exit 5')).toMatchObject({
      status: 5,
      stdout: 'b\n',
    })
    expect(await umwelt(['run', 'cat'], 'as it is\0\xff')).toMatchObject({ status: 0 })
  })

  it('has the variables, the directory and the CPU it was given', async () => {
    const options = [
      '-e',
      'A=b=c',
      '-e',
      'FROM_HOST',
      '-e',
      'NOT_THERE',
      '-w',
      '/tmp',
      '--cpu',
      'interpreter',
    ]
    const result = await sh('echo "$A $FROM_HOST [$NOT_THERE] $(pwd)"', options)
    expect(result).toEqual({ status: 0, stdout: 'b=c passed [] /tmp\n', stderr: '' })
    expect((await sh('pwd; echo [$FROM_HOST]')).stdout).toBe('/work\n[]\n')
  })

  it('changes a cow volume in memory only', async () => {
    const before = snapshot()
    const script = 'echo new > /v/file; cat /v/file; : > /v/more; rm /work/text; mkdir d; ls /v'
    const result = await sh(script, ['-v', './volume:/v'])
    expect(result).toEqual({ status: 0, stdout: 'new\nfile\nmore\n', stderr: '' })
    expect(snapshot()).toEqual(before)
  })

  it('refuses to write to a ro volume', async () => {
    const before = snapshot()
    const result = await sh('cat /v/file; echo x > /v/file || echo no; mkdir /v/d || echo no; rm /v/file', [
      '-v',
      './volume:/v:ro',
    ])
    expect(result.stdout).toMatch(/^of the host\n/)
    expect(result.stderr.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(1)
    expect(result.status).not.toBe(0)
    expect(snapshot()).toEqual(before)
  })

  it('writes to a rw volume', async () => {
    const volume = join(folder, 'writable')
    mkdirSync(volume)
    writeFileSync(join(volume, 'file'), 'old')
    const script =
      'echo new > /v/file; mkdir /v/d; echo deep > /v/d/e; mv /v/d/e /v/moved; chmod 600 /v/moved'
    const result = await sh(script, ['-v', './writable:/v:rw'])
    expect(result).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(volume, 'file'), 'utf8')).toBe('new\n')
    expect(readFileSync(join(volume, 'moved'), 'utf8')).toBe('deep\n')
    expect(statSync(join(volume, 'moved')).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(volume, 'd'))).toEqual([])
    rmSync(volume, { recursive: true })
  })

  it('with the same seed is the same run', async () => {
    const script =
      'date +%s; head -c 300 /dev/urandom; echo $$; cat /proc/sys/kernel/random/uuid 2>/dev/null; date'
    const runs = await Promise.all(['5', '5', '6'].map((seed) => sh(script, ['--seed', seed])))
    expect(runs[0]!.status).toBe(0)
    expect(runs[0]!.stdout.length).toBeGreaterThan(310)
    expect(runs[1]).toEqual(runs[0])
    expect(runs[2]!.stdout).not.toBe(runs[0]!.stdout)
  })
})

describe('engines and traces', () => {
  it('deny lets a call fail', async () => {
    const result = await sh('mkdir x || echo refused', ['--engine', 'deny,mkdir=EPERM'])
    expect(result.stdout).toBe('refused\n')
    expect(result.stderr).toMatch(/Operation not permitted/)
  })

  it('--trace prints on standard error, --trace-to into a file, json a line a call', async () => {
    const shown = await umwelt(['trace', 'echo', 'hi'])
    expect(shown).toMatchObject({ status: 0, stdout: 'hi\n' })
    expect(shown.stderr).toMatch(/^writev\(1, \[\{iov_base="hi", iov_len=2\}.*\], 2\)\s+= 3$/m)
    expect(shown.stderr).toMatch(/exited with 0/)
    const file = join(folder, 'trace.out')
    const kept = await umwelt(['run', '--trace-to', 'trace.out', '--trace-format', 'json', 'echo', 'hi'])
    expect(kept).toEqual({ status: 0, stdout: 'hi\n', stderr: '' })
    const lines = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.some((line) => JSON.stringify(line).includes('"writev"'))).toBe(true)
    rmSync(file)
  })
})

describe('translations', () => {
  it('are kept in the cache folder for the next run, unless --no-cache', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'umwelt-translations-'))
    const modules = async (...options: string[]): Promise<number> => {
      const words = [
        'run',
        ...options,
        '--stats',
        'sh',
        '-c',
        'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done',
      ]
      const { status, stderr } = await umwelt(words, '', { XDG_CACHE_HOME: cache })
      expect(status).toBe(0)
      return Number(/regions in (\d+) modules/.exec(stderr)![1])
    }
    expect(await modules('--no-cache')).toBeGreaterThan(0)
    const cold = await modules()
    await modules()
    // What a program that ran before needs less heat for has been translated by now.
    const warm = await modules()
    expect(cold).toBeGreaterThan(0)
    expect(warm).toBeLessThan(cold)
    rmSync(cache, { recursive: true })
  })
})
