/**
 * Records: the directory `.-` beside what changed, which says of names what the files themselves cannot say. It has the
 * tree's own shape: what is said of /etc/passwd is in the file `.-/etc/passwd`, what is said of the directory /etc in
 * `.-/etc/-`. An empty file says that the name is gone (a whiteout). A name that begins with `-` has one more in front.
 * Path: the inodes of a view → here → files of the layer that keeps changes. record.ts has the contents.
 */

import { bytesOf, latin1 } from '../../abi/bytes.ts'
import { EIO, ENAMETOOLONG } from '../../abi/errno.ts'
import { NAME_MAX } from '../../abi/fcntl.ts'
import { S_IFDIR, S_IFREG } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Path } from '../../vfs/path.ts'
import * as layer from './layer.ts'
import { type FileRecord, formatRecord, isEmpty, parseRecord } from './record.ts'

/** What hides in the layer's top directory. */
export const RECORDS_NAME = '.-'
/** In a directory of records: what is said of the directory itself. */
const ITSELF = '-'
/** Files on their way into the layer have names that no file's record has. */
const TEMPORARY = '-new.'
const RECORD_SIZE_MAX = 1 << 22

const recordName = (name: string): string => (name.startsWith('-') ? `-${name}` : name)
/** The file that a name of a directory of records is about; null for what is about none. */
const fileName = (name: string): string | null =>
  !name.startsWith('-') ? name : name.startsWith('--') ? name.slice(1) : null

/** What is said of one name. */
export interface Said {
  readonly isGone: boolean
  readonly record: FileRecord
  /** Records of what is below. */
  readonly below: Path | null
}

/** A record is changed by who asked for it. */
const nothing = (): Said => ({ isGone: false, record: {}, below: null })

export class Records {
  /** The directory that keeps changes. */
  readonly top: Path
  private readonly trusts: (uid: number) => boolean
  private temporaryCount = 0

  /** Only records of whom the view `trusts` count; whiteouts of anybody do, who could as well put another file there. */
  constructor(top: Path, trusts: (uid: number) => boolean) {
    this.top = top
    this.trusts = trusts
  }

  /** All records, if there are any. */
  findTop(caller: Caller): Path | null {
    const found = layer.find(caller, this.top, RECORDS_NAME)
    return found && typeof found !== 'number' && found.inode.isDirectory ? found : null
  }

  makeTop(caller: Caller): Path | number {
    const known = layer.find(caller, this.top, RECORDS_NAME)
    if (typeof known === 'number' || known?.inode.isDirectory) return known
    const removed = known ? layer.remove(caller, this.top, known) : 0
    return removed < 0 ? removed : layer.make(caller, this.top, RECORDS_NAME, { mode: S_IFDIR | 0o700 })
  }

  /** What is said of a name in a directory, whose records are `place`. */
  find(caller: Caller, place: Path | null, name: string): Said | number {
    if (!place) return nothing()
    const entry = layer.find(caller, place, recordName(name))
    if (typeof entry === 'number') return entry === -ENAMETOOLONG ? nothing() : entry
    if (!entry) return nothing()
    if (!entry.inode.isDirectory) {
      const record = this.read(caller, entry)
      return record === null ? { ...nothing(), isGone: entry.inode.isRegular } : { ...nothing(), record }
    }
    const itself = layer.find(caller, entry, ITSELF)
    if (typeof itself === 'number') return itself
    return { isGone: false, record: (itself && this.read(caller, itself)) || {}, below: entry }
  }

  /** Of the directory whose records are `place`. */
  ofItself(caller: Caller, place: Path | null): FileRecord {
    const itself = place ? layer.find(caller, place, ITSELF) : null
    return (itself && typeof itself !== 'number' && this.read(caller, itself)) || {}
  }

  /** Names that something is said of. */
  names(caller: Caller, place: Path | null): string[] | number {
    const names = place ? layer.namesIn(caller, place) : []
    if (typeof names === 'number') return names
    return names.map(fileName).filter((name) => name !== null)
  }

  /** Null: it is empty, or cannot be read. */
  private read(caller: Caller, { inode }: Path): FileRecord | null {
    const { size } = inode
    if (!inode.isRegular || size === 0) return null
    if (size > RECORD_SIZE_MAX || !this.trusts(inode.uid)) return {}
    const bytes = new Uint8Array(size)
    const got = inode.read(caller, 0, bytes, 0, size)
    return got < 0 ? {} : parseRecord(latin1(bytes, 0, got))
  }

