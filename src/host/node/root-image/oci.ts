/**
 * Container images: which layers an OCI layout or a docker-save archive has, and what it says of running it. OCI image
 * specification (image-layout.md, config.md); docker save's manifest.json.
 * Path: import.ts asks with a way to read the image's files by name.
 */

import type { FilePart } from './decompress.ts'

/** What an image says of its program. */
export interface ImageConfig {
  entrypoint: string[]
  command: string[]
  env: Record<string, string>
  /** name, uid, or either with :group; empty for root. */
  user: string
  workdir: string
}

/** The files of an image, by name. */
export interface ImageFiles {
  part(name: string): FilePart | undefined
  text(name: string): string
}

export interface Image {
  layers: FilePart[]
  config: ImageConfig
}

interface Descriptor {
  digest: string
  mediaType?: string
  platform?: { architecture?: string; os?: string }
}

/** The image, or null when these files are none. Throws for an image that makes no sense. */
export function imageOf(files: ImageFiles): Image | null {
  if (files.part('manifest.json')) return dockerImage(files)
  if (files.part('index.json') && files.part('oci-layout')) return ociImage(files)
  return null
}

function json(files: ImageFiles, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(files.text(name))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new Error(`its ${name} is no JSON object`)
}

function layer(files: ImageFiles, name: string): FilePart {
  const part = files.part(name)
  if (!part) throw new Error(`its layer ${name} is missing`)
  return part
}

function dockerImage(files: ImageFiles): Image {
  const [manifest] = json(files, 'manifest.json') as unknown as { Config?: string; Layers?: string[] }[]
  if (!manifest || typeof manifest.Config !== 'string' || !Array.isArray(manifest.Layers))
    throw new Error('its manifest.json names no image')
  return {
    layers: manifest.Layers.map((name) => layer(files, String(name))),
    config: configOf(json(files, manifest.Config)),
  }
}

function blob(digest: unknown): string {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(String(digest))
  if (!match) throw new Error(`it has an impossible digest ${String(digest)}`)
  return `blobs/${match[1]}/${match[2]}`
}

const INDEXES = /image\.index|manifest\.list/
/** An index in an index, as deep as anybody makes them. */
const INDEX_DEPTH_MAX = 4

function ociImage(files: ImageFiles): Image {
  let index = json(files, 'index.json')
  for (let depth = 0; depth < INDEX_DEPTH_MAX; depth++) {
    const manifests = (index.manifests ?? []) as Descriptor[]
    const fits = ({ platform }: Descriptor): boolean =>
      platform?.architecture === 'amd64' && platform.os === 'linux'
    const chosen = manifests.find(fits) ?? manifests.find(({ platform }) => !platform)
    if (!chosen) throw new Error('it has no image for linux/amd64')
    const manifest = json(files, blob(chosen.digest))
    if (!INDEXES.test(String(chosen.mediaType ?? manifest.mediaType ?? '')) && !manifest.manifests) {
      const { config, layers } = manifest as { config?: Descriptor; layers?: Descriptor[] }
      if (!config || !Array.isArray(layers)) throw new Error('its manifest names no layers')
      return {
        layers: layers.map(({ digest }) => layer(files, blob(digest))),
        config: configOf(json(files, blob(config.digest))),
      }
    }
    index = manifest
  }
  throw new Error('its indexes lead to no image')
}

function configOf(outer: Record<string, unknown>): ImageConfig {
  const config = (outer.config ?? {}) as Record<string, unknown>
  const words = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
  const env: Record<string, string> = {}
  for (const word of words(config.Env)) {
    const at = word.indexOf('=')
    if (at > 0) env[word.slice(0, at)] = word.slice(at + 1)
  }
  return {
    entrypoint: words(config.Entrypoint),
    command: words(config.Cmd),
    env,
    user: typeof config.User === 'string' ? config.User : '',
    workdir: typeof config.WorkingDir === 'string' && config.WorkingDir !== '' ? config.WorkingDir : '/',
  }
}
