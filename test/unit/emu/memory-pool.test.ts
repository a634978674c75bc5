import { expect, it } from 'vitest'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PROT_READ } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'

const BASE = 0x400000
const MIB = 1 << 20

/** Makes a space with as many bytes, ends it, and returns its Memory. */
function used(pool: MemoryPool, sizeBytes: number): WebAssembly.Memory {
  const space = new AddressSpace(pool)
  expect(space.map(BASE, sizeBytes, PROT_READ)).toBe(true)
  const { memory } = space
  space.release()
  return memory
}

it('a large Memory is used again, so that a program that forks a lot leaves no heap of them', () => {
  const pool = new MemoryPool()
  const memory = used(pool, 200 * MIB)
  const next = new AddressSpace(pool)
  expect(next.memory).toBe(memory)
  expect(next.allows(BASE, 1, 1)).toBe(false)
})

it('what is kept has a limit, which counts what was taken out again', () => {
  const pool = new MemoryPool()
  const first = used(pool, 600 * MIB)
  const held = new AddressSpace(pool)
  expect(held.memory).toBe(first)
  const second = used(pool, 600 * MIB)
  expect(second).not.toBe(first)
  // 600 MiB lie there: there is no room for the other 600.
  held.map(BASE, 600 * MIB, PROT_READ)
  held.release()
  expect(new AddressSpace(pool).memory).toBe(second)
  expect(new AddressSpace(pool).memory).not.toBe(first)
})
