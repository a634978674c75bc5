/** When the event loop has its turn. */

import { afterEach, expect, it, vi } from 'vitest'
import { Turns } from '../../src/turns.ts'

afterEach(() => void vi.restoreAllMocks())

/** A turn is asked for at this time, and taken if it is due. */
function takenAt(turns: Turns, ms: number): boolean {
  vi.spyOn(performance, 'now').mockReturnValue(ms)
  const isDue = turns.isDue()
  if (isDue) turns.taken()
  return isDue
}

it('is every ten milliseconds, and at once when somebody outside was woken', () => {
  vi.spyOn(performance, 'now').mockReturnValue(0)
  const turns = new Turns()
  expect([1, 9, 10, 11, 19, 20].map((ms) => takenAt(turns, ms))).toEqual([
    false,
    false,
    true,
    false,
    false,
    true,
  ])
  turns.hurry()
  expect(takenAt(turns, 21)).toBe(true)
  expect(takenAt(turns, 22)).toBe(false)
})

it('is not at once for ever: who prints without end leaves time for programs', () => {
  vi.spyOn(performance, 'now').mockReturnValue(0)
  const turns = new Turns()
  let early = 0
  for (let i = 0; i < 100; i++) {
    turns.hurry()
    if (takenAt(turns, 1)) early++
  }
  expect(early).toBe(8)
  expect(takenAt(turns, 11)).toBe(true)
  turns.hurry()
  expect(takenAt(turns, 12)).toBe(true)
})
