// Writes docs/syscalls.md and docs/instructions.md from the rows: `npm run docs`. Reads the built code in dist/.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROWS as PPC_ROWS } from '../dist/emu/guest/ppc/isa.js'
import { ROWS } from '../dist/emu/guest/x86/isa.js'
import { arches } from '../dist/syscalls/abi/arch/registry.js'
import { CALL_NUMBERS } from '../dist/syscalls/abi/calls.js'
import { absentCalls } from '../dist/syscalls/sys/absent.js'
import { syscallRows } from '../dist/syscalls/sys/index.js'
import { instructionsPage, syscallsPage } from './pages.mjs'

const folder = join(import.meta.dirname, '..', 'docs')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'syscalls.md'), syscallsPage(syscallRows, CALL_NUMBERS, arches, absentCalls))
writeFileSync(join(folder, 'instructions.md'), instructionsPage(ROWS, PPC_ROWS))
