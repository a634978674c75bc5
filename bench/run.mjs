// The benchmark: each workload natively, under Umwelt and (where installed) under qemu-x86_64, interleaved, as ratios
// of medians to the native run. usage: npm run bench [-- --runs N --json FILE --only PART]
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { browserFigures, describeBrowserFigures } from './browser.mjs'
import { debianWorkloads } from './debian.mjs'
import { describeEngineCost, engineCost } from './engine-cost.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    json: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
const here = import.meta.dirname
const UMWELT = join(here, '../bin/umwelt.mjs')
const folder = mkdtempSync(join(tmpdir(), 'umwelt-bench-'))
mkdirSync(join(folder, 'tmp'))

/** One of programs/, statically linked; null where no compiler is here that can. */
function compiled(name, program, compilers) {
  const source = join(here, 'programs', `${name}.c`)
  const isBuilt = ([command, ...flags]) =>
    spawnSync(command, [...flags, '-O2', '-static', '-s', '-o', program, source, '-lm']).status === 0
  return compilers.some(isBuilt) ? program : null
}

function build(name) {
  const program = compiled(name, join(folder, name), [['musl-gcc'], ['gcc']])
  if (program) return program
  console.error('bench: neither musl-gcc nor gcc is here to build the workloads')
  process.exit(1)
}

/** Scales make a native run take some tenths of a second, so that starting up is a small part of it. */
const CPU = {
  fib: 17,
  sieve: 300,
  sha256: 20,
  sort: 12,
  matrix: 300,
  nbody: 200,
  trees: 100,
  vm: 60,
  strings: 60,
  lz: 200,
}
const SYSTEM = {
  getppid: 300_000,
  switch: 10_000,
  thread: 3_000,
  fork: 300,
  exec: 1_000,
  files: 10_000,
  mmap: 3_000,
  signal: 20_000,
}

const programs = { cpu: build('cpu'), sys: build('sys'), hello: build('hello') }
/** The CPU workloads as i386 programs: floating point by SSE, and by the x87. */
const I386 = [
  { group: 'i386', program: 'cpu32', flags: ['-m32', '-msse2', '-mfpmath=sse'] },
  { group: 'i387', program: 'cpu387', flags: ['-m32'], only: ['matrix', 'nbody'] },
]
for (const { program, flags } of I386)
  programs[program] = compiled('cpu', join(folder, program), [['gcc', ...flags]])
/** And as PowerPC programs, which have no native run here: what they are measured by is qemu. */
const POWERPC = [
  { group: 'ppc', program: 'cpuPpc', compiler: 'powerpc-linux-gnu-gcc', qemu: 'qemu-ppc' },
  { group: 'ppc64', program: 'cpuPpc64', compiler: 'powerpc64-linux-gnu-gcc', qemu: 'qemu-ppc64' },
  { group: 'ppc64le', program: 'cpuPpc64le', compiler: 'powerpc64le-linux-gnu-gcc', qemu: 'qemu-ppc64le' },
]
for (const { program, compiler } of POWERPC)
  programs[program] = compiled('cpu', join(folder, program), [[compiler]])
const hasQemu = (qemu) => spawnSync(qemu, ['--version']).status === 0
const qemus = { 64: 'qemu-x86_64', 32: 'qemu-i386' }
for (const bits of [64, 32]) if (!hasQemu(qemus[bits])) delete qemus[bits]

/** A workload of one of our static programs. */
function staticWorkload(group, name, program, args, qemu = qemus[64]) {
  const path = programs[program]
  return {
    group,
    name,
    commands: {
      native: [path, args],
      umwelt: [process.execPath, [UMWELT, 'run', '-v', `${folder}:${folder}:ro`, '--', path, ...args]],
      ...(qemu ? { qemu: [qemu, [path, ...args]] } : {}),
    },
  }
}

/** One that this machine cannot run itself. */
function foreignWorkload(group, name, program, scale, qemu) {
  const { umwelt, qemu: emulated } = staticWorkload(
    group,
    name,
    program,
    [name, String(scale)],
    qemu,
  ).commands
  return { group, name, commands: { qemu: emulated, umwelt } }
}

