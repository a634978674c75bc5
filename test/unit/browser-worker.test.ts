/** What the Worker makes of a browser that lacks something, and of output for the console. */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { ConsoleLines } from '../../src/host/browser/console-lines.ts'
import { cpuFor } from '../../src/host/browser/features.ts'

afterEach(() => vi.restoreAllMocks())

describe('the CPU of a browser', () => {
  it('translates where that can be', () => {
    const warn = vi.fn()
    const asked = [undefined, 'jit', 'interpreter'] as const
    expect(asked.map((kind) => cpuFor(kind, warn))).toEqual(['jit', 'jit', 'interpreter'])
    expect(warn).not.toHaveBeenCalled()
  })

  it('interprets, with a warning, what says that it lacks something', () => {
    const warn = vi.fn()
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
    expect(cpuFor(undefined, warn)).toBe('interpreter')
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/no SIMD; programs are interpreted/)]])
    expect(() => cpuFor('jit', warn)).toThrow(expect.objectContaining({ code: 'ENOSYS', name: 'StartError' }))
    // The only module with an opcode of 0x12 is the one with a tail call.
    validate.mockImplementation((bytes) => !new Uint8Array(bytes as ArrayBuffer).includes(0x12))
    expect(() => cpuFor('jit', warn)).toThrow(/no tail calls/)
    vi.spyOn(WebAssembly, 'Module').mockImplementation(() => {
      throw new WebAssembly.CompileError('refused')
    })
    validate.mockReturnValue(true)
    expect(() => cpuFor('jit', warn)).toThrow(/wasm-unsafe-eval/)
    expect(cpuFor('interpreter', warn)).toBe('interpreter')
  })

  it('is none without WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined)
    try {
      expect(() => cpuFor(undefined, () => {})).toThrow(/no WebAssembly/)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

it('output for the console is lines, characters whole', () => {
  const shown: string[] = []
  const lines = new ConsoleLines((line) => shown.push(line))
  const bytes = new TextEncoder().encode('one\ntwö\n\nend')
  for (const byte of bytes) lines.write(Uint8Array.of(byte))
  expect(shown).toEqual(['one', 'twö', ''])
  lines.end()
  lines.end()
  expect(shown).toEqual(['one', 'twö', '', 'end'])
})
