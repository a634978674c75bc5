/**
 * Capabilities of a program file: the extended attribute security.capability. capabilities(7), "File capabilities".
 * Path: sys/xattr.ts keeps it well-formed, exec/credentials.ts reads it. Linux get_vfs_caps_from_disk, cap_convert_nscap.
 */

import {
  CAP_FULL_SET,
  CAP_SETFCAP,
  type CapabilitySet,
  VFS_CAP_FLAGS_EFFECTIVE,
  VFS_CAP_REVISION_2,
  VFS_CAP_REVISION_3,
  VFS_CAP_REVISION_MASK,
  XATTR_CAPS_SZ_2,
  XATTR_CAPS_SZ_3,
  XATTR_NAME_CAPS,
} from '../abi/capability.ts'
import { EINVAL, EOVERFLOW } from '../abi/errno.ts'
import type { Credentials } from '../kernel/credentials.ts'
import { NO_ID, type UserNamespace } from '../kernel/user-namespace.ts'
import type { Inode } from './inode.ts'

export interface FileCapabilities {
  permitted: CapabilitySet
  inheritable: CapabilitySet
  /** What becomes permitted becomes effective too: for programs that know nothing of capabilities. */
  isEffective: boolean
}

const viewOf = (value: Uint8Array): DataView => new DataView(value.buffer, value.byteOffset, value.length)

/** Is this a value that Linux would keep: revision 2 or 3, and as long as that is? */
export function isFileCapabilities(value: Uint8Array): boolean {
  if (value.length !== XATTR_CAPS_SZ_2 && value.length !== XATTR_CAPS_SZ_3) return false
  const revision = viewOf(value).getUint32(0, true) & VFS_CAP_REVISION_MASK
  return revision === (value.length === XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3)
}

/** Revision 3 names the root user of a user namespace, revision 2 means the first one's. */
const rootOf = (value: Uint8Array): number =>
  value.length === XATTR_CAPS_SZ_3 ? viewOf(value).getUint32(XATTR_CAPS_SZ_2, true) : 0

/** Whether an id is root's in a namespace or in one above. */
function isRootOf(uid: number, namespace: UserNamespace): boolean {
  for (let one: UserNamespace | null = namespace; one; one = one.parent)
    if (one.uids.outward(uid) === 0) return true
  return false
}

/** What setxattr(2) keeps: who is root only of a user namespace gives to those in it. EINVAL for an id that is not there. */
export function keptFileCapabilities(value: Uint8Array, who: Credentials): Uint8Array | number {
  if (value.length === XATTR_CAPS_SZ_2 && who.capable(CAP_SETFCAP)) return value
  const root = who.userns.uids.inward(rootOf(value))
  return root === NO_ID ? -EINVAL : revision3(value, root)
}

function revision3(value: Uint8Array, root: number): Uint8Array {
  const made = new Uint8Array(XATTR_CAPS_SZ_3)
  made.set(value.subarray(0, XATTR_CAPS_SZ_2))
  const view = viewOf(made)
  view.setUint32(0, VFS_CAP_REVISION_3 | (view.getUint32(0, true) & VFS_CAP_FLAGS_EFFECTIVE), true)
  view.setUint32(XATTR_CAPS_SZ_2, root, true)
  return made
}

/** As getxattr(2) shows it: what holds for this root user, or one above, is revision 2. */
export function shownFileCapabilities(value: Uint8Array, namespace: UserNamespace): Uint8Array | number {
  if (!isFileCapabilities(value)) return -EINVAL
  if (value.length !== XATTR_CAPS_SZ_3) return value
  const root = namespace.uids.outward(rootOf(value))
  if (root !== NO_ID && root !== 0) return revision3(value, root)
  if (!isRootOf(rootOf(value), namespace)) return -EOVERFLOW
  const shown = value.slice(0, XATTR_CAPS_SZ_2)
  const view = viewOf(shown)
  view.setUint32(0, VFS_CAP_REVISION_2 | (view.getUint32(0, true) & VFS_CAP_FLAGS_EFFECTIVE), true)
  return shown
}

/** What a file gives to whoever executes it; null where it has none that hold here; EINVAL where they are none. */
export function fileCapabilities(inode: Inode, namespace: UserNamespace): FileCapabilities | null | number {
  const value = inode.xattrs?.get(XATTR_NAME_CAPS)
  if (!value) return null
  if (!isFileCapabilities(value)) return -EINVAL
  if (!isRootOf(rootOf(value), namespace)) return null
  const view = viewOf(value)
  const set = (at: number): CapabilitySet =>
    (BigInt(view.getUint32(at, true)) | (BigInt(view.getUint32(at + 8, true)) << 32n)) & CAP_FULL_SET
  const isEffective = (view.getUint32(0, true) & VFS_CAP_FLAGS_EFFECTIVE) !== 0
  return { permitted: set(4), inheritable: set(8), isEffective }
}
