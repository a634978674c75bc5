/** The guest ISAs that Linux runs on here, one line each. */

import type { Arch } from './arch.ts'
import { i386 } from './i386.ts'
import { ppc, ppc64, ppc64le } from './powerpc.ts'
import { x86_64 } from './x86-64.ts'

export const arches: readonly Arch[] = [x86_64, i386, ppc, ppc64, ppc64le]
