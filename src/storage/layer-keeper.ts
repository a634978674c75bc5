/**
 * Keeps a tree in memory (what a copy-on-write root has changed) in a BlobStore, and brings it back.
 * Path: local-machine.ts opens one before the machine is there; auto-save.ts says when; saved-tree.ts has the tree as data.
 *
 * Each save is one new blob: contents that changed since the last one, then the list of all files. The newest blob that is
 * whole counts, so a save that ends in its middle changes nothing. Older blobs go when nothing in them is of use any more;
 * what little is still of use in one is written anew. All of a save is written in one turn of the event loop, so it is
 * the tree as it was at one moment.
 */

import type { Tmpfs, TmpfsInode } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import type { Caller } from '../../syscalls/vfs/caller.ts'
import { StartError } from '../errors.ts'
import { type BlobStore, type BlobWriter, isQuotaError, type StoredBlob } from './blob-store.ts'
import { readList, type SavedList, writeList } from './saved-list.ts'
import { type Extent, restoreFiles, SavedBytes, savedFiles } from './saved-tree.ts'

const COPY_SIZE = 256 << 10
/** When there are more blobs than these, small ones are joined. */
const BLOBS_MAX = 16
const SMALL_BLOB_SIZE = 4 << 20
/** A blob that is there for the room it takes: with it can be said that something was deleted when there is no other. */
const RESERVE = 'reserve'
const RESERVE_SIZE_MIN = 256 << 10

type Extents = ReadonlyMap<TmpfsInode, readonly Extent[]>

/** One save on its way. */
interface Round {
  readonly number: number
  readonly writer: BlobWriter
  /** Blobs whose contents are written anew. */
  readonly emptied: ReadonlySet<number>
  readonly extents: Map<TmpfsInode, readonly Extent[]>
  /** From where on files were written: they are to be written again when the save fails. */
  readonly from: Map<TmpfsInode, number>
}

export class LayerKeeper {
  private readonly store: BlobStore
  private base = ''
  /** What was found, until it is restored. */
  private found: SavedList | null = null
  private newest = 0
  /** Of the blobs that are there. */
  private readonly sizes = new Map<number, number>()
  private readonly opened = new Map<number, StoredBlob>()
  private extents: Extents = new Map()
  /** Files whose contents are read where they were saved. */
  private readonly unread = new Map<TmpfsInode, SavedBytes>()
  private tree: { readonly fs: Tmpfs; readonly caller: Caller } | null = null
  private reserveSize = 0
  /** Of the last save: what had to be written even if nothing changed. */
  private listSize = 0

  /** Looks up what was saved. Rejects with StartError EUCLEAN when it is damaged. */
  static async open(store: BlobStore): Promise<LayerKeeper> {
    const keeper = new LayerKeeper(store)
    await keeper.find()
    return keeper
  }

  private constructor(store: BlobStore) {
    this.store = store
  }

