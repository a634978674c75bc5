/** The IR verifier finds what is wrong, and nothing in what the translator makes of a whole program. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeSections, parseElf } from '../../../emu/elf/elf.ts'
import { X86_VARIABLES } from '../../../emu/guest/x86/variables.ts'
import { Region } from '../../../emu/ir/region.ts'
import { verify } from '../../../emu/ir/verify.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PAGE_SIZE, PROT_EXEC, PROT_READ } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { REGION_INSTRUCTIONS_MAX, RegionFormer } from '../../../emu/run/form-region.ts'

const RAX = 0
const newRegion = (exact = false): Region => {
  const region = new Region(X86_VARIABLES, { exactChecks: exact, uncheckedLoads: false })
  region.reset()
  return region
}
/** A region of one block, filled by `fill`, that ends by going to 0x1000. */
function regionOf(fill: (region: Region) => void): Region {
  const region = newRegion()
  region.begin(region.newBlock(0x1000))
  region.instruction(0x1000)
  fill(region)
  region.goto(0x1000)
  return region
}

describe('the verifier', () => {
  it('accepts what is right', () => {
    expect(verify(regionOf((ir) => ir.set(RAX, ir.op2('i64.add', ir.get(RAX), ir.i64(1)))))).toEqual([])
  })

  it('finds operands of another type, of another block, and from later', () => {
    expect(verify(regionOf((ir) => ir.set(RAX, ir.op2('i64.sub', ir.get(RAX), ir.i32(1)))))).toEqual([
      'b0: %2 i64.sub: operand %1 has another type',
    ])
    expect(verify(regionOf((ir) => ir.set(RAX, ir.i32(1))))).toEqual([
      'b0: log 0: rax is set to another type',
    ])
    const later = regionOf((ir) => ir.set(RAX, ir.op2('i64.mul', ir.get(RAX), ir.get(RAX))))
    later.b[1] = 5
    expect(verify(later)[0]).toMatch(/operand %5 is not before it/)
  })

  it('finds blocks that lead nowhere', () => {
    const region = newRegion()
    const first = region.newBlock(0x1000)
    const empty = region.newBlock(0x1010)
    region.begin(first)
    region.jump(empty)
    expect(verify(region)).toEqual(['b0: control goes to b1, which was never filled'])
  })

  it('finds nothing in any function of the userland', () => {
    const bytes = new Uint8Array(
      readFileSync(new URL('../../../rootfs/images/userland.elf', import.meta.url)),
    )
    const space = new AddressSpace(new MemoryPool())
    const former = new RegionFormer()
    const pending = [parseElf(bytes).entry]
    for (const { vaddr, fileOffset, sizeBytes } of codeSections(bytes)) {
      const start = Math.floor(vaddr / PAGE_SIZE) * PAGE_SIZE
      const size = Math.ceil((vaddr + sizeBytes - start) / PAGE_SIZE) * PAGE_SIZE
      if (!space.allows(start, PAGE_SIZE, 1)) space.map(start, size, PROT_READ | PROT_EXEC)
      else space.map(start + PAGE_SIZE, size - PAGE_SIZE, PROT_READ | PROT_EXEC)
      space.storeBytes(vaddr, bytes.subarray(fileOffset, fileOffset + sizeBytes))
      // Functions that only tables know begin where compilers align them.
      for (let at = Math.ceil(vaddr / 16) * 16; at < vaddr + sizeBytes; at += 64) pending.push(at)
    }
    const regions = [newRegion(), newRegion(true)]
    const seen = new Set<number>()
    let nodes = 0
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      if (seen.has(pc)) continue
      seen.add(pc)
      for (const region of regions) {
        former.form(space, pc, region, { instructionsMax: REGION_INSTRUCTIONS_MAX })
        expect(verify(region), `region at 0x${pc.toString(16)}`).toEqual([])
        nodes += region.count
      }
      pending.push(...former.callTargets)
    }
    expect(seen.size).toBeGreaterThan(1000)
    expect(nodes).toBeGreaterThan(100_000)
  })
})
