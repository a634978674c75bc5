/**
 * Named bits and named values: one table serves the handlers (which bits are allowed) and strace (how to print).
 * Path: abi/*.ts declare tables; sys rows name them; engines/strace prints them.
 */

export interface FlagTable {
  /** In printing order; values of several bits come before those of their parts. */
  readonly entries: readonly (readonly [name: string, value: number])[]
  /** What unknown bits are called in strace's comment: `O_???`. */
  readonly unknown: string
  /** Bits that hold a value instead of flags (O_ACCMODE), printed first. */
  readonly choice?: { readonly mask: number; readonly names: readonly (readonly [string, number])[] }
}

/** Makes a table from a map of constants. */
export function flagTable(values: Readonly<Record<string, number>>, unknown: string): FlagTable {
  return { entries: Object.entries(values), unknown }
}

/** The names of a bit set as strace prints it: `O_RDONLY|O_CLOEXEC`, `0`, `PROT_READ|0x80`. */
export function flagNames(table: FlagTable, value: number): string {
  const parts: string[] = []
  let rest = value >>> 0
  if (table.choice) {
    const { mask, names } = table.choice
    const chosen = names.find(([, v]) => v === (rest & mask))
    if (chosen) {
      parts.push(chosen[0])
      rest = (rest & ~mask) >>> 0
    }
  }
  for (const [name, bits] of table.entries)
    if (bits !== 0 && (rest & bits) >>> 0 === bits >>> 0) {
      parts.push(name)
      rest = (rest & ~bits) >>> 0
    }
  if (rest !== 0)
    parts.push(parts.length ? `0x${rest.toString(16)}` : `0x${rest.toString(16)} /* ${table.unknown} */`)
  if (parts.length === 0) return table.entries.find(([, bits]) => bits === 0)?.[0] ?? '0'
  return parts.join('|')
}

/** The name of one value: `SEEK_SET`; or the number with strace's comment. */
export function valueName(table: FlagTable, value: number): string {
  for (const [name, known] of table.entries) if (known === value) return name
  return `0x${(value >>> 0).toString(16)} /* ${table.unknown} */`
}
