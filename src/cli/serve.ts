/**
 * `umwelt serve [--port N]`: the site in dist/browser on localhost, the library at /umwelt.js, a terminal at
 * /terminal.html. Only this machine reaches it. Path: main.ts → here until it is interrupted.
 */

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sirv from 'sirv'
import { UsageError } from './options.ts'

const SITE = fileURLToPath(new URL('../../../browser/', import.meta.url))
const PORT = 8080
/** The page's own files, WebAssembly made by the machine, and whatever a person has it load. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "connect-src *; worker-src 'self'; object-src 'none'; base-uri 'none'"

/** Resolves when the server listens, with what to say. Throws UsageError. */
export async function serve(words: readonly string[]): Promise<string> {
  const port = portOf(words)
  if (!existsSync(SITE)) throw new UsageError('the site is not built: npm run build')
  const files = sirv(SITE, {
    dev: true,
    setHeaders: (response) => {
      response.setHeader('Content-Security-Policy', POLICY)
      response.setHeader('Cache-Control', 'no-cache')
      response.setHeader('X-Content-Type-Options', 'nosniff')
    },
  })
  const server = createServer((request, response) => {
    files(request, response, () => {
      response.statusCode = 404
      response.end('there is no such file here\n')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new UsageError(`port ${port} cannot be used: ${error.code}`)),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: used } = server.address() as { port: number }
  return `http://localhost:${used}/ has the site; http://localhost:${used}/terminal.html is a terminal. Ctrl-C ends it.\n`
}

function portOf(words: readonly string[]): number {
  let port: string
  try {
    ;({ port } = parseArgs({
      args: [...words],
      options: { port: { type: 'string', default: String(PORT) } },
    }).values)
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]!)
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    throw new UsageError(`--port is a number up to 65535, not ${port}`)
  return Number(port)
}
