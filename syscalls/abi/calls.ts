/**
 * The kernel's own numbers of system calls, which engines and the kernel's table go by, whatever ISA a program is of:
 * x86-64's, and behind them the calls that only older ISAs have.
 * Path: abi/arch/call-table.ts turns a program's number into one of these; names are Linux's.
 */

import { X86_64_NUMBERS } from './arch/x86-64-numbers.ts'

/** What an older ISA calls by another name or gives another form, and x86-64 does not have. */
const OLDER_CALLS = [
  '_llseek',
  'fstatfs64',
  'getegid16',
  'geteuid16',
  'getgid16',
  'getgroups16',
  'getresgid16',
  'getresuid16',
  'getuid16',
  'ipc',
  'nice',
  'old_getrlimit',
  'old_mmap',
  'old_select',
  'oldolduname',
  'olduname',
  'readdir',
  'setgroups16',
  'sgetmask',
  'sigaction',
  'signal',
  'sigpending',
  'sigprocmask',
  'sigreturn',
  'sigsuspend',
  'socketcall',
  'ssetmask',
  'statfs64',
  'stime',
  'swapcontext',
  'vm86',
  'vm86old',
] as const
const OLDER_BASE = 0x400

export const CALL_NUMBERS: Readonly<Record<string, number>> = {
  ...X86_64_NUMBERS,
  ...Object.fromEntries(OLDER_CALLS.map((name, i) => [name, OLDER_BASE + i])),
}

const names: (string | undefined)[] = new Array<undefined>(OLDER_BASE).fill(undefined)
for (const [name, nr] of Object.entries(CALL_NUMBERS)) names[nr] = name

/** By number. */
export const CALL_NAMES: readonly (string | undefined)[] = names
