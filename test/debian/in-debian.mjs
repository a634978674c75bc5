// A machine with the Debian root, and shell scripts in it.
import { hostDirectory, Machine } from '../../dist/src/host/node/index.js'
import { debianRoot } from './root.mjs'
import { ENVIRONMENT } from './runners.mjs'

export const FOLDER = '/tmp/w'
const text = (stream) => new Response(stream).text()

/** A shell script at its beginning, in a view with these engines. */
export async function startScript(machine, script, engines = []) {
  await machine.fs.mkdir(FOLDER, { recursive: true })
  return machine.spawn('sh', ['-c', `exec 2>&1\n${script}`], { env: ENVIRONMENT, cwd: FOLDER, engines })
}

/** What a shell script prints in a view with these engines, and how it ended. */
export async function sh(machine, script, engines = []) {
  const process = await startScript(machine, script, engines)
  const [out, { code }] = await Promise.all([text(process.stdout), process.exited])
  return { out, lines: out.split('\n').slice(0, -1), code }
}

/** Uses a machine whose changes to the root are forgotten. */
export async function inDebian(use, options = {}) {
  const machine = await Machine.create({ root: hostDirectory(debianRoot().folder, 'cow'), ...options })
  try {
    return await use(machine)
  } finally {
    await machine.dispose()
  }
}
