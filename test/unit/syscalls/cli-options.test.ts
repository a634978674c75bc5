/** The command line as data: volumes split from the right, options end at PROGRAM, mistakes are one line. */

import { describe, expect, it } from 'vitest'
import { parseRun, parseVolume, UsageError } from '../../../src/cli/options.ts'
import { ModuleOptions } from '../../../syscalls/engines/options.ts'

describe('volumes', () => {
  it.each([
    ['.:/work', { host: '.', guest: '/work', mode: 'cow' }],
    ['/a:/b:ro', { host: '/a', guest: '/b', mode: 'ro' }],
    ['/a:/b:rw', { host: '/a', guest: '/b', mode: 'rw' }],
    ['C:\\x:/y', { host: 'C:\\x', guest: '/y', mode: 'cow' }],
    ['C:\\x:/y:cow', { host: 'C:\\x', guest: '/y', mode: 'cow' }],
    ['/with:colon:/b', { host: '/with:colon', guest: '/b', mode: 'cow' }],
  ])('%s', (text, volume) => expect(parseVolume(text)).toEqual(volume))

  it.each(['/a', ':/b', '/a:', '/a:b', 'ro', '/a:ro'])('%s is refused', (text) =>
    expect(() => parseVolume(text)).toThrow(UsageError),
  )
})

describe('options', () => {
  it('end at PROGRAM or --', () => {
    const options = parseRun(
      ['--trace', '-e', 'A=b=c', '--cpu', 'interpreter', 'ls', '-l', '--trace-to', 'x'],
      {},
    )
    expect(options).toMatchObject({
      program: 'ls',
      args: ['-l', '--trace-to', 'x'],
      trace: true,
      cpu: 'interpreter',
      traceTo: null,
    })
    expect(options.env).toEqual({ A: 'b=c' })
    expect(parseRun(['--', '-strange'], {}).program).toBe('-strange')
  })

  it('pass the host’s variables by name, and engines with options', () => {
    const options = parseRun(
      ['-e', 'HOME', '-e', 'NONE', '--engine', 'deny,mkdir=EPERM,ptrace=ENOSYS', 'x'],
      { HOME: '/h' },
    )
    expect(options.env).toEqual({ HOME: '/h' })
    expect(options.engines).toEqual([
      {
        name: 'deny',
        options: ModuleOptions.of({ mkdir: 'EPERM', ptrace: 'ENOSYS' }),
      },
    ])
  })

  it.each([['--cpu', 'z80'], ['--seed', 'x'], ['--nonsense'], ['--trace-format', 'xml'], ['-e', '=x']])(
    '%s %s is a usage error',
    (...words) => expect(() => parseRun([...words, 'p'], {})).toThrow(UsageError),
  )
})
