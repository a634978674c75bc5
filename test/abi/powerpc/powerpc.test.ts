/**
 * The probes on PowerPC, against what x86 recorded on the real kernel: what a call does depends on no ISA, and where a
 * case shows bytes, numbers or flags that do, or what musl does and glibc does not, `differences.ts` says so. They are built
 * with Debian's cross compilers; an ISA without one is left out. `npm test` runs some, `npm run test:abi` all.
 *
 * Probes of PowerPC's own are in recorded/: what all three ISAs print under qemu's user emulation, but for two lines that
 * it does not print as Linux: which of the two codes SIGSEGV has, and that SIGRTMAX can be blocked.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Recorded, run } from '../probes.ts'
import { buildProbe, hasCompiler, ISAS } from './build.mjs'
import { DIFFERENCES, OTHER_ISAS } from './differences.ts'

const folder = new URL('../', import.meta.url)
const own = new URL('recorded/', import.meta.url)

/** Structures, flags, ioctls and arguments of many calls, in little time. */
const QUICK = new Set(['statx', 'sysv', 'timerfd'])

/** What a call gave, without its text: glibc's and musl's macros are not the same text. */
const result = (line: string): string => line.replace(/^.*\) = /, ') = ')
const results = (text: string): string[] => text.split('\n').map(result)

for (const isa of ISAS) {
  if (!hasCompiler(isa)) {
    console.warn(`${isa.name}: no ${isa.compiler}, so its probes are left out`)
    continue
  }
  const recorded = readdirSync(new URL(`recorded${isa.suffix}/`, folder))
    .map((file) => file.replace('.json', ''))
    .filter((probe) => !OTHER_ISAS.test(probe) && existsSync(new URL(`src/${probe}.c`, folder)))
    .filter((probe) => process.env.UMWELT_ABI_ALL || QUICK.has(probe))
    .map((probe) => ({ probe, file: new URL(`recorded${isa.suffix}/${probe}.json`, folder) }))
  for (const file of readdirSync(own))
    recorded.push({ probe: file.replace('.json', ''), file: new URL(file, own) })
  describe.each(recorded)(`$probe for ${isa.name}`, ({ probe, file }) => {
    const cases: Record<string, Recorded> = JSON.parse(readFileSync(file, 'utf8'))
    for (const [name, expected] of Object.entries(cases)) {
      const difference = DIFFERENCES[`${probe} ${name}`]
      const differs = difference?.isas.includes(isa.name) ?? false
      it.skipIf(differs)(differs ? `${name}: ${difference!.why}` : name, async () => {
        const ours = await run(buildProbe(isa, probe), name, 'jit', false)
        expect(results(ours.stdout), ours.said.join('\n')).toEqual(results(expected.stdout))
        expect(ours.signal).toBe(expected.signal)
        expect(ours.code).toBe(expected.status)
      })
    }
  })
}
