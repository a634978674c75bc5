// Builds the probes for PowerPC with Debian's cross compilers and their glibc, statically: 60 programs of 900 kB for each of
// three ISAs, so they are made where they are wanted, in a folder that git ignores, and again when a source is newer.
// Path: powerpc.test.ts asks for each probe.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const sources = join(import.meta.dirname, '../src')
const built = join(import.meta.dirname, '.cache')

/** `suffix`: of the folders with what x86 recorded, by word size. */
export const ISAS = [
  {
    name: 'ppc',
    compiler: 'powerpc-linux-gnu-gcc',
    suffix: '32',
    // As musl has them on i386.
    flags: ['-D_FILE_OFFSET_BITS=64', '-D_TIME_BITS=64'],
  },
  { name: 'ppc64', compiler: 'powerpc64-linux-gnu-gcc', suffix: '', flags: [] },
  { name: 'ppc64le', compiler: 'powerpc64le-linux-gnu-gcc', suffix: '', flags: [] },
]

export const hasCompiler = ({ compiler }) => spawnSync(compiler, ['--version']).status === 0

const FLAGS = ['-O2', '-static', '-s', '-pthread', '-Wl,--build-id=none', '-w']

const headers = readdirSync(sources).filter((name) => name.endsWith('.h'))
const changedAt = (path) => statSync(path).mtimeMs

/** The program's path; throws what the compiler said. */
export function buildProbe(isa, probe) {
  const source = join(sources, `${probe}.c`)
  const folder = join(built, isa.name)
  const program = join(folder, probe)
  mkdirSync(folder, { recursive: true })
  const newest = Math.max(...[source, ...headers.map((name) => join(sources, name))].map(changedAt))
  if (existsSync(program) && changedAt(program) > newest) return program
  const words = [...isa.flags, ...FLAGS, '-o', program, source]
  const { status, stderr } = spawnSync(isa.compiler, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${probe} for ${isa.name}: ${stderr}`)
  return program
}