const wanted = ({ group, name }) => `${group} ${name}`.includes(values.only)
const debian = debianWorkloads(wanted)
if (debian.reason) console.log(`not run: debian: ${debian.reason}`)
const workloads = [
  ...Object.entries(CPU).map(([name, scale]) => staticWorkload('cpu', name, 'cpu', [name, String(scale)])),
  ...Object.entries(SYSTEM).map(([name, count]) =>
    staticWorkload('system', name, 'sys', [name, String(count)]),
  ),
  staticWorkload('start', 'hello', 'hello', []),
  ...I386.flatMap(({ group, program, only = Object.keys(CPU) }) =>
    programs[program]
      ? only.map((name) => staticWorkload(group, name, program, [name, String(CPU[name])], qemus[32]))
      : [],
  ),
]
for (const { group, program, qemu } of POWERPC)
  if (programs[program] && hasQemu(qemu))
    workloads.push(
      ...Object.entries(CPU).map(([name, scale]) => foreignWorkload(group, name, program, scale, qemu)),
    )
  else console.log(`not run: ${group}: no ${qemu}, or no compiler for it`)
if (!programs.cpu32) console.log('not run: i386: gcc builds nothing with -m32 here')

function seconds(command, args) {
  const started = process.hrtime.bigint()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: folder })
  const took = Number(process.hrtime.bigint() - started) / 1e9
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: status ${status} ${stderr}`)
  return { took, stdout }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]
const results = []
try {
  for (const workload of [...workloads.filter(wanted), ...debian.workloads]) results.push(measure(workload))
} finally {
  debian.end()
}

function measure(workload) {
  const { group, name, commands } = workload
  workload.prepare?.()
  const times = Object.fromEntries(Object.keys(commands).map((runner) => [runner, []]))
  let expected
  for (let run = 0; run < Number(values.runs); run++)
    for (const [runner, command] of Object.entries(commands)) {
      const { took, stdout } = seconds(...command)
      expected ??= stdout
      if (stdout !== expected)
        throw new Error(`${name}: ${runner} printed ${stdout} where native printed ${expected}`)
      times[runner].push(took)
    }
  // What has no native run is measured by qemu's.
  const base = commands.native ? 'native' : 'qemu'
  const native = median(times[base])
  const row = { group, name, [`${base}Seconds`]: native }
  for (const runner of Object.keys(commands))
    if (runner !== base) row[runner] = median(times[runner]) / native
  const rate = group === 'system' ? `  ${Math.round(SYSTEM[name] / (row.umwelt * native))} a second` : ''
  const qemu = row.qemu ? `  qemu ${row.qemu.toFixed(2)} x` : ''
  console.log(
    `${group.padEnd(7)} ${name.padEnd(11)} ${base} ${native.toFixed(3)} s  umwelt ${row.umwelt.toFixed(2)} x${qemu}${rate}`,
  )
  return row
}

const geometric = (list) => Math.exp(list.reduce((sum, x) => sum + Math.log(x), 0) / list.length)
const summary = { node: process.version, runs: Number(values.runs) }
for (const group of ['cpu', ...[...I386, ...POWERPC].map((isa) => isa.group)]) {
  const rows = results.filter((r) => r.group === group)
  if (rows.length === 0) continue
  const umwelt = geometric(rows.map((r) => r.umwelt))
  const qemu = rows[0].qemu ? geometric(rows.map((r) => r.qemu)) : null
  summary[`${group}GeometricMean`] = umwelt
  if (qemu) summary[`${group}GeometricMeanQemu`] = qemu
  console.log(
    `${group}, geometric mean: umwelt ${umwelt.toFixed(2)} x${qemu ? `, qemu ${qemu.toFixed(2)} x` : ''}${rows[0].qemuSeconds ? " of qemu's time" : ''}`,
  )
}
if ('engines'.includes(values.only)) {
  summary.engines = await engineCost(programs.sys, build('tracer'), Number(values.runs))
  for (const line of describeEngineCost(summary.engines)) console.log(line)
}
if ('browser'.includes(values.only)) {
  summary.browser = await browserFigures(programs.cpu)
  const { reason } = summary.browser
  for (const line of reason ? [`not run: browser: ${reason}`] : describeBrowserFigures(summary.browser))
    console.log(line)
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ summary, results }, null, 1)}\n`)
