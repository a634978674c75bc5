/**
 * Capabilities: numbers, sets of them, securebits, and what a file's security.capability holds. capabilities(7),
 * <linux/capability.h>, <linux/securebits.h>.
 * A set is one bigint with a bit for each number: there are 41, and they are asked for after cheaper checks only.
 */

import { flagTable } from './flag-table.ts'

const NAMES = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP',
  'LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER',
  'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE',
  'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP',
  'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF',
  'CHECKPOINT_RESTORE',
] // biome-ignore format: a table

export const CAPABILITY_NAMES: readonly string[] = NAMES.map((name) => `CAP_${name}`)

/** By its name without CAP_, in small letters; undefined for none. */
export function capabilityByName(name: string): number | undefined {
  const number = NAMES.indexOf(name.toUpperCase())
  return number < 0 ? undefined : number
}

export const CAP_CHOWN = 0
export const CAP_DAC_OVERRIDE = 1
export const CAP_DAC_READ_SEARCH = 2
export const CAP_FOWNER = 3
export const CAP_FSETID = 4
export const CAP_KILL = 5
export const CAP_SETGID = 6
export const CAP_SETUID = 7
export const CAP_SETPCAP = 8
export const CAP_LINUX_IMMUTABLE = 9
export const CAP_NET_BIND_SERVICE = 10
export const CAP_NET_ADMIN = 12
export const CAP_NET_RAW = 13
export const CAP_IPC_LOCK = 14
export const CAP_IPC_OWNER = 15
export const CAP_SYS_CHROOT = 18
export const CAP_SYS_PTRACE = 19
export const CAP_SYS_ADMIN = 21
export const CAP_SYS_NICE = 23
export const CAP_SYS_RESOURCE = 24
export const CAP_SYS_TIME = 25
export const CAP_MKNOD = 27
export const CAP_LEASE = 28
export const CAP_SETFCAP = 31
export const CAP_MAC_OVERRIDE = 32
export const CAP_WAKE_ALARM = 35
export const CAP_LAST_CAP = NAMES.length - 1

export type CapabilitySet = bigint

export const capabilityBit = (capability: number): CapabilitySet => 1n << BigInt(capability)
export const CAP_EMPTY_SET: CapabilitySet = 0n
export const CAP_FULL_SET: CapabilitySet = (1n << BigInt(NAMES.length)) - 1n
/** What setfsuid(2) gives and takes. */
export const CAP_FS_SET: CapabilitySet = [
  CAP_CHOWN,
  CAP_MKNOD,
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_FOWNER,
  CAP_FSETID,
  CAP_LINUX_IMMUTABLE,
  CAP_MAC_OVERRIDE,
].reduce((set, capability) => set | capabilityBit(capability), CAP_EMPTY_SET)

export const isSubset = (set: CapabilitySet, of: CapabilitySet): boolean => (set & ~of) === CAP_EMPTY_SET

/** As /proc/PID/status shows it. */
export const shownSet = (set: CapabilitySet): string => set.toString(16).padStart(16, '0')

/** The sets of capget(2) for each version: how many words they have. */
export const CAPABILITY_WORDS: ReadonlyMap<number, number> = new Map([
  [0x19980330, 1],
  [0x20071026, 2],
  [0x20080522, 2],
])
/** What the kernel answers to a version that it does not know. */
export const LINUX_CAPABILITY_VERSION_3 = 0x20080522

export const SECBIT_NOROOT = 1 << 0
export const SECBIT_NO_SETUID_FIXUP = 1 << 2
export const SECBIT_KEEP_CAPS = 1 << 4
export const SECBIT_KEEP_CAPS_LOCKED = 1 << 5
export const SECBIT_NO_CAP_AMBIENT_RAISE = 1 << 6
/** Every other bit locks the one below it; there are six pairs. */
export const SECURE_ALL_LOCKS = 0xaaa
export const SECURE_ALL_BITS = 0xfff
export const secureBits = flagTable(
  {
    SECBIT_NOROOT,
    SECBIT_NOROOT_LOCKED: 1 << 1,
    SECBIT_NO_SETUID_FIXUP,
    SECBIT_NO_SETUID_FIXUP_LOCKED: 1 << 3,
    SECBIT_KEEP_CAPS,
    SECBIT_KEEP_CAPS_LOCKED,
    SECBIT_NO_CAP_AMBIENT_RAISE,
    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED: 1 << 7,
  },
  'SECBIT_???',
)
/** SECBIT_EXEC_RESTRICT_FILE and SECBIT_EXEC_DENY_INTERACTIVE, and their locks: a program's promise to itself. */
export const SECURE_ALL_UNPRIVILEGED = 0xf00

export const XATTR_NAME_CAPS = 'security.capability'
/** struct vfs_cap_data: magic, then permitted and inheritable, low words first. */
export const VFS_CAP_REVISION_MASK = 0xff000000
export const VFS_CAP_REVISION_2 = 0x02000000
export const VFS_CAP_REVISION_3 = 0x03000000
export const VFS_CAP_FLAGS_EFFECTIVE = 1
export const XATTR_CAPS_SZ_2 = 20
/** Revision 3 has the root user it holds for behind the sets. */
export const XATTR_CAPS_SZ_3 = 24
