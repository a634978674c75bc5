// Records how the kernel's headers lay out structures for each ISA that a cross compiler is installed for: NAME.json, by
// layouts.c, which is run under qemu's user emulation. test/unit/syscalls/powerpc-abi.test.ts compares.
// usage: node test/abi/layouts/record.mjs
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ISAS = [
  { name: 'ppc', compiler: 'powerpc-linux-gnu-gcc', emulator: 'qemu-ppc' },
  { name: 'ppc64', compiler: 'powerpc64-linux-gnu-gcc', emulator: 'qemu-ppc64' },
  { name: 'ppc64le', compiler: 'powerpc64le-linux-gnu-gcc', emulator: 'qemu-ppc64le' },
]

const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'umwelt-layouts-'))
for (const { name, compiler, emulator } of ISAS) {
  const program = join(folder, name)
  execFileSync(compiler, ['-w', '-static', '-o', program, join(here, 'layouts.c')], { stdio: 'inherit' })
  const text = execFileSync(emulator, [program], { encoding: 'utf8' })
  writeFileSync(join(here, `${name}.json`), text)
}
rmSync(folder, { recursive: true })
