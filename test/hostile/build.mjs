// Builds the hostile program for each ISA (musl, static); the binaries are committed. That of i386 wants gcc-multilib and
// musl-dev:i386. usage: node test/hostile/build.mjs
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { MUSL32_FLAGS } from '../musl32.mjs'

const here = import.meta.dirname
for (const [program, [compiler, ...flags]] of [
  ['hostile', ['musl-gcc']],
  ['hostile32', ['gcc', ...MUSL32_FLAGS]],
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
