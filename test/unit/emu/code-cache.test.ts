import { expect, it } from 'vitest'
import { X86_64 } from '../../../emu/guest/x86/mode.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE, pcCacheSlot } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { noCounts, ProcessCode, Translations } from '../../../emu/run/code-cache.ts'
import { decodeBatches, encodeBatch, type TranslationStore } from '../../../emu/run/stored-batches.ts'
import { FIRST_ROUTINE_SYMBOL } from '../../../emu/wasm/object.ts'

const OWNER = { executed: () => true, interpreted: () => true, invalidate: () => {} }
const CODE = 0x400000

/** A space whose code is `mov eax, number; ret`. */
function spaceWith(pool: MemoryPool, number: number): AddressSpace {
  const space = new AddressSpace(pool)
  space.map(CODE, PAGE_SIZE, PROT_READ | PROT_EXEC)
  space.storeBytes(CODE, Uint8Array.of(0xb8, number, 0, 0, 0, 0xc3))
  return space
}

it('forgets code in the slot of pc 1 so that an exit, which returns 1, never finds it again', () => {
  const space = new AddressSpace(new MemoryPool())
  let pc = 0x400000
  while (pcCacheSlot(pc) !== pcCacheSlot(1)) pc++
  const page = pc - (pc % PAGE_SIZE)
  space.map(page, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC)
  space.storeBytes(pc, Uint8Array.of(0xc3))
  const translations = new Translations({ uncheckedLoads: false, eager: true }, X86_64, false, noCounts())
  const code = new ProcessCode(space, translations, OWNER)
  expect(code.enter(pc, false)).toBe(true)
  expect(space.view.getUint32(pcCacheSlot(pc), true)).toBe(pc)
  space.storeBytes(pc, Uint8Array.of(0x90))
  const tag = space.view.getUint32(pcCacheSlot(pc), true)
  expect(translations.counts.invalidations).toBe(1)
  expect(pcCacheSlot(tag)).not.toBe(pcCacheSlot(pc))
})

it('a batch comes back from its bytes, and everything behind a damaged record is left', () => {
  const translations = new Translations({ uncheckedLoads: false, eager: true }, X86_64, false, noCounts())
  const space = spaceWith(new MemoryPool(), 1)
  const batch = translations.translate(space, [CODE], () => false, undefined)
  const record = encodeBatch(batch)
  const two = new Uint8Array([...record, ...record])
  const back = decodeBatches(two)
  expect(back.map(({ entries }) => [...entries])).toEqual([[CODE], [CODE]])
  expect(back[0]!.image.fits(space)).toBe(true)
  expect(back[0]!.image.fits(spaceWith(new MemoryPool(), 2))).toBe(false)
  expect(back[0]!.object).toEqual(batch.object)
  expect(() => translations.linked(space, back[0]!)).not.toThrow()
  for (let at = 0; at < record.length; at++) {
    const damaged = two.slice()
    damaged[record.length + at]! ^= 0x40
    expect(decodeBatches(damaged)).toHaveLength(1)
  }
  for (let length = 0; length < record.length; length += 3)
    expect(decodeBatches(record.slice(0, length))).toHaveLength(0)
})

it('a batch that calls routines comes back, too', () => {
  const translations = new Translations({ uncheckedLoads: false, eager: true }, X86_64, false, noCounts())
  const space = spaceWith(new MemoryPool(), 1)
  // fadd st, st(1); fsqrt; ret
  space.storeBytes(CODE, Uint8Array.of(0xd8, 0xc1, 0xd9, 0xfa, 0xc3))
  const batch = translations.translate(space, [CODE], () => false, undefined)
  const [back] = decodeBatches(encodeBatch(batch))
  const routines = back!.object.relocations.filter(
    (symbol, k) => k % 2 === 1 && symbol >= FIRST_ROUTINE_SYMBOL,
  )
  expect(routines).toHaveLength(2)
  expect(() => translations.linked(space, back!)).not.toThrow()
})

it('the next run of a program begins with what this one translated', () => {
  const files = new Map<string, Uint8Array>()
  const store: TranslationStore = {
    load: (program) => files.get(program) ?? null,
    append: (program, records) => void files.set(program, records[0]!),
  }
  const run = (number: number): Translations => {
    const translations = new Translations(
      { uncheckedLoads: false, eager: true, store },
      X86_64,
      false,
      noCounts(),
    )
    const code = new ProcessCode(spaceWith(new MemoryPool(), number), translations, OWNER)
    code.begin('program')
    expect(code.enter(CODE, false)).toBe(true)
    code.end()
    return translations
  }
  expect(run(1).counts.batches).toBe(1)
  expect(run(1).counts.batches).toBe(0)
  // Other bytes at the same place are another program's.
  expect(run(2).counts.batches).toBe(1)
})

it('processes that follow each other in one Memory share instances, and see none of its old pages', () => {
  const pool = new MemoryPool()
  const translations = new Translations({ uncheckedLoads: false, eager: true }, X86_64, false, noCounts())
  for (let process = 0; process < 3; process++) {
    const space = spaceWith(pool, 7)
    expect(space.allows(CODE + PAGE_SIZE, 1, 1)).toBe(false)
    space.map(CODE + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE)
    const data = space.bytes.subarray(CODE + PAGE_SIZE, CODE + 3 * PAGE_SIZE)
    expect(data.every((byte) => byte === 0)).toBe(true)
    data.fill(0xee)
    const copy = space.clone()!
    expect(copy.bytes[CODE + PAGE_SIZE]).toBe(0xee)
    copy.release()
    expect(new ProcessCode(space, translations, OWNER).enter(CODE, false)).toBe(true)
    space.release()
  }
  expect(translations.counts).toMatchObject({ batches: 1, instances: 1 })
})