  private async find(): Promise<void> {
    const names = await this.store.list()
    if (names.includes(RESERVE)) this.reserveSize = (await this.store.open(RESERVE)).sizeBytes
    const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number)
    for (const number of numbers.sort((a, b) => b - a)) {
      const blob = await this.store.open(String(number))
      this.newest = Math.max(this.newest, number)
      this.found = readList(blob)
      if (!this.found) continue
      this.opened.set(number, blob)
      this.sizes.set(number, blob.sizeBytes)
      await this.openContents(this.found)
      break
    }
    for (const number of numbers) if (!this.sizes.has(number)) await this.store.delete(String(number))
  }

  private async openContents({ files }: SavedList): Promise<void> {
    const ends = new Map<number, number>()
    for (const { contents = [] } of files)
      for (const [, blob, at, length] of contents) ends.set(blob, Math.max(ends.get(blob) ?? 0, at + length))
    for (const [number, end] of ends) {
      const blob = await this.store.open(String(number)).catch(() => null)
      if (!blob || blob.sizeBytes < end)
        throw new StartError('EUCLEAN', 'what is kept of this machine is damaged; fresh: true forgets it')
      this.opened.set(number, blob)
      this.sizes.set(number, blob.sizeBytes)
    }
  }

  /**
   * Makes an empty tmpfs the tree that was saved, and from now on the one that is. `base` tells what it is the changes of
   * from other things. Throws StartError ESTALE when the saved ones are of something else.
   */
  restore(fs: Tmpfs, caller: Caller, base: string): void {
    if (this.found && this.found.base !== base)
      throw new StartError(
        'ESTALE',
        'what is kept was changed on another root than this; fresh: true forgets it',
      )
    this.base = base
    const extentsOf = new Map<TmpfsInode, readonly Extent[]>()
    restoreFiles(fs, caller, this.found?.files ?? [], (inode, { size = 0, contents = [] }) => {
      const bytes = new SavedBytes(size, contents, this.opened)
      inode.setStored(bytes)
      inode.changedFrom = Infinity
      extentsOf.set(inode, contents)
      this.unread.set(inode, bytes)
    })
    this.extents = extentsOf
    this.found = null
    this.tree = { fs, caller }
  }

  /** Stores the tree as it is now. Rejects when that cannot be; what was saved before is there as it was then. */
  async save(): Promise<void> {
    try {
      await this.saveWith(this.blobsToEmpty(), Infinity)
    } catch (error) {
      if (!isQuotaError(error) || this.reserveSize === 0) throw error
      await this.saveFromReserve(error)
    }
    if (this.reserveSize < 2 * this.listSize || this.reserveSize === 0) await this.makeReserve()
  }

  /** What takes less than the reserve, as when something was deleted. */
  private async saveFromReserve(refused: unknown): Promise<void> {
    const sizeMax = this.reserveSize
    await this.store.delete(RESERVE)
    this.reserveSize = 0
    try {
      await this.saveWith(new Set(), sizeMax)
    } catch {
      await this.makeReserve()
      throw refused
    }
  }

  /** Nothing is kept any more. */
  async forget(): Promise<void> {
    for (const inode of this.unread.keys())
      if (inode.ownContents() < 0) throw new Error('there is no memory for what is only in the store')
    this.unread.clear()
    for (const name of await this.store.list()) await this.store.delete(name)
  }

  private async makeReserve(): Promise<void> {
    const size = Math.max(RESERVE_SIZE_MIN, 4 * this.listSize)
    const writer = await this.store.create(RESERVE)
    try {
      writer.write(new Uint8Array(size))
      await writer.close()
      this.reserveSize = size
    } catch {
      await writer.abandon()
      this.reserveSize = 0
    }
  }

  /** Blobs of which less than half is of use, and small ones when there are many. */
  private blobsToEmpty(): Set<number> {
    const used = new Map<number, number>()
    for (const extents of this.extents.values())
      for (const [, blob, , length] of extents) used.set(blob, (used.get(blob) ?? 0) + length)
    const isMany = this.sizes.size > BLOBS_MAX
    const emptied = [...this.sizes].filter(
      ([number, size]) => (used.get(number) ?? 0) * 2 < size || (isMany && size < SMALL_BLOB_SIZE),
    )
    return new Set(emptied.map(([number]) => number))
  }

  private async saveWith(emptied: ReadonlySet<number>, sizeMax: number): Promise<void> {
    const number = this.newest + 1
    const writer = await this.store.create(String(number))
    const round: Round = { number, writer, emptied, extents: new Map(), from: new Map() }
    try {
      this.write(round)
      if (writer.sizeBytes > sizeMax) throw new Error('there is no room for so much')
      await writer.close()
    } catch (error) {
      for (const [inode, from] of round.from) inode.changedFrom = Math.min(inode.changedFrom, from)
      await writer.abandon()
      throw error
    }
    this.newest = number
    this.sizes.set(number, writer.sizeBytes)
    this.extents = round.extents
    await this.followUnread(number)
    await this.deleteUseless()
  }

  /** The tree, in one turn. */
  private write(round: Round): void {
    const { fs, caller } = this.tree!
    const files = savedFiles(fs.root, caller, (inode) => {
      const extents = this.writeChanged(round, inode as TmpfsInode)
      round.extents.set(inode as TmpfsInode, extents)
      return extents
    })
    const before = round.writer.sizeBytes
    writeList(round.writer, { base: this.base, files })
    this.listSize = round.writer.sizeBytes - before
  }

  /** Writes what changed of a file, and what is to leave its blob. */
  private writeChanged(round: Round, inode: TmpfsInode): Extent[] {
    const from = Math.min(inode.changedFrom, inode.size)
    const extents: Extent[] = []
    for (const [pos, blob, at, length] of this.extents.get(inode) ?? []) {
      const end = Math.min(pos + length, from)
      if (pos >= end) break
      if (round.emptied.has(blob)) this.writeRange(round, inode, pos, end, extents)
      else extents.push([pos, blob, at, end - pos])
    }
    this.writeRange(round, inode, from, inode.size, extents)
    round.from.set(inode, inode.changedFrom)
    inode.changedFrom = Infinity
    return extents
  }

  private writeRange(
    { writer, number }: Round,
    inode: TmpfsInode,
    from: number,
    end: number,
    extents: Extent[],
  ): void {
    const { caller } = this.tree!
    for (let pos = from; pos < end; ) {
      const begin = inode.seekHoleOrData(caller, pos, true)
      if (begin < 0 || begin >= end) return
      const hole = Math.min(end, inode.seekHoleOrData(caller, begin, false))
      extents.push([begin, number, writer.sizeBytes, hole - begin])
      const chunk = new Uint8Array(Math.min(COPY_SIZE, hole - begin))
      for (pos = begin; pos < hole; pos += chunk.length) {
        const count = Math.min(chunk.length, hole - pos)
        if (inode.read(caller, pos, chunk, 0, count) !== count) throw new Error('a file cannot be read')
        writer.write(chunk.subarray(0, count))
      }
    }
  }

  /** Files that are still read where they were saved are read where they are now. */
  private async followUnread(number: number): Promise<void> {
    for (const [inode, bytes] of this.unread) {
      const extents = this.extents.get(inode)
      if (inode.stored !== bytes) this.unread.delete(inode)
      else if (extents?.some(([, blob]) => blob === number)) {
        if (!this.opened.has(number)) this.opened.set(number, await this.store.open(String(number)))
        bytes.extents = extents
      }
    }
  }

  private async deleteUseless(): Promise<void> {
    const useful = new Set([this.newest])
    const unread = [...this.unread.values()].map(({ extents }) => extents)
    for (const extents of [...this.extents.values(), ...unread])
      for (const [, blob] of extents) useful.add(blob)
    for (const number of [...this.sizes.keys()]) {
      if (useful.has(number)) continue
      await this.store.delete(String(number))
      this.sizes.delete(number)
      this.opened.delete(number)
    }
  }
}
