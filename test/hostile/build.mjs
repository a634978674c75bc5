// Builds the hostile program (musl-gcc, static); the binary is committed. usage: node test/hostile/build.mjs
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const here = import.meta.dirname
const { status } = spawnSync(
  'musl-gcc',
  [
    ...['-O2', '-static', '-s', '-Wl,--build-id=none', '-fno-asynchronous-unwind-tables', '-w'],
    ...['-o', join(here, 'bin/hostile'), join(here, 'src/hostile.c')],
  ],
  { stdio: 'inherit' },
)
process.exit(status ?? 1)
