// A server of the site's cases: the built site in folders of their own, pages around it, images by ranges; it counts what
// it sends and can stop answering.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'

const BUILT = join(import.meta.dirname, '../../../dist/browser')
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.css': 'text/css',
}

export class SiteServer {
  /** path → {body} or {file}, and headers */
  files = new Map()
  /** Paths that are not answered any more. */
  cut = new Set()
  /** path → {requests, bytes} */
  sent = new Map()
  server = createServer((request, response) => this.answer(request, response))

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }

  /** The built site in a folder; `change` may make another body of a file, null of none, and headers go with each. */
  addSite(folder, { headers = {}, change = (_name, body) => body } = {}) {
    for (const name of readdirSync(BUILT)) {
      const body = change(name, readFileSync(join(BUILT, name)))
      if (body !== null) this.add(`${folder}/${name}`, body, headers)
    }
    return this
  }

  add(path, body, headers = {}) {
    this.files.set(path, { body: Buffer.from(body), headers })
    return this
  }

  /** A file that stays on the disk. */
  addFile(path, file) {
    this.files.set(path, { file, headers: {} })
    return this
  }

  answer(request, response) {
    const path = decodeURIComponent(request.url.split('?')[0])
    if (this.cut.has(path)) return request.socket.destroy()
    const entry = this.files.get(path)
    if (!entry) return response.writeHead(404).end()
    const headers = { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', ...entry.headers }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const { size, read } = contents(entry)
    const from = range ? Number(range[1]) : 0
    const to = range ? Math.min(Number(range[2]), size - 1) : size - 1
    const body = read(from, to - from + 1)
    const sent = this.sent.get(path) ?? { requests: 0, bytes: 0 }
    this.sent.set(path, { requests: sent.requests + 1, bytes: sent.bytes + body.length })
    if (range) headers['content-range'] = `bytes ${from}-${to}/${size}`
    response.writeHead(range ? 206 : 200, { ...headers, 'accept-ranges': 'bytes' }).end(body)
  }

  close() {
    this.server.closeAllConnections()
    this.server.close()
  }
}

function contents({ body, file }) {
  if (body) return { size: body.length, read: (from, count) => body.subarray(from, from + count) }
  const fd = openSync(file, 'r')
  const { size } = fstatSync(fd)
  const read = (from, count) => {
    const bytes = Buffer.alloc(count)
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, count, from))
    } finally {
      closeSync(fd)
    }
  }
  return { size, read }
}
