// Builds the probes (musl, static) for each ISA and records what they do on the real kernel, as root, in a directory on
// tmpfs. Those of i386 are in folders whose names end in 32; they want gcc-multilib and musl-dev:i386.
// Probes named trace-… also record what strace(1) prints of them, in traced/. Those that can tell an overlay from what is
// below it also record what they see on Linux's own, in overlaid/: a view of files may differ in these, and only so.
// usage: node test/abi/build.mjs [--isa 64|32] [NAME…]     the binaries and recordings are committed
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { MUSL32_FLAGS } from '../musl32.mjs'

const here = import.meta.dirname
const FLAGS = [
  '-O2',
  '-static',
  '-s',
  '-pthread',
  '-Wl,--build-id=none',
  '-fno-asynchronous-unwind-tables',
  '-w',
  // The kernel's own headers, which musl does not bring.
  ...['-idirafter', '/usr/include', '-idirafter', '/usr/include/x86_64-linux-gnu'],
]
const ISAS = [
  { suffix: '', compiler: ['musl-gcc'] },
  {
    suffix: '32',
    compiler: [
      'gcc',
      ...MUSL32_FLAGS,
      '-msse2',
      // Low in memory: hosts charge for how high a Memory reaches, and each case has a machine of its own.
      '-Wl,-Ttext-segment=0x400000',
    ],
  },
]
const TIMEOUT_MS = 30_000
/** Probes that mount do it in a mount namespace of their own. */
const mounts = (name) => name.includes('mount') || name === 'trace-files'
/** Probes of the network do it in a network namespace of their own, where `lo` is all there is. */
const networks = (name) => /^(trace-)?(tcp|udp|inet|netlink)/.test(name)
const LO_UP = ['-n', 'sh', '-c', '/sbin/ip link set lo up; exec "$0" "$@"']

/** Those of namespaces begin in some of their own. */
const NAMESPACES = ['-m', '-u', '-i']

/** What shows itself on an overlay: a file system's type, seals of its files, renames that leave a whiteout. */
const OVERLAID = { memfd: ['sealing'], rename: ['whiteouts'], statx: ['file_systems'] }
const OVERLAY = [
  '-m',
  'sh',
  '-c',
  'mkdir lower upper work over; mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work over; cd over; exec "$0" "$@"',
]

/** The words that run a probe where its kind runs. */
function placed(name, words) {
  if (/^(trace-)?ns/.test(name)) return ['/usr/bin/unshare', ...NAMESPACES, ...words]
  if (mounts(name)) return ['/usr/bin/unshare', '-m', ...words]
  return networks(name) ? ['/usr/bin/unshare', ...LO_UP, ...words] : words
}

for (const { suffix } of ISAS)
  for (const folder of ['bin', 'recorded', 'traced', 'overlaid'])
    mkdirSync(join(here, folder + suffix), { recursive: true })

/** One case in an empty directory of its own. */
function attempt(program, name, placing = placed(basename(program), [program, name])) {
  const cwd = mkdtempSync('/dev/shm/umwelt-probe-')
  const [command, ...words] = placing
  const result = spawnSync(command, words, {
    encoding: 'utf8',
    env: {},
    cwd,
    input: '',
    timeout: TIMEOUT_MS,
  })
  rmSync(cwd, { recursive: true, force: true })
  if (result.error) throw new Error(`${program} ${name}: ${result.error.message}`)
  return { stdout: result.stdout, status: result.status, signal: result.signal }
}

/** What strace prints between the two getppid calls that surround what a probe is about. */
function trace(program, name) {
  const cwd = mkdtempSync('/dev/shm/umwelt-probe-')
  const words = placed(basename(program), ['strace', '-o', join(cwd, 'trace'), program, name])
  spawnSync('/usr/bin/env', words, { env: { PATH: '/usr/bin:/bin' }, cwd, input: '' })
  const text = readFileSync(join(cwd, 'trace'), 'utf8')
  rmSync(cwd, { recursive: true, force: true })
  const lines = text.split('\n')
  const isMark = (line) => line.startsWith('getppid')
  return `${lines.slice(lines.findIndex(isMark) + 1, lines.findLastIndex(isMark)).join('\n')}\n`
}

function buildAndRecord(source, { suffix, compiler }) {
  const name = source.replace(/\.c$/, '')
  const program = join(here, `bin${suffix}`, name)
  const [command, ...words] = compiler
  const { status } = spawnSync(command, [...words, ...FLAGS, '-o', program, join(here, 'src', source)], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
  // Without arguments a probe lists its cases.
  const cases = spawnSync(program, [], { encoding: 'utf8' }).stdout.trim().split('\n')
  const recorded = Object.fromEntries(cases.map((one) => [one, attempt(program, one)]))
  const write = (folder, cases) =>
    writeFileSync(join(here, folder + suffix, `${name}.json`), `${JSON.stringify(cases, null, 1)}\n`)
  write('recorded', recorded)
  const overlaid = (OVERLAID[name] ?? []).map((one) => [
    one,
    attempt(program, one, ['/usr/bin/unshare', ...OVERLAY, program, one]),
  ])
  if (overlaid.length > 0) write('overlaid', Object.fromEntries(overlaid))
  if (name.startsWith('trace-'))
    writeFileSync(join(here, `traced${suffix}`, `${name}.txt`), trace(program, 'all'))
}

/** Those whose names begin with an ISA's are for it alone. */
const isFor = (source, { suffix }) =>
  !source.startsWith('powerpc-') && (!source.startsWith('i386-') || suffix === '32')

const { values, positionals: wanted } = parseArgs({
  options: { isa: { type: 'string', default: '' } },
  allowPositionals: true,
})
for (const isa of ISAS.filter(({ suffix }) => values.isa === '' || values.isa === (suffix || '64')))
  for (const source of readdirSync(join(here, 'src')).filter((name) => name.endsWith('.c')))
    if (isFor(source, isa) && (wanted.length === 0 || wanted.includes(source.replace(/\.c$/, ''))))
      buildAndRecord(source, isa)
