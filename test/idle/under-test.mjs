// What a suite puts over its programs: nothing, or with UMWELT_IDLE_ENGINES=1 (npm run test:idle) the idle engines.
import { join } from 'node:path'
import { stackedIdleEngines } from './engines.mjs'

const isIdle = process.env.UMWELT_IDLE_ENGINES === '1'

/** Words for `umwelt run`. */
export const ENGINE_WORDS = isIdle ? ['--engine', join(import.meta.dirname, 'module.mjs')] : []
/** A suite's name where its results are kept. */
export const suiteName = (name) => (isIdle ? `${name}-idle` : name)
/** For Machine. `umwelt` is the public API that the machine is of. */
export const enginesUnderTest = (umwelt) => (isIdle ? stackedIdleEngines(umwelt) : [])
