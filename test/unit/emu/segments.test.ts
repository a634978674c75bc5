/** Segments as the kernel uses them, and what they cost: loading is compared with the CPU in test/isa/segments.test.ts. */

import { describe, expect, it } from 'vitest'
import {
  instructionPointer,
  ldtCount,
  loadSegment,
  readDescriptor,
  reloadSegments,
  segmentBase,
  selectorOf,
  setInstructionPointer,
  setLdtDescriptor,
  setTlsDescriptor,
  startSegments,
} from '../../../emu/guest/x86/segments.ts'
import { CS, DS, ES, FS, GS, SS, X86_STATE } from '../../../emu/guest/x86/state.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { StateBlock } from '../../../emu/memory/state-block.ts'
import {
  EXIT_BREAKPOINT,
  EXIT_PROTECTION,
  EXIT_SYSCALL,
  SYSCALL_INT80,
  SYSCALL_SYSENTER,
} from '../../../emu/run/cpu.ts'
import { InterpreterCpu } from '../../../emu/run/interpreter-cpu.ts'
import { JitCpu } from '../../../emu/run/jit.ts'

const CODE = 0x400000
const DATA = 0x600000
const TLS_SELECTOR = 0x63
/** Upper halves without base: data of 4 GiB, of 1 MiB, absent, code of 4 GiB. */
const FLAT = 0x00cf_f300,
  SHORT = 0x004f_f300,
  ABSENT = 0x00cf_7300,
  CODE_FLAT = 0x00cf_fb00
const baseHigh = (base: number): number => ((base >>> 16) & 0xff) | (base & 0xff00_0000)
const setTls = (space: AddressSpace, base: number, high: number): void =>
  setTlsDescriptor(space, 0, (base << 16) | 0xffff, high | baseHigh(base))
const setLdt = (space: AddressSpace, index: number, base: number, high: number): void =>
  setLdtDescriptor(space, index, (base << 16) | 0xffff, high | baseHigh(base))

function started(mode: 32 | 64, pool = new MemoryPool()): AddressSpace {
  const space = new AddressSpace(pool)
  startSegments(space, mode)
  return space
}

const isSegmented = (space: AddressSpace): boolean => new StateBlock(space).getU32(X86_STATE.segmented) !== 0
const all = (space: AddressSpace): number[] => [ES, CS, SS, DS, FS, GS].map((s) => selectorOf(space, s))

describe('selectors', () => {
  it('are those of Linux when a program starts', () => {
    expect(all(started(32))).toEqual([0x2b, 0x23, 0x2b, 0x2b, 0, 0])
    expect(all(started(64))).toEqual([0, 0x33, 0x2b, 0, 0, 0])
    expect(isSegmented(started(32)) || isSegmented(started(64))).toBe(false)
  })

  it('load a descriptor of the thread, which stays fast while it reaches to 4 GiB', () => {
    const space = started(32)
    setTls(space, 0x1234_5678, FLAT)
    expect(readDescriptor(space, TLS_SELECTOR)).toMatchObject({
      base: 0x1234_5678,
      limit: 0xffff_ffff,
      dpl: 3,
    })
    expect(loadSegment(space, GS, TLS_SELECTOR)).toBe(0)
    expect([segmentBase(space, GS), isSegmented(space)]).toEqual([0x1234_5678, false])
    setTls(space, 0x1000, SHORT)
    expect(segmentBase(space, GS)).toBe(0x1234_5678)
    expect(reloadSegments(space, (selector) => selector === TLS_SELECTOR)).toBe(0)
    expect([segmentBase(space, GS), isSegmented(space)]).toEqual([0x1000, true])
    setTls(space, 0, ABSENT)
    reloadSegments(space, (selector) => selector === TLS_SELECTOR)
    expect([selectorOf(space, GS), isSegmented(space)]).toEqual([0, false])
  })

  it('are refused with vector and error code, and nothing is changed', () => {
    const space = started(32)
    setLdt(space, 1, 0, ABSENT)
    expect(loadSegment(space, DS, 0x0f)).toBe((11 << 16) | 0x0c)
    expect(loadSegment(space, SS, 0x0f)).toBe((12 << 16) | 0x0c)
    expect(loadSegment(space, SS, 0)).toBe(13 << 16)
    expect(loadSegment(space, FS, 0x17)).toBe((13 << 16) | 0x14)
    expect(loadSegment(space, CS, 0x33)).toBe((13 << 16) | 0x30)
    expect(all(space)).toEqual([0x2b, 0x23, 0x2b, 0x2b, 0, 0])
  })

  it('of CS and SS that may no longer be loaded are the return to the program that faults', () => {
    const space = started(32)
    setLdt(space, 0, 0x1000, CODE_FLAT)
    expect(loadSegment(space, CS, 7)).toBe(0)
    setInstructionPointer(space, 0x10n)
    expect(new StateBlock(space).getNumber(X86_STATE.pc)).toBe(0x1010)
    expect(instructionPointer(space)).toBe(0x10n)
    setLdtDescriptor(space, 0, 0, 0)
    expect(reloadSegments(space, (selector) => (selector & 4) !== 0)).toBe((13 << 16) | 4)
  })
})

