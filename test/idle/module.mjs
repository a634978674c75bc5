// The idle engines for the command line: umwelt run --engine test/idle/module.mjs PROGRAM
import * as umwelt from 'umwelt'
import { stackedIdleEngines } from './engines.mjs'

export default () => stackedIdleEngines(umwelt)
