// What the site's cases are sure of.
import { isDeepStrictEqual } from 'node:util'

export function equal(found, wanted, what = 'this') {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`${what} is ${JSON.stringify(found)}, and ${JSON.stringify(wanted)} was wanted`)
}

export function below(found, limit, what) {
  if (!(found < limit)) throw new Error(`${what} is ${found}, and less than ${limit} was wanted`)
}

export function matching(text, pattern) {
  if (!pattern.test(text)) throw new Error(`${JSON.stringify(text)} does not match ${pattern}`)
}
