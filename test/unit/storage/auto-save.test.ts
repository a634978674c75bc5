/** When changes are stored. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AutoSave } from '../../../src/storage/auto-save.ts'
import type { LayerKeeper } from '../../../src/storage/layer-keeper.ts'
import type { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A tree that can be changed, and the times at which it was stored. */
function begin(save: () => Promise<void> = async () => {}) {
  const tree = {} as Tmpfs
  const saved: number[] = []
  const states: string[] = []
  const from = performance.now()
  const keeper = {
    save: () => {
      saved.push(performance.now() - from)
      return save()
    },
  } as LayerKeeper
  const saves = new AutoSave(keeper, tree, (state) => states.push(state))
  return { saves, saved, states, change: () => tree.onChange!() }
}

it('is a while after the last change, once', async () => {
  const { saved, states, change } = begin()
  for (let i = 0; i < 4; i++) {
    change()
    await vi.advanceTimersByTimeAsync(150)
  }
  await vi.advanceTimersByTimeAsync(60_000)
  expect(saved.length).toBe(1)
  expect(saved[0]).toBeGreaterThan(600)
  expect(saved[0]).toBeLessThan(1500)
  expect(states).toEqual(['changed', 'saved'])
})

it('comes though changes do not end', async () => {
  const { saved, change } = begin()
  for (let i = 0; i < 200; i++) {
    change()
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(saved.length).toBeGreaterThanOrEqual(3)
  expect(saved.length).toBeLessThanOrEqual(5)
})

it('comes seldom where it takes long', async () => {
  const { saved, change } = begin(() => new Promise((resolve) => setTimeout(resolve, 2000)))
  for (let i = 0; i < 600; i++) {
    change()
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(saved.length).toBeGreaterThanOrEqual(3)
  expect(saved.length).toBeLessThanOrEqual(5)
})

it('is tried again after a failure when something changes, and when it is asked for', async () => {
  let isFull = true
  const { saves, saved, states, change } = begin(async () => {
    if (isFull) throw Object.assign(new Error('full'), { name: 'QuotaExceededError' })
  })
  change()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([saved.length, states]).toEqual([1, ['changed', 'failed']])
  await expect(saves.save()).rejects.toThrow(/no room left/)
  isFull = false
  change()
  await vi.advanceTimersByTimeAsync(5000)
  expect([saved.length, states]).toEqual([3, ['changed', 'failed', 'saved']])
})

it('what changes while it is stored is stored next', async () => {
  let change = (): void => {}
  let times = 0
  const begun = begin(async () => {
    if (times++ === 0) change()
  })
  change = begun.change
  change()
  const asked = begun.saves.save()
  await vi.advanceTimersByTimeAsync(0)
  await asked
  expect(begun.states).toEqual(['changed'])
  await begun.saves.save()
  expect(begun.states).toEqual(['changed', 'saved'])
  expect(times).toBe(2)
  await begun.saves.close()
  expect(times).toBe(2)
})
