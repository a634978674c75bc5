// Small C and C++ programs of ours (src/), built on this machine by each compiler it has, statically linked.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { MUSL32_FLAGS } from '../musl32.mjs'

const C = ['strings.c', 'numbers.c', 'processes.c', 'threads.c']
const CXX = ['exceptions.cc', 'containers.cc', 'threads.cc']
const SSE = ['-msse2', '-mfpmath=sse']
/** Where a machine has the kernel's headers only for its own architecture: they are the same. */
const M32 = ['-m32', '-idirafter', '/usr/include/x86_64-linux-gnu']
/** The x87 alone. */
const X87 = ['-march=i486', '-mfpmath=387']
/** Debian's cross compilers, by its name of the architecture. */
const CROSS = {
  powerpc: 'powerpc-linux-gnu',
  ppc64: 'powerpc64-linux-gnu',
  ppc64el: 'powerpc64le-linux-gnu',
}
/** By name: the command, its flags, what it builds. */
const COMPILERS = [
  { name: 'gcc -O2', command: 'gcc', flags: ['-O2'], sources: C },
  { name: 'gcc -O0', command: 'gcc', flags: ['-O0'], sources: C },
  { name: 'gcc -O3 v2', command: 'gcc', flags: ['-O3', '-march=x86-64-v2'], sources: C },
  { name: 'gcc -fopenmp', command: 'gcc', flags: ['-O2', '-fopenmp'], sources: ['openmp.c'] },
  { name: 'g++', command: 'g++', flags: ['-O2', '-std=c++17'], sources: CXX },
  { name: 'musl-gcc', command: 'musl-gcc', flags: ['-O2'], sources: C },
  {
    name: 'gcc -m32 x87',
    command: 'gcc',
    flags: ['-O2', ...M32, ...X87],
    sources: ['numbers.c', 'threads.c'],
  },
  { name: 'gcc -m32 SSE', command: 'gcc', flags: ['-O2', ...M32, ...SSE], sources: C, long: true },
  { name: 'gcc -m32 -O0', command: 'gcc', flags: ['-O0', ...M32, ...X87], sources: C, long: true },
  { name: 'g++ -m32', command: 'g++', flags: ['-O2', ...M32, '-std=c++17'], sources: CXX, long: true },
  {
    name: 'i386 musl x87',
    command: 'gcc',
    flags: ['-O2', ...MUSL32_FLAGS, ...X87],
    sources: ['processes.c'],
  },
  { name: 'i386 musl SSE', command: 'gcc', flags: ['-O2', ...MUSL32_FLAGS, ...SSE], sources: C, long: true },
  ...['powerpc', 'ppc64', 'ppc64el'].flatMap((arch) => [
    {
      name: `${arch} gcc -O2`,
      command: `${CROSS[arch]}-gcc`,
      flags: ['-O2'],
      sources: C,
      under: arch,
      long: true,
    },
    {
      name: `${arch} gcc quick`,
      command: `${CROSS[arch]}-gcc`,
      flags: ['-O2'],
      sources: ['numbers.c'],
      under: arch,
    },
    {
      name: `${arch} g++`,
      command: `${CROSS[arch]}-g++`,
      flags: ['-O2', '-std=c++17'],
      sources: CXX,
      under: arch,
      long: true,
    },
  ]),
  { name: 'tcc', command: 'tcc', flags: [], sources: C, link: (source) => tccWithMusl(source) },
]

const MUSL = '/usr/lib/x86_64-linux-musl'
const TCC_FOLDERS = ['/usr/lib/x86_64-linux-gnu/tcc', '/usr/lib/tcc']

/** Debian's tcc cannot link glibc's archive (relocation 23), so its programs get musl. */
function tccWithMusl(source) {
  const own = TCC_FOLDERS.find((folder) => existsSync(join(folder, 'libtcc1.a'))) ?? TCC_FOLDERS[0]
  return [
    ...['-nostdinc', '-nostdlib', `-I${own}/include`, '-I/usr/include/x86_64-linux-musl'],
    ...[`${MUSL}/crt1.o`, `${MUSL}/crti.o`, source, `${MUSL}/libc.a`, `${own}/libtcc1.a`, `${MUSL}/crtn.o`],
  ]
}

/** The cases that are wanted; one that cannot be built has a `reason`. */
export function compiledCases(folder, isWanted) {
  mkdirSync(folder, { recursive: true })
  return COMPILERS.flatMap(
    ({ name, command, flags, sources, long, under, link = (source) => [source, '-lm'] }) =>
      sources.flatMap((file) => {
        const label = `${name} ${file}`
        if (!isWanted({ name: label, long })) return []
        const program = join(folder, `${name.replaceAll(' ', '')}-${basename(file, extname(file))}`)
        const source = join(import.meta.dirname, 'src', file)
        const words = [...flags, '-static', '-w', '-o', program, ...link(source)]
        const { error, status, stderr } = spawnSync(command, words, { encoding: 'utf8' })
        if (error) return { name: label, reason: `no ${command} here` }
        if (status !== 0)
          return { name: label, long, reason: `${command} cannot build it: ${stderr.trim().split('\n')[0]}` }
        return {
          name: label,
          long,
          under,
          path: folder,
          program,
          args: ['argument'],
          stdin: 'line one\nline two\n',
        }
      }),
  )
}
