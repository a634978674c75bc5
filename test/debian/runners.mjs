// How a command of the root is run: natively in it (native.sh), and by umwelt.
import { join } from 'node:path'
import { ENGINE_WORDS } from '../idle/under-test.mjs'

export const UMWELT = join(import.meta.dirname, '../../bin/umwelt.mjs')

export const ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/usr/games',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
}

/** A command line for spawn. `env` is the guest's whole environment. */
export function nativeCommand(root, argv, env = ENVIRONMENT) {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const script = join(import.meta.dirname, 'native.sh')
  return [
    'unshare',
    '-m',
    '--propagation',
    'private',
    script,
    root,
    '/usr/bin/env',
    '-i',
    ...assignments,
    ...argv,
  ]
}

export function umweltCommand(root, argv, env = ENVIRONMENT) {
  const assignments = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  return [process.execPath, UMWELT, 'run', ...ENGINE_WORDS, '--root', root, ...assignments, '--', ...argv]
}
