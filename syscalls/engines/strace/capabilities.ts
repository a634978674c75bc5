/** capget(2), capset(2) and what prctl(2) says of capabilities, as strace prints them. */

import { CAPABILITY_NAMES, CAPABILITY_WORDS, secureBits } from '../../abi/capability.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import * as P from '../../abi/process.ts'
import type { Mm } from '../../mm/mm.ts'
import type { SyscallCall } from '../call.ts'
import { hex, pointer } from './values.ts'

const versions = [...CAPABILITY_WORDS.keys()]

/** struct __user_cap_header_struct. */
export function capHeader(mm: Mm, at: number): string {
  const version = mm.i32(at) >>> 0
  const known = versions.indexOf(version) + 1
  const name = known
    ? `_LINUX_CAPABILITY_VERSION_${known}`
    : `${hex(version)} /* _LINUX_CAPABILITY_VERSION_??? */`
  return `{version=${name}, pid=${mm.i32(at + 4)}}`
}

/** Two struct __user_cap_data_struct, as versions 2 and 3 have them. */
export function capSets(mm: Mm, at: number): string {
  const shown = ['effective', 'permitted', 'inheritable'].map((name, i) => {
    const words = [mm.i32(at + i * 4), mm.i32(at + 12 + i * 4)]
    const names = CAPABILITY_NAMES.filter((_, cap) => words[cap >> 5]! & (1 << (cap & 31)))
    return `${name}=${names.map((cap) => `1<<${cap}`).join('|') || '0'}`
  })
  return `{${shown.join(', ')}}`
}

const capability = (number: number): string => CAPABILITY_NAMES[number] ?? `${hex(number)} /* CAP_??? */`

/** What stands behind the option, for the options that have more than an address there. */
const OPTIONS: ReadonlyMap<number, (args: Float64Array) => string> = new Map([
  [P.PR_CAPBSET_READ, (args) => `, ${capability(args[1]!)}`],
  [P.PR_CAPBSET_DROP, (args) => `, ${capability(args[1]!)}`],
  [P.PR_GET_SECUREBITS, () => ''],
  [P.PR_SET_SECUREBITS, (args) => `, ${flagNames(secureBits, args[1]!)}`],
  [P.PR_GET_KEEPCAPS, () => ''],
  [P.PR_SET_KEEPCAPS, (args) => `, ${args[1]}`],
  [P.PR_SET_NO_NEW_PRIVS, (args) => `, ${args.subarray(1, 5).join(', ')}`],
  [P.PR_GET_NO_NEW_PRIVS, (args) => `, ${args.subarray(1, 5).join(', ')}`],
  [P.PR_CAP_AMBIENT, ambientArguments],
])

function ambientArguments(args: Float64Array): string {
  const operation = valueName(P.ambientOperations, args[1]!)
  const which = args[1] === P.PR_CAP_AMBIENT_CLEAR_ALL ? String(args[2]) : capability(args[2]!)
  return `, ${operation}, ${which}, ${args[3]}, ${args[4]}`
}

export function prctlArguments(call: SyscallCall): string {
  const option = call.args[0]!
  const name = valueName(call.task.kernel.table[call.nr]!.args[0]!.table!, option)
  return name + (OPTIONS.get(option)?.(call.args) ?? `, ${pointer(call.args[1]!)}`)
}
