/** The vector operations of evaluate.ts. */

import type { Evaluate } from './evaluate.ts'

export const VECTOR_RULES: Record<string, Evaluate> = {
  'v128.const': (v, n, a, _b, _c, region) => v.copyFrom(n, region.vectors[a]!, 0),
}
