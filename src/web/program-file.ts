/** What a file is by its first bytes: something to run, or not. Path: the terminal element and the site ask. */

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46]

export const isElf = (bytes: Uint8Array): boolean => ELF_MAGIC.every((byte, i) => bytes[i] === byte)

/** An ELF file, or a script that begins with #!. */
export const isProgram = (bytes: Uint8Array): boolean =>
  isElf(bytes) || (bytes[0] === 0x23 && bytes[1] === 0x21)
