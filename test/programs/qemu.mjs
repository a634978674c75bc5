// Programs of an ISA that this machine has not: what they are compared with is qemu-user, which proot starts for the
// programs that they execute too.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** By Debian's name of the architecture: qemu-user's, and the processor that our programs are told of. */
const QEMU = {
  powerpc: ['qemu-ppc', '7447a'],
  ppc64: ['qemu-ppc64', 'power8'],
  ppc64el: ['qemu-ppc64le', 'power8'],
}

const find = (command) =>
  (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path))

/** The words that a command line of the architecture begins with, or {reason}. */
export function underQemu(arch) {
  const [name, cpu] = QEMU[arch]
  const qemu = find(name)
  const proot = find('proot')
  if (!qemu || !proot) return { reason: `no ${qemu ? 'proot' : name} here` }
  return { words: [proot, '-q', `${qemu} -cpu ${cpu}`] }
}
