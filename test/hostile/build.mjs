// Builds the hostile program for each ISA (musl, static); the binaries are committed. That of i386 wants gcc-multilib and
// musl-dev:i386. usage: node test/hostile/build.mjs
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const here = import.meta.dirname
const I386 = ['gcc', '-m32', '-Wl,-melf_i386', '-specs', '/usr/lib/i386-linux-musl/musl-gcc.specs']
for (const [program, [compiler, ...flags]] of [
  ['hostile', ['musl-gcc']],
  ['hostile32', I386],
]) {
  const { status } = spawnSync(
    compiler,
    [
      ...flags,
      ...['-O2', '-static', '-s', '-Wl,--build-id=none', '-fno-asynchronous-unwind-tables', '-w'],
      ...['-o', join(here, 'bin', program), join(here, 'src/hostile.c')],
    ],
    { stdio: 'inherit' },
  )
  if (status !== 0) process.exit(1)
}
