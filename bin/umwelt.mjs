#!/usr/bin/env node
// The umwelt command: see src/cli/main.ts. Its bundle (scripts/bundle.mjs) is used unless something was compiled since.
import { statSync } from 'node:fs'

const BUNDLE = 'src/host/node/umwelt.js'
const PARTS = ['emu', 'syscalls', 'src', 'src/cli', 'src/host/node', 'src/host/sim']
const built = (path) => new URL(`../dist/${path}`, import.meta.url)
const madeMs = (path) => statSync(built(path), { throwIfNoEntry: false })?.mtimeMs ?? 0
const isCurrent = PARTS.every((part) => madeMs(`${part}/tsconfig.tsbuildinfo`) <= madeMs(BUNDLE))
const { main } = await import(built(isCurrent ? BUNDLE : 'src/cli/main.js'))

process.exitCode = await main(process.argv.slice(2))
