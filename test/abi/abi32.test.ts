/**
 * The probes of i386, see probes.ts. `npm test` runs them by the JIT, which interprets first what it translates later;
 * `npm run test:abi` by the interpreter alone, too.
 */

import { type Setup, testProbes } from './probes.ts'

const JIT: Setup = { name: 'jit', cpu: 'jit', traced: false }
const INTERPRETER: Setup = { name: 'interpreter', cpu: 'interpreter', traced: false }

testProbes('32', process.env.UMWELT_ABI_ALL ? [JIT, INTERPRETER] : [JIT], 690)
