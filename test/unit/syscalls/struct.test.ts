/** Structures are as long as gcc makes them of Linux's headers, with -m64 and with -m32. */

import { describe, expect, it } from 'vitest'
import { i386 } from '../../../syscalls/abi/arch/i386.ts'
import { ILP32_I386_OLD } from '../../../syscalls/abi/arch/i386-calls.ts'
import { USER_DESC } from '../../../syscalls/abi/arch/user-desc.ts'
import { x86_64 } from '../../../syscalls/abi/arch/x86-64.ts'
import { FLOCK, FLOCK64 } from '../../../syscalls/abi/fcntl.ts'
import { RLIM_INFINITY, RLIMIT, RUSAGE, SYSINFO } from '../../../syscalls/abi/process.ts'
import { SIGACTION, STACK } from '../../../syscalls/abi/signal.ts'
import { CMSGHDR, MSGHDR } from '../../../syscalls/abi/socket.ts'
import { STATFS, STATFS64 } from '../../../syscalls/abi/stat.ts'
import {
  ILP32_I386,
  ILP32_I386_LARGE,
  ILP32_I386_TIME64,
  LP64,
  type Struct,
} from '../../../syscalls/abi/struct.ts'
import { ITIMERSPEC, TIMESPEC } from '../../../syscalls/abi/time.ts'

const view = (): DataView => new DataView(new ArrayBuffer(64))

describe('structures', () => {
  const structs: readonly (readonly [name: string, struct: Struct<object>, lp64: number, i386: number])[] = [
    ['flock', FLOCK, 32, 16],
    ['flock64', FLOCK64, 32, 24],
    ['statfs', STATFS, 120, 64],
    ['statfs64', STATFS64, 120, 84],
    ['rusage', RUSAGE, 144, 72],
    ['sysinfo', SYSINFO, 112, 64],
    ['user_desc', USER_DESC, 16, 16],
    ['sigaction', SIGACTION, 32, 20],
    ['stack_t', STACK, 24, 12],
    ['msghdr', MSGHDR, 56, 28],
    ['cmsghdr', CMSGHDR, 16, 12],
    ['itimerspec', ITIMERSPEC, 32, 16],
  ]
  it.each(structs)('%s', (_name, struct, lp64, ilp32) => {
    expect([struct.of(LP64).sizeBytes, struct.of(ILP32_I386).sizeBytes]).toEqual([lp64, ilp32])
  })

  it('stat in its four forms', () => {
    expect(x86_64.stat(LP64).of(LP64).sizeBytes).toBe(144)
    const forms = [ILP32_I386, ILP32_I386_LARGE, ILP32_I386_OLD]
    expect(forms.map((model) => i386.stat(model).of(model).sizeBytes)).toEqual([64, 96, 32])
    expect(i386.stat(ILP32_I386_LARGE).of(ILP32_I386_LARGE).offset('ino')).toBe(88)
  })

  it('times of 64 bits in a 32-bit program: what is above the nanoseconds does not count', () => {
    const memory = view()
    memory.setBigInt64(0, -5n, true)
    memory.setUint32(8, 999_999_999, true)
    memory.setUint32(12, 0xdeadbeef, true)
    expect(TIMESPEC.of(ILP32_I386_TIME64).get(memory, 0)).toEqual({ sec: -5, nsec: 999_999_999 })
  })

  it('no limit is all ones in either width', () => {
    for (const [model, size] of [
      [LP64, 8],
      [ILP32_I386, 4],
    ] as const) {
      const memory = view()
      RLIMIT.of(model).put(memory, 0, { soft: RLIM_INFINITY, hard: 7 })
      expect(new Uint8Array(memory.buffer, 0, size)).toEqual(new Uint8Array(size).fill(0xff))
      expect(RLIMIT.of(model).get(memory, 0).hard).toBe(7)
    }
  })
})
