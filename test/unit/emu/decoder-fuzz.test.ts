/** Whatever the bytes: they decode or are refused, become a region, and the region becomes a valid module. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DECODE_OK, DECODE_TRUNCATED, DECODE_UNDEFINED } from '../../../emu/guest/guest-mode.ts'
import { Insn } from '../../../emu/guest/x86/decode.ts'
import { decoder, ROWS } from '../../../emu/guest/x86/isa.ts'
import { X86_STATE } from '../../../emu/guest/x86/state.ts'
import { X86_VARIABLES } from '../../../emu/guest/x86/variables.ts'
import { X87_ROUTINES } from '../../../emu/guest/x86/x87/routines.ts'
import { Region } from '../../../emu/ir/region.ts'
import { verify } from '../../../emu/ir/verify.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PROT_EXEC, PROT_READ } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { RegionFormer } from '../../../emu/run/form-region.ts'
import { linkModule } from '../../../emu/wasm/module.ts'
import { ObjectBuilder } from '../../../emu/wasm/object.ts'

const CODE = 0x400000
const space = new AddressSpace(new MemoryPool())
space.map(CODE, 4096, PROT_READ | PROT_EXEC)
const former = new RegionFormer()
const region = new Region(X86_VARIABLES, { exactChecks: false, uncheckedLoads: false })
const flagged = new Region(X86_VARIABLES, { exactChecks: false, uncheckedLoads: false, floatFlags: true })
const exact = new Region(X86_VARIABLES, { exactChecks: true, uncheckedLoads: false, exactFloat: true })

function moduleOf(from: Region): Uint8Array<ArrayBuffer> {
  const { scratch, exitKind, pc } = X86_STATE
  const guest = { scratch, exitKind, pc, routines: X87_ROUTINES }
  const builder = new ObjectBuilder(guest, () => undefined)
  builder.add(from)
  return linkModule([builder.finish()], X86_VARIABLES, guest) as Uint8Array<ArrayBuffer>
}

/** Bytes that begin like an instruction of some row more often than noise does. */
const likelyCode = fc
  .array(
    fc.tuple(
      fc.constantFrom(...ROWS),
      fc.uint8Array({ minLength: 1, maxLength: 10 }),
      fc.constantFrom<number[]>([], [0x48], [0x66], [0xf2], [0xf3], [0x67], [0x64], [0x66, 0x45]),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) =>
    parts.flatMap(([row, tail, prefix]) => {
      const escaped = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][row.map]!
      return [...prefix, ...escaped, row.opcode, ...tail]
    }),
  )

describe('any bytes', () => {
  it('decode or are refused within 15 bytes', () => {
    const insn = new Insn()
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        const status = decoder.decode(bytes, 0, bytes.length, CODE, insn)
        expect([DECODE_OK, DECODE_UNDEFINED, DECODE_TRUNCATED]).toContain(status)
        expect(insn.length).toBeLessThanOrEqual(15)
        if (status === DECODE_OK) expect(insn.row).not.toBeNull()
      }),
      { numRuns: 20_000 },
    )
  })

  it('become a region and a valid module', () => {
    fc.assert(
      fc.property(fc.oneof(likelyCode, fc.uint8Array({ minLength: 1, maxLength: 60 })), (bytes) => {
        space.storeBytes(CODE, new Uint8Array(256))
        space.storeBytes(CODE, Uint8Array.from(bytes))
        former.form(space, CODE, region, { instructionsMax: 50 })
        expect(verify(region)).toEqual([])
        former.form(space, CODE, exact, { instructionsMax: 50 })
        expect(verify(exact)).toEqual([])
        former.form(space, CODE, flagged, { instructionsMax: 50 })
        expect(verify(flagged)).toEqual([])
        expect(WebAssembly.validate(moduleOf(flagged))).toBe(true)
        former.form(space, CODE, region, { instructionsMax: 50 })
        expect(WebAssembly.validate(moduleOf(region))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('make a module that grows with them, whatever only its exits need', () => {
    // RCPPS XMM0, XMM0 uses its operand several times; XMM0 is dead behind MOV [RDI], EAX, which may leave.
    const bytes = [
      ...Array.from({ length: 40 }, () => [0x0f, 0x53, 0xc0]).flat(),
      0x89,
      0x07,
      0x0f,
      0x57,
      0xc0,
      0xc3,
    ]
    space.storeBytes(CODE, Uint8Array.from(bytes))
    former.form(space, CODE, region, { instructionsMax: 50 })
    expect(moduleOf(region).length).toBeLessThan(50_000)
  })
})
