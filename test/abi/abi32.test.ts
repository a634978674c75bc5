/** The probes of i386, see probes.ts. */

import { testProbes } from './probes.ts'

testProbes(
  '32',
  [
    { name: 'jit', cpu: 'jit', traced: false },
    { name: 'interpreter', cpu: 'interpreter', traced: false },
  ],
  690,
)