  /** The directory for records of what is in a directory of that name, made unless it is there. */
  makeBelow(caller: Caller, place: Path, name: string): Path | number {
    const known = layer.find(caller, place, recordName(name))
    if (typeof known === 'number') return known
    if (known?.inode.isDirectory) return known
    // What was said of the name moves into the directory.
    const said = known ? this.read(caller, known) : null
    const removed = known ? layer.remove(caller, place, known) : 0
    if (removed < 0) return removed
    const made = layer.make(caller, place, recordName(name), { mode: S_IFDIR | 0o700 })
    if (typeof made === 'number' || !said) return made
    const written = this.write(caller, made, ITSELF, said)
    return written < 0 ? written : made
  }

  /** Says something of a file, instead of what was said before. */
  say(caller: Caller, place: Path, name: string, record: FileRecord): number {
    return this.write(caller, place, recordName(name), record)
  }

  /** Says something of the directory whose records are `below`. */
  sayItself(caller: Caller, below: Path, record: FileRecord): number {
    return this.write(caller, below, ITSELF, record)
  }

  private write(caller: Caller, place: Path, name: string, record: FileRecord): number {
    const text = isEmpty(record) ? '' : formatRecord(record)
    if (text === '') return this.removeEntry(caller, place, name)
    const file = this.fileFor(caller, place, name)
    if (typeof file === 'number') return file
    const bytes = bytesOf(text)
    const done = file.inode.write(caller, 0, bytes, 0, bytes.length)
    if (done !== bytes.length) return done < 0 ? done : -EIO
    return file.inode.size > done ? file.inode.setAttributes(caller, { size: done }) : 0
  }

  private fileFor(caller: Caller, place: Path, name: string): Path | number {
    const known = layer.find(caller, place, name)
    if (typeof known === 'number') return known
    if (known?.inode.isRegular && this.trusts(known.inode.uid)) return known
    const removed = known ? layer.removeTree(caller, place, known) : 0
    return removed < 0 ? removed : layer.make(caller, place, name, { mode: S_IFREG | 0o600 })
  }

  /** Says that a name is gone, with everything that was below it. */
  sayGone(caller: Caller, place: Path, name: string): number {
    if (recordName(name).length > NAME_MAX) return -ENAMETOOLONG
    const removed = this.forget(caller, place, name)
    if (removed < 0) return removed
    const made = layer.make(caller, place, recordName(name), { mode: S_IFREG | 0o600 })
    return typeof made === 'number' ? made : 0
  }

  /** Says nothing more of a name and what is below it. */
  forget(caller: Caller, place: Path, name: string): number {
    return this.removeEntry(caller, place, recordName(name))
  }

  private removeEntry(caller: Caller, place: Path, name: string): number {
    const known = layer.find(caller, place, name)
    if (known === null || known === -ENAMETOOLONG) return 0
    return typeof known === 'number' ? known : layer.removeTree(caller, place, known)
  }

  /** What was said of one name is said of another, instead of what was said of that. */
  move(caller: Caller, from: Path, name: string, to: Path, newName: string): number {
    const forgotten = this.forget(caller, to, newName)
    if (forgotten < 0) return forgotten
    const known = layer.find(caller, from, recordName(name))
    if (known === null || known === -ENAMETOOLONG) return 0
    return typeof known === 'number' ? known : layer.move(caller, from, known, to, recordName(newName))
  }

  /** What was said of each of two names is said of the other. */
  exchange(caller: Caller, from: Path, name: string, to: Path, newName: string): number {
    const top = this.makeTop(caller)
    if (typeof top === 'number') return top
    const aside = this.temporaryName(caller, top)
    if (typeof aside === 'number') return aside
    const one = layer.find(caller, from, recordName(name))
    if (typeof one === 'number') return one
    const kept = one ? layer.move(caller, from, one, top, aside) : 0
    const moved = kept < 0 ? kept : this.move(caller, to, newName, from, name)
    if (moved < 0 || !one) return moved
    return layer.move(caller, top, one, to, recordName(newName))
  }

  /** A name among the top records for a file on its way. */
  temporaryName(caller: Caller, top: Path): string | number {
    for (;;) {
      const name = `${TEMPORARY}${this.temporaryCount++}`
      const known = layer.find(caller, top, name)
      if (known === null) return name
      if (typeof known === 'number') return known
    }
  }

  /** Takes away what was on its way when an earlier view of the layer ended. */
  removeTemporaries(caller: Caller): void {
    const top = this.findTop(caller)
    const names = top ? layer.namesIn(caller, top) : []
    if (typeof names === 'number') return
    for (const name of names) if (name.startsWith(TEMPORARY)) this.removeEntry(caller, top!, name)
  }
}
