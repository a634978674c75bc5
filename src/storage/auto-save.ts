/**
 * When a machine's changes are stored: a while after the last one, and not too long after the first; when it is asked for;
 * and again after a failure. Path: local-machine.ts → here → layer-keeper.ts.
 */

import type { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import type { StorageState } from '../api.ts'
import { isQuotaError } from './blob-store.ts'
import type { LayerKeeper } from './layer-keeper.ts'

const QUIET_MS = 400
const WAIT_MS_MAX = 5000
/** Saving takes no more than this part of the time. */
const BUSY_RATIO = 8
/** After a failure, from the next change on. */
const RETRY_MS = 2000

export type StorageListener = (state: StorageState, why: string) => void

export class AutoSave {
  state: StorageState = 'saved'
  why = ''
  private readonly keeper: LayerKeeper
  private readonly tell: StorageListener
  private timer: ReturnType<typeof setTimeout> | undefined
  private changeCount = 0
  /** What the count was when it was looked at, and when it was stored. */
  private seenCount = 0
  private savedCount = 0
  private firstMs = 0
  private tookMs = 0
  private isOver = false
  private saving: Promise<void> | null = null

  constructor(keeper: LayerKeeper, tree: Tmpfs, tell: StorageListener) {
    this.keeper = keeper
    this.tell = tell
    tree.onChange = () => this.changed()
  }

  /** Resolves when all that was changed until now is stored; rejects when it cannot be. */
  async save(): Promise<void> {
    // One that is on its way may have begun before the last change.
    await this.saving?.catch(() => {})
    if (this.isOver) throw new Error(this.why)
    if (this.changeCount === this.savedCount) return
    this.saving ??= this.saveNow().finally(() => (this.saving = null))
    await this.saving
  }

  /** Stores what is left. */
  async close(): Promise<void> {
    if (!this.isOver) await this.save().catch(() => {})
    this.end('the machine was disposed')
  }

  /** Takes what is stored away, and stores nothing more. */
  async forget(): Promise<void> {
    await this.saving?.catch(() => {})
    await this.keeper.forget()
    this.end('what was kept is forgotten')
    this.become('off', this.why)
  }

  private end(why: string): void {
    this.isOver = true
    this.why = why
    clearTimeout(this.timer)
  }

  private changed(): void {
    this.changeCount++
    if (this.isOver) return
    if (this.state === 'saved') this.become('changed', '')
    if (this.timer !== undefined) return
    this.firstMs = performance.now()
    this.schedule(Math.max(this.state === 'failed' ? RETRY_MS : QUIET_MS, this.tookMs * BUSY_RATIO))
  }

  private schedule(delayMs: number): void {
    this.seenCount = this.changeCount
    this.timer = setTimeout(() => this.due(), delayMs)
  }

  private due(): void {
    this.timer = undefined
    const isQuiet = this.changeCount === this.seenCount
    if (isQuiet || performance.now() - this.firstMs >= WAIT_MS_MAX) void this.save().catch(() => {})
    else this.schedule(QUIET_MS)
  }

  private async saveNow(): Promise<void> {
    const began = performance.now()
    const count = this.changeCount
    try {
      await this.keeper.save()
      this.savedCount = count
      this.become(this.changeCount === count ? 'saved' : 'changed', '')
    } catch (error) {
      this.become('failed', problemOf(error as Error))
      throw new Error(this.why)
    } finally {
      this.tookMs = performance.now() - began
    }
  }

  private become(state: StorageState, why: string): void {
    const isNews = state !== this.state || why !== this.why
    this.state = state
    this.why = why
    if (isNews) this.tell(state, why)
  }
}

const problemOf = (error: Error): string =>
  isQuotaError(error)
    ? 'the browser has no room left for what changed: it is lost with this page unless something is deleted'
    : `changes cannot be stored: ${error.message}`
