// Records what the CPU and the kernel here do with program.S under PTRACE_SINGLESTEP. (PTRACE_SINGLEBLOCK is a single step
// where a hypervisor hides the debug-control register, so nothing can be recorded of it.)
// usage: node test/system/stepping/record.mjs
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'umwelt-stepping-'))
const program = join(folder, 'program')
const stepper = join(folder, 'stepper')
execFileSync('gcc', [
  '-nostdlib',
  '-static',
  '-s',
  '-Wl,-n,--build-id=none',
  '-o',
  program,
  join(here, 'program.S'),
])
execFileSync('gcc', ['-O1', '-o', stepper, join(here, 'stepper.c')])
const step = execFileSync(stepper, [program], { encoding: 'utf8' }).split('\n').filter(Boolean).map(Number)
const recorded = { program: readFileSync(program, 'base64'), step }
writeFileSync(join(here, 'recorded.json'), `${JSON.stringify(recorded)}\n`)
rmSync(folder, { recursive: true })
