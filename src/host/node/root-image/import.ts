/**
 * A root from a file: a tar archive, a docker-save archive or an OCI layout. It is unpacked once, into a folder of the
 * user's cache: all contents in one file, and an index; later runs read the index, and contents as they are asked for.
 * Path: cli/root.ts asks; open.ts makes a file system of the index.
 */

import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeOldest, userCacheFolder } from '../user-cache.ts'
import type { FilePart } from './decompress.ts'
import { type Image, type ImageConfig, type ImageFiles, imageOf } from './oci.ts'
import { type ArchiveEntry, ContentsFile, unpack } from './unpack.ts'

/** In front of a name that an upper layer takes away, and the name that empties its directory. */
const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** A changed format has another number, so that old folders are not read. */
const FORMAT = 2
/** Unpacked roots together: the ones that were used longest ago go first. */
const CACHE_SIZE_MAX = 16 * 2 ** 30

/** What happens to the tree, in order. */
export interface TreeStep extends ArchiveEntry {
  /** An entry; a name taken away with all below it; a directory emptied. */
  step: 'add' | 'remove' | 'empty'
}

export interface UnpackedRoot {
  steps: readonly TreeStep[]
  /** The file with all contents. */
  contents: string
  config: ImageConfig | null
}

/** `progress` is told which part of the work is done, 0 to 1. Throws an Error that says what is wrong with the file. */
export async function importRoot(path: string, progress: (done: number) => void): Promise<UnpackedRoot> {
  const real = realpathSync(path)
  const stat = statSync(identityOf(real))
  const key = createHash('sha256').update(`${FORMAT} ${real} ${stat.size} ${stat.mtimeMs}`).digest('hex')
  const parent = cacheFolder()
  const folder = join(parent, key.slice(0, 24))
  if (existsSync(folder)) {
    utimesSync(folder, new Date(), new Date())
    return read(folder)
  }
  const partial = mkdtempSync(`${folder}.`)
  try {
    const made = await unpackAll(real, partial, progress)
    writeFileSync(join(partial, 'index.json'), JSON.stringify(made))
    // Another run may have been faster.
    if (!existsSync(folder)) renameSync(partial, folder)
    prune(parent)
    return read(folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** What changes when an OCI layout does is its index. */
function identityOf(real: string): string {
  return statSync(real).isDirectory() ? join(real, 'index.json') : real
}

function cacheFolder(): string {
  const folder = userCacheFolder('roots')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch {
    return mkdtempSync(join(tmpdir(), 'umwelt-roots-'))
  }
}

function read(folder: string): UnpackedRoot {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Omit<UnpackedRoot, 'contents'>
  return { ...index, contents: join(folder, 'contents') }
}

/** The newest, this run's own, stays however large it is. */
function prune(parent: string): void {
  const folders = readdirSync(parent)
    .map((name) => ({ path: join(parent, name), contents: join(parent, name, 'contents') }))
    .filter(({ contents }) => existsSync(contents))
    .map(({ path, contents }) => ({
      path,
      usedMs: statSync(path).mtimeMs,
      sizeBytes: statSync(contents).size,
    }))
  const [own, ...others] = folders.sort((a, b) => b.usedMs - a.usedMs)
  if (own) removeOldest(others, CACHE_SIZE_MAX - own.sizeBytes)
}

async function unpackAll(
  real: string,
  folder: string,
  progress: (done: number) => void,
): Promise<{ steps: TreeStep[]; config: ImageConfig | null }> {
  if (statSync(real).isDirectory()) {
    const image = imageOf(filesOfFolder(real))
    if (!image) throw new Error('it is no OCI layout')
    return { steps: await unpackLayers(image, folder, progress), config: image.config }
  }
  const contents = join(folder, 'contents')
  const whole: FilePart = { path: real, start: 0, sizeBytes: statSync(real).size }
  const entries = await ContentsFile.fill(contents, (outer) =>
    unpack(whole, outer, (done) => progress(done / whole.sizeBytes)),
  )
  if (entries.length === 0) throw new Error('it is empty')
  const files = filesOfArchive(entries, contents)
  const image = imageOf(files)
  if (!image) return { steps: entries.map((entry) => ({ ...entry, step: 'add' })), config: null }
  // The archive's own contents are the layers: they are read from here and then not needed any more.
  const layers = join(folder, 'layers')
  renameSync(contents, layers)
  for (const layer of image.layers) layer.path = layers
  const steps = await unpackLayers(image, folder, progress)
  rmSync(layers)
  return { steps, config: image.config }
}

async function unpackLayers(
  image: Image,
  folder: string,
  progress: (done: number) => void,
): Promise<TreeStep[]> {
  const total = image.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return ContentsFile.fill(join(folder, 'contents'), async (contents) => {
    const steps: TreeStep[] = []
    let before = 0
    for (const layer of image.layers) {
      const entries = await unpack(layer, contents, (done) => progress((before + done) / total))
      before += layer.sizeBytes
      // What a layer takes away is the lower layers', wherever it says so.
      const { taken, added } = splitLayer(entries)
      steps.push(...taken, ...added)
    }
    return steps
  })
}

function splitLayer(entries: readonly ArchiveEntry[]): { taken: TreeStep[]; added: TreeStep[] } {
  const taken: TreeStep[] = []
  const added: TreeStep[] = []
  for (const entry of entries) {
    const at = entry.name.lastIndexOf('/') + 1
    const base = entry.name.slice(at)
    const directory = entry.name.slice(0, at)
    if (base === OPAQUE) taken.push({ ...entry, step: 'empty', name: directory })
    else if (base.startsWith(WHITEOUT))
      taken.push({ ...entry, step: 'remove', name: directory + base.slice(WHITEOUT.length) })
    else added.push({ ...entry, step: 'add' })
  }
  return { taken, added }
}

function filesOfArchive(entries: readonly ArchiveEntry[], path: string): ImageFiles {
  const plain = (name: string): string => name.replace(/^(\.\/)+/, '')
  const byName = new Map(entries.map((entry) => [plain(entry.name), entry]))
  const part = (name: string): FilePart | undefined => {
    let entry = byName.get(name)
    // docker save makes layers that are equal symlinks to one another.
    if (entry?.type === 'symlink') entry = byName.get(join(name, '..', entry.target ?? ''))
    return entry?.type === 'file' ? { path, start: entry.offset, sizeBytes: entry.sizeBytes } : undefined
  }
  return { part, text: (name) => textOf(part(name)) }
}

function filesOfFolder(folder: string): ImageFiles {
  const part = (name: string): FilePart | undefined => {
    const path = join(folder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() ? { path, start: 0, sizeBytes: stat.size } : undefined
  }
  return { part, text: (name) => textOf(part(name)) }
}

/** Manifests are small; what is larger is none. */
const TEXT_SIZE_MAX = 16 << 20

function textOf(part: FilePart | undefined): string {
  if (!part || part.sizeBytes > TEXT_SIZE_MAX) return ''
  const bytes = Buffer.alloc(part.sizeBytes)
  const fd = openSync(part.path, 'r')
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, part.start))
  } finally {
    closeSync(fd)
  }
}
