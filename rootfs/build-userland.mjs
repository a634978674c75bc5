#!/usr/bin/env node
/**
 * Builds the embedded userland: rootfs/userland/*.c → rootfs/images/userland.elf.
 *
 * The binary is committed, because who uses the project need not have musl-gcc;
 * userland.json beside it ties it to its sources. The flags leave nothing in the
 * file that depends on the place or time of the build.
 *
 *   node rootfs/build-userland.mjs           build and write both files
 *   node rootfs/build-userland.mjs --check   fail if binary, json and sources disagree
 *   node rootfs/build-userland.mjs --rebuild fail if the committed binary is not what this machine's musl-gcc makes
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const sourceRoot = join(here, 'userland')
const elfPath = join(here, 'images', 'userland.elf')
const jsonPath = join(here, 'images', 'userland.json')

const flags = [
  '-static',
  '-no-pie',
  '-Os',
  '-s',
  '-std=gnu11',
  '-D_GNU_SOURCE',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-unused-parameter',
  '-fno-asynchronous-unwind-tables',
  '-fno-ident',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wl,--gc-sections',
  '-Wl,--build-id=none',
  '-Wl,-z,noseparate-code',
  `-ffile-prefix-map=${sourceRoot}=.`,
]

/** Every source file, relative and in one fixed order. */
function sourceFiles() {
  return readdirSync(sourceRoot, { recursive: true })
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** The hash of all sources one behind the other, each after its name. */
function hashSources() {
  const pieces = sourceFiles().flatMap((name) => [
    Buffer.from(`${name}\n`),
    readFileSync(join(sourceRoot, name)),
  ])
  return sha256(Buffer.concat(pieces))
}

/** The applet names, from the rows of applets.h. */
function appletNames() {
  const rows = readFileSync(join(sourceRoot, 'applets.h'), 'utf8').matchAll(
    /^(?:APPLET\(|ALIAS\(")([^",]+)/gm,
  )
  return [...rows].map((row) => row[1])
}

function compile(path) {
  const units = sourceFiles().filter((name) => name.endsWith('.c'))
  execFileSync('musl-gcc', [...flags, '-o', path, ...units], { cwd: sourceRoot, stdio: 'inherit' })
}

const compilerVersion = () => execFileSync('musl-gcc', ['--version'], { encoding: 'utf8' }).split('\n')[0]

function build() {
  mkdirSync(dirname(elfPath), { recursive: true })
  compile(elfPath)
  const binary = readFileSync(elfPath)
  const facts = {
    sha256: sha256(binary),
    sourcesSha256: hashSources(),
    sizeBytes: binary.length,
    applets: appletNames(),
    compiler: compilerVersion(),
  }
  writeFileSync(jsonPath, `${JSON.stringify(facts, null, '\t')}\n`)
  console.log(`${elfPath}: ${facts.sizeBytes} bytes, ${facts.applets.length} applets`)
}

function check() {
  const facts = JSON.parse(readFileSync(jsonPath, 'utf8'))
  const problems = []
  if (sha256(readFileSync(elfPath)) !== facts.sha256)
    problems.push('userland.elf is not the one userland.json describes')
  if (hashSources() !== facts.sourcesSha256) problems.push('the sources changed since userland.elf was built')
  for (const problem of problems) console.error(problem)
  process.exit(problems.length ? 1 : 0)
}

function rebuild() {
  const folder = mkdtempSync(join(tmpdir(), 'userland-'))
  try {
    const path = join(folder, 'userland.elf')
    compile(path)
    if (readFileSync(path).equals(readFileSync(elfPath))) return
    const { compiler } = JSON.parse(readFileSync(jsonPath, 'utf8'))
    console.error(`userland.elf was made by ${compiler}; ${compilerVersion()} makes another`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv.includes('--check')) check()
else if (process.argv.includes('--rebuild')) rebuild()
else build()
