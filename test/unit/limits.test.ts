/** A full file system and a used-up memory: the program gets Linux's errno or signal, and the machine goes on. */

import { describe, expect, it } from 'vitest'
import { createCpu } from '../../emu/run/index.ts'
import { BareMachine, type MachineParts } from '../../src/bare-machine.ts'
import { userlandEntries } from '../../src/host/node/userland.ts'
import { BufferOutput, SimHost } from '../../src/host/sim/sim-host.ts'
import { addImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'

const ENTRIES = userlandEntries()
const KIB = 1024
const MIB = KIB * KIB

async function sh(script: string, options: Partial<MachineParts> = {}) {
  const stdout = new BufferOutput()
  const stderr = new BufferOutput()
  const machine = new BareMachine({
    host: new SimHost({ seed: 1, stdout, stderr }),
    cpu: createCpu('jit'),
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      for (const entry of ENTRIES) addImageEntry(root, kernel.caller, entry)
      return root
    },
    mounts: [
      { at: '/dev', fs: { type: 'devtmpfs' } },
      { at: '/small', fs: { type: 'tmpfs', options: { size: '256k' } } },
    ],
    ...options,
  })
  const exit = await machine.run('/bin/sh', ['-c', script], { env: { PATH: '/bin' } })
  return { ...exit, stdout: stdout.text, stderr: stderr.text }
}

describe('a full file system', () => {
  it('is ENOSPC, and room again after rm', async () => {
    const fill = 'i=0; while [ $i -lt 3 ]; do cat /bin/userland || break; i=$((i+1)); done > /small/a'
    const rest = 'echo stopped at $i; rm /small/a; cat /bin/userland > /small/b && echo room; ls /small'
    const result = await sh(`${fill}; ${rest}`)
    expect(result.stdout).toBe('stopped at 1\nroom\nb\n')
    expect(result.stderr).toMatch(/No space left on device/)
    expect(result.code).toBe(0)
  })

  it('is what /dev/full is', async () => {
    const result = await sh('cat /bin/sh > /dev/full || echo failed')
    expect(result.stdout).toBe('failed\n')
    expect(result.stderr).toMatch(/No space left on device/)
  })
})

describe('a memory limit', () => {
  it('lets the program’s allocation fail', async () => {
    const grow = 'x=0123456789abcdef; i=0; while [ $i -lt 24 ]; do x=$x$x; i=$((i+1)); done; echo unreached'
    const result = await sh(`sh -c '${grow}'; echo "status $?"`, { limits: { memoryBytes: 32 * MIB } })
    expect(result.stdout).toMatch(/^status [1-9]\d*\n$/)
    expect(result.stderr).toMatch(/memory/i)
    expect(result.code).toBe(0)
  })

  it('that is too small for the shell refuses to start it', async () => {
    const started = sh('true', { limits: { memoryBytes: 256 * KIB } })
    await expect(started).rejects.toThrow('/bin/sh: Cannot allocate memory')
  })
})
