// The benchmark: each workload natively, under Umwelt and (where installed) under qemu-x86_64, interleaved, as ratios
// of medians to the native run. usage: npm run bench [-- --runs N --json FILE --only PART]
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineCost } from './engine-cost.mjs'

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

function build(name) {
  const program = join(folder, name)
  for (const compiler of ['musl-gcc', 'gcc']) {
    const { status } = spawnSync(compiler, [
      '-O2',
      '-static',
      '-s',
      '-o',
      program,
      join(here, 'programs', `${name}.c`),
    ])
    if (status === 0) return program
  }
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
  pipe: 10_000,
  fork: 300,
  exec: 100,
  files: 10_000,
  mmap: 3_000,
  signal: 20_000,
}

const programs = { cpu: build('cpu'), sys: build('sys'), hello: build('hello') }
const workloads = [
  ...Object.entries(CPU).map(([name, scale]) => ({
    group: 'cpu',
    name,
    program: 'cpu',
    args: [name, String(scale)],
  })),
  ...Object.entries(SYSTEM).map(([name, count]) => ({
    group: 'system',
    name,
    program: 'sys',
    args: [name, String(count)],
  })),
  { group: 'start', name: 'hello', program: 'hello', args: [] },
].filter((w) => `${w.group} ${w.name}`.includes(values.only))

const hasQemu = spawnSync('qemu-x86_64', ['--version']).status === 0
const runners = {
  native: (w) => [programs[w.program], w.args],
  umwelt: (w) => [
    process.execPath,
    [UMWELT, 'run', '-v', `${folder}:${folder}:ro`, '--', programs[w.program], ...w.args],
  ],
  ...(hasQemu ? { qemu: (w) => ['qemu-x86_64', [programs[w.program], ...w.args]] } : {}),
}

function seconds(command, args) {
  const started = process.hrtime.bigint()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: folder })
  const took = Number(process.hrtime.bigint() - started) / 1e9
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: status ${status} ${stderr}`)
  return { took, stdout }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]
const results = []
for (const w of workloads) {
  const times = Object.fromEntries(Object.keys(runners).map((name) => [name, []]))
  let expected
  for (let run = 0; run < Number(values.runs); run++)
    for (const [name, command] of Object.entries(runners)) {
      const { took, stdout } = seconds(...command(w))
      expected ??= stdout
      if (stdout !== expected)
        throw new Error(`${w.name}: ${name} printed ${stdout} where native printed ${expected}`)
      times[name].push(took)
    }
  const native = median(times.native)
  const row = { group: w.group, name: w.name, nativeSeconds: native }
  for (const name of Object.keys(runners)) if (name !== 'native') row[name] = median(times[name]) / native
  results.push(row)
  console.log(
    `${w.group.padEnd(7)} ${w.name.padEnd(8)} native ${native.toFixed(3)} s  umwelt ${row.umwelt.toFixed(2)} x${row.qemu ? `  qemu ${row.qemu.toFixed(2)} x` : ''}`,
  )
}

const geometric = (list) => Math.exp(list.reduce((sum, x) => sum + Math.log(x), 0) / list.length)
const cpu = results.filter((r) => r.group === 'cpu')
const summary = { node: process.version, runs: Number(values.runs) }
if (cpu.length > 0) {
  summary.cpuGeometricMean = geometric(cpu.map((r) => r.umwelt))
  if (hasQemu) summary.cpuGeometricMeanQemu = geometric(cpu.map((r) => r.qemu))
  console.log(
    `cpu, geometric mean: umwelt ${summary.cpuGeometricMean.toFixed(2)} x${hasQemu ? `, qemu ${summary.cpuGeometricMeanQemu.toFixed(2)} x` : ''}`,
  )
}
if ('engines'.includes(values.only)) {
  summary.engineNsPerCall = await engineCost(programs.sys, Number(values.runs))
  const { none, idle, watching } = summary.engineNsPerCall
  console.log(
    `engines: getppid ${none.toFixed(0)} ns; with two idle engines ${(idle - none).toFixed(0)} ns more, with one that watches every call ${(watching - none).toFixed(0)} ns more`,
  )
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ summary, results }, null, 1)}\n`)
