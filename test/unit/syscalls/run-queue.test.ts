/** Who is woken goes first, and nobody waits for ever. */

import { expect, it } from 'vitest'
import { RunQueue } from '../../../syscalls/kernel/run-queue.ts'
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
