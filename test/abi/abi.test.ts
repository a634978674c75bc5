/** The probes of x86-64, see probes.ts. */

import * as umwelt from '../../src/index.ts'
import { stackedIdleEngines } from '../idle/engines.mjs'
import { testProbes } from './probes.ts'

testProbes(
  '',
  [
    { name: 'jit', cpu: 'jit', traced: false },
    { name: 'interpreter', cpu: 'interpreter', traced: false },
    { name: 'jit under strace', cpu: 'jit', traced: true },
    { name: 'jit under idle engines', cpu: 'jit', traced: false, engines: () => stackedIdleEngines(umwelt) },
  ],
  600,
)
