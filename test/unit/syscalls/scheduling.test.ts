/** Whose turn it is, and for how long: who is woken goes first, nobody waits for ever, slices fit the host. */

import { expect, it } from 'vitest'
import { SeededRandom, SimHost } from '../../../src/host/sim/sim-host.ts'
import { RunQueue } from '../../../syscalls/kernel/run-queue.ts'
import { SliceLengths } from '../../../syscalls/kernel/slice.ts'
import type { Task } from '../../../syscalls/kernel/task.ts'

const task = (name: string): Task => ({ name, wokenRound: 0 }) as unknown as Task
const nameOf = (one: Task | undefined): string =>
  (one as unknown as { name: string } | undefined)?.name ?? '-'

it('takes turns among those that compute', () => {
  const queue = new RunQueue()
  const all = ['a', 'b', 'c'].map(task)
  for (const one of all) queue.add(one)
  const order: string[] = []
  for (let i = 0; i < 7; i++) {
    const next = queue.take()!
    order.push(nameOf(next))
    queue.add(next)
  }
  expect(order.join('')).toBe('abcabca')
  expect(queue.length).toBe(3)
})

it('lets a woken task go before them, once a round', () => {
  const queue = new RunQueue()
  const [a, b, reader] = ['a', 'b', 'reader'].map(task) as [Task, Task, Task]
  queue.add(a)
  queue.add(b)
  expect(nameOf(queue.take())).toBe('a')
  queue.add(a)
  queue.addWoken(reader)
  expect(nameOf(queue.take())).toBe('reader')
  // Woken again before b had a turn: now it is behind everybody.
  queue.addWoken(reader)
  expect([queue.take(), queue.take(), queue.take(), queue.take()].map(nameOf)).toEqual([
    'b',
    'a',
    'reader',
    '-',
  ])
})

it('lets nobody starve beside tasks that wake each other for ever', () => {
  const queue = new RunQueue()
  const pair = [task('ping'), task('pong')] as const
  const slow = ['x', 'y', 'z'].map(task)
  for (const one of slow) queue.add(one)
  queue.addWoken(pair[0])
  const turns = new Map<string, number>()
  for (let i = 0; i < 600; i++) {
    const next = queue.take()!
    turns.set(nameOf(next), (turns.get(nameOf(next)) ?? 0) + 1)
    if (next === pair[0]) queue.addWoken(pair[1])
    else if (next === pair[1]) queue.addWoken(pair[0])
    else queue.add(next)
  }
  for (const one of slow) expect(turns.get(nameOf(one))).toBeGreaterThanOrEqual(100)
  for (const one of pair) expect(turns.get(nameOf(one))).toBeGreaterThan(50)
})

it('makes slices shorter where they last too long, and longer again', () => {
  const lengths = new SliceLengths(new SeededRandom(1))
  const usual = new SliceLengths(new SeededRandom(1))
  // Two microseconds a step, as interpreted code may be.
  const slowNs: number[] = []
  for (let i = 0; i < 10; i++) {
    const budget = lengths.budget()
    slowNs.push(budget * 2000)
    lengths.took(budget, budget, budget * 2000)
  }
  expect(Math.max(...slowNs.slice(1))).toBeLessThan(30e6)
  for (let i = 0; i < 20; i++) {
    const budget = lengths.budget()
    lengths.took(budget, budget, budget)
  }
  for (let i = 0; i < 30; i++) usual.budget()
  expect(lengths.budget()).toBe(usual.budget())
})

it('draws the same lengths for a seed whatever the steps cost, on a clock that moves by them', () => {
  const draw = (reads: number): number[] => {
    const host = new SimHost({ seed: 7 })
    const lengths = new SliceLengths(host.random)
    return Array.from({ length: 20 }, () => {
      const budget = lengths.budget()
      const from = host.clock.monotonicNs()
      host.worked(budget)
      for (let i = 0; i < reads; i++) host.clock.monotonicNs()
      lengths.took(budget, budget, host.clock.monotonicNs() - from)
      return budget
    })
  }
  expect(draw(2000)).toEqual(draw(0))
})
