// Writes docs/syscalls.md and docs/instructions.md from the rows: `npm run docs`. Reads the built code in dist/.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROWS } from '../dist/emu/guest/x86/isa.js'
import { X86_64_NUMBERS } from '../dist/syscalls/abi/arch/x86-64-numbers.js'
import { absentCalls } from '../dist/syscalls/sys/absent.js'
import { syscallRows } from '../dist/syscalls/sys/index.js'
import { instructionsPage, syscallsPage } from './pages.mjs'

const folder = join(import.meta.dirname, '..', 'docs')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'syscalls.md'), syscallsPage(syscallRows, X86_64_NUMBERS, absentCalls))
writeFileSync(join(folder, 'instructions.md'), instructionsPage(ROWS))
