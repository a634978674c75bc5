// Programs that the npm registry has as static binaries: Go (esbuild) and Rust (biome, musl). The versions are those of
// this project's own tools.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './debian.mjs'

const ROOT = join(import.meta.dirname, '../..')
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** The folder a package is unpacked in, or {reason}. */
export function npmPackage(name, version) {
  const folder = join(CACHE, 'npm', `${name.replace('/', '+')}@${version}`)
  if (existsSync(join(folder, 'package/package.json'))) return { folder: join(folder, 'package') }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packed = spawnSync('npm', ['pack', '--silent', `${name}@${version}`], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (packed.status !== 0) return { reason: `npm pack ${name}: ${packed.stderr?.trim().split('\n').pop()}` }
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  const { status } = spawnSync('tar', ['xzf', archive], { cwd: folder })
  return status === 0 ? { folder: join(folder, 'package') } : { reason: `tar cannot unpack ${archive}` }
}

/** Some of our own TypeScript, as a project to work on. */
const project = (work) => {
  for (const room of ['emu', 'syscalls']) cpSync(join(ROOT, room), join(work, room), { recursive: true })
}
const someFiles = (work) => {
  mkdirSync(join(work, 'src'))
  for (const name of ['bytes', 'flag-table', 'mman', 'stat'])
    copyFileSync(join(ROOT, `syscalls/abi/${name}.ts`), join(work, `src/${name}.ts`))
}

const PROGRAMS = [
  {
    name: 'esbuild (Go)',
    package: '@esbuild/linux-x64',
    version: devDependencies.esbuild,
    program: 'bin/esbuild',
    cases: [
      { name: 'version', args: ['--version'] },
      { name: 'bundle', args: ['syscalls/linux.ts', '--bundle', '--minify', '--format=esm'], setup: project },
      {
        name: 'sourcemap',
        args: ['src/mman.ts', '--bundle', '--sourcemap=inline', '--target=es2017'],
        setup: someFiles,
      },
    ],
  },
  {
    name: 'i386 esbuild (Go)',
    package: '@esbuild/linux-ia32',
    version: devDependencies.esbuild,
    program: 'bin/esbuild',
    cases: [
      { name: 'version', args: ['--version'], long: true },
      {
        name: 'bundle',
        args: ['syscalls/linux.ts', '--bundle', '--minify', '--format=esm'],
        setup: project,
        long: true,
      },
      {
        name: 'sourcemap',
        args: ['src/mman.ts', '--bundle', '--sourcemap=inline', '--target=es2017'],
        setup: someFiles,
      },
    ],
  },
  {
    name: 'biome (Rust)',
    package: '@biomejs/cli-linux-x64-musl',
    version: devDependencies['@biomejs/biome'],
    program: 'biome',
    cases: [
      { name: 'version', args: ['--version'] },
      {
        name: 'format',
        args: ['format', '--indent-style=tab', '--line-width=60', 'src/stat.ts'],
        setup: someFiles,
      },
      { name: 'lint', args: ['lint', '--only=style', 'src'], setup: someFiles },
    ],
  },
]

/** Times that a program prints are not compared; output is read as latin1, so a micro sign is two characters. */
export const withoutTimes = (text) => text.replace(/\bin \d+(\.\d+)?[^\s\d.]*s\b/g, 'in TIME')

export function npmCases() {
  return PROGRAMS.flatMap(({ name, package: packageName, version, program, cases }) => {
    const { folder, reason } = npmPackage(packageName, version)
    return cases.map((one) => ({
      ...one,
      name: `${name} ${one.name}`,
      ...(folder ? { path: join(folder, program, '..'), program: join(folder, program) } : { reason }),
    }))
  })
}
