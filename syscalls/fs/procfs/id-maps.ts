/**
 * /proc/PID/uid_map, gid_map and setgroups: which ids a user namespace has. user_namespaces(7), Linux
 * kernel/user_namespace.c, whose order of checks this follows.
 * Path: task-files.ts lists them; whoever writes stands for whoever opened.
 */

import { CAP_SETFCAP, CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN } from '../../abi/capability.ts'
import { EINVAL, EPERM } from '../../abi/errno.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import { type IdExtent, NO_ID, type UserNamespace } from '../../kernel/user-namespace.ts'

type Kind = 'uid' | 'gid'

const EXTENT_COUNT_MAX = 340
const ID_END = 0xffffffff
const PAGE = 4096

const mapOf = (userns: UserNamespace, kind: Kind) => (kind === 'uid' ? userns.uids : userns.gids)

/** What maps there are, by the ids of the reader, or of the parent for those inside. */
export function idMapText(userns: UserNamespace, kind: Kind, reader: UserNamespace): string {
  const lower = mapOf(reader === userns ? (userns.parent ?? userns) : reader, kind)
  const column = (value: number): string => String(value >>> 0).padStart(10)
  return mapOf(userns, kind)
    .extents.map((one) => `${column(one.first)} ${column(lower.outward(one.lower))} ${column(one.count)}\n`)
    .join('')
}

/** Lines of three numbers; EINVAL for what is none, overlaps or is too much. */
function parseMap(text: string): IdExtent[] | number {
  const extents: IdExtent[] = []
  const lines = text.replace(/\n$/, '').split('\n')
  if (lines.length > EXTENT_COUNT_MAX) return -EINVAL
  const overlap = (a: number, b: number, count: number, size: number): boolean =>
    a < b + size && b < a + count
  for (const line of lines) {
    if (!/^\s*\d+\s+\d+\s+\d+\s*$/.test(line)) return -EINVAL
    const [first, lower, count] = line.trim().split(/\s+/).map(Number) as [number, number, number]
    if (count === 0 || first + count > ID_END || lower + count > ID_END) return -EINVAL
    for (const known of extents)
      if (overlap(known.first, first, known.count, count) || overlap(known.lower, lower, known.count, count))
        return -EINVAL
    extents.push({ first, lower, count })
  }
  return extents
}

/** Whoever maps the parent's root gets files' capabilities that hold for it. Linux verify_root_map. */
function mayMapRoot(who: Credentials, userns: UserNamespace, extents: readonly IdExtent[]): boolean {
  if (!extents.some(({ lower }) => lower === 0)) return true
  return who.userns === userns ? userns.makerHadSetfcap : who.capableIn(userns.parent, CAP_SETFCAP)
}

/** Linux new_idmap_permitted. */
function mayMap(who: Credentials, userns: UserNamespace, kind: Kind, extents: readonly IdExtent[]): boolean {
  if (kind === 'uid' && !mayMapRoot(who, userns, extents)) return false
  const [only] = extents
  // Oneself, by the maker.
  if (extents.length === 1 && only!.count === 1 && userns.ownerUid === who.euid) {
    const id = mapOf(userns.parent!, kind).inward(only!.lower)
    if (kind === 'uid' && id === who.euid) return true
    if (kind === 'gid' && !userns.allowsSetgroups && id === who.egid) return true
  }
  return who.capableIn(userns.parent, kind === 'uid' ? CAP_SETUID : CAP_SETGID)
}

/** Writing a map: once, by somebody inside or in the parent. */
export function setIdMap(who: Credentials, userns: UserNamespace, kind: Kind, text: string): number {
  const { parent } = userns
  if (parent === null || (who.userns !== userns && who.userns !== parent)) return -EPERM
  if (text.length >= PAGE) return -EINVAL
  const map = mapOf(userns, kind)
  if (map.extents.length > 0 || !who.capableIn(userns, CAP_SYS_ADMIN)) return -EPERM
  const extents = parseMap(text)
  if (typeof extents === 'number') return extents
  if (!mayMap(who, userns, kind, extents)) return -EPERM
  const above = mapOf(parent, kind)
  const lowered = extents.map((one) => ({ ...one, lower: above.inward(one.lower, one.count) }))
  if (lowered.some(({ lower }) => lower === NO_ID)) return -EPERM
  map.extents = lowered
  return 0
}

export const setgroupsText = ({ allowsSetgroups }: UserNamespace): string =>
  allowsSetgroups ? 'allow\n' : 'deny\n'

/** `deny` before there is a map of groups; never back. */
export function setSetgroups(who: Credentials, userns: UserNamespace, text: string): number {
  if (!who.capableIn(userns, CAP_SYS_ADMIN)) return -EPERM
  const word = text.match(/^(allow|deny)\s*$/)?.[1]
  if (!word || text.length >= 8) return -EINVAL
  if (word === 'allow') return userns.allowsSetgroups ? 0 : -EPERM
  if (userns.gids.extents.length > 0) return -EPERM
  userns.allowsSetgroups = false
  return 0
}