describe('the LDT', () => {
  it('goes along with fork and with a process that sleeps, and not to the next one', () => {
    const pool = new MemoryPool()
    const space = started(32, pool)
    setLdt(space, 5, 0x7000, FLAT)
    expect(ldtCount(space)).toBe(6)
    expect(readDescriptor(space, 0x27)).toMatchObject({ isPresent: false, kind: 'system' })
    const copy = space.clone()!
    setLdt(space, 5, 0x8000, FLAT)
    expect(readDescriptor(copy, 0x2f)).toMatchObject({ base: 0x7000 })
    copy.swapOut()
    expect(readDescriptor(copy, 0x2f)).toMatchObject({ base: 0x7000 })
    copy.release()
    const next = started(32, pool)
    expect([ldtCount(next), readDescriptor(next, 0x2f)]).toEqual([0, null])
    setLdt(next, 6, 0, FLAT)
    expect(readDescriptor(next, 0x2f)).toMatchObject({ base: 0, isPresent: false })
  })
})

/** A 32-bit process with code, and a page of data. */
function processOf(code: number[]): { space: AddressSpace; state: StateBlock } {
  const space = started(32)
  space.map(CODE, PAGE_SIZE, PROT_READ | PROT_EXEC)
  space.map(DATA, PAGE_SIZE, PROT_READ | PROT_WRITE)
  space.storeBytes(CODE, Uint8Array.from(code))
  const state = new StateBlock(space)
  state.setU64(X86_STATE.pc, BigInt(CODE))
  state.setU32(X86_STATE.budget, 1 << 20)
  state.setU32(X86_STATE.mxcsr, 0x1f80)
  return { space, state }
}

// mov ecx, 1000; l: mov eax, gs:[-4]; mov edx, -8; add eax, gs:[edx]; inc dword gs:[0]; dec ecx; jnz l; int3
const LOOP = [0xb9, 0xe8, 3, 0, 0, 0x65, 0xa1, 0xfc, 0xff, 0xff, 0xff, 0xba, 0xf8, 0xff, 0xff, 0xff, 0x65, 3, 2, 0x65, 0xff, 5, 0, 0, 0, 0, 0x49, 0x75, 0xe8, 0xcc] // biome-ignore format: code

describe('the CPUs', () => {
  const jit = (): JitCpu => new JitCpu({ uncheckedLoads: false, eager: true, pinNaN: false })

  it("have a thread's variables on both sides of its base without slow steps", () => {
    const { space, state } = processOf(LOOP)
    setTls(space, DATA + 0x800, FLAT)
    expect(loadSegment(space, GS, TLS_SELECTOR)).toBe(0)
    const cpu = jit()
    expect(cpu.run(space)).toBe(EXIT_BREAKPOINT)
    expect(space.view.getUint32(DATA + 0x800, true)).toBe(1000)
    expect(cpu.slowSteps).toBeLessThan(3)
    expect(state.getNumber(X86_STATE.pc)).toBe(CODE + LOOP.length)
  })

  it('ask segments that are not flat, and agree', () => {
    for (const cpu of [jit(), new InterpreterCpu()]) {
      const { space } = processOf(LOOP)
      setTls(space, DATA + 0x800, SHORT)
      expect(loadSegment(space, GS, TLS_SELECTOR)).toBe(0)
      // The negative offset is beyond a limit of 1 MiB.
      expect(cpu.run(space)).toBe(EXIT_PROTECTION)
      expect(instructionPointer(space)).toBe(BigInt(CODE + 5))
    }
  })

  it('say which instruction was the system call', () => {
    for (const cpu of [jit(), new InterpreterCpu()])
      for (const [code, kind] of [
        [[0xcd, 0x80], SYSCALL_INT80],
        [[0x0f, 0x34], SYSCALL_SYSENTER],
      ] as const) {
        const { space, state } = processOf([...code])
        state.setU32(X86_STATE.exitCode, 77)
        expect(cpu.run(space)).toBe(EXIT_SYSCALL)
        expect([state.getU32(X86_STATE.exitCode), state.getNumber(X86_STATE.pc)]).toEqual([kind, CODE + 2])
      }
  })
})
