import { expect, it } from 'vitest'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { ProcessCode, pcCacheSlot, Translations } from '../../../emu/run/code-cache.ts'

it('forgets code in the slot of pc 1 so that an exit, which returns 1, never finds it again', () => {
  const space = new AddressSpace(new MemoryPool())
  let pc = 0x400000
  while (pcCacheSlot(pc) !== pcCacheSlot(1)) pc++
  const page = pc - (pc % PAGE_SIZE)
  space.map(page, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC)
  space.storeBytes(pc, Uint8Array.of(0xc3))
  const translations = new Translations({ uncheckedLoads: false, eager: true })
  const code = new ProcessCode(space, translations, { helper: () => 0, invalidate: () => {} })
  expect(code.enter(pc, false)).toBe(true)
  expect(space.view.getUint32(pcCacheSlot(pc), true)).toBe(pc)
  space.storeBytes(pc, Uint8Array.of(0x90))
  const tag = space.view.getUint32(pcCacheSlot(pc), true)
  expect(translations.counts.invalidations).toBe(1)
  expect(pcCacheSlot(tag)).not.toBe(pcCacheSlot(pc))
})
