/** Socket addresses as strace prints them, by family. Path: sockets.ts. */

import { latin1 } from '../../abi/bytes.ts'
import { valueName } from '../../abi/flag-table.ts'
import { SOCKADDR_IN_SIZE, SOCKADDR_IN6_SIZE } from '../../abi/inet.ts'
import { SOCKADDR_NL_SIZE } from '../../abi/netlink.ts'
import * as S from '../../abi/socket.ts'
import type { Mm } from '../../mm/mm.ts'
import { pointer, quote } from './values.ts'

const dotted = (view: DataView, at: number): string =>
  [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join('.')

/** inet_ntop(3): the longest run of two zero words or more is left out. */
function ipv6Text(view: DataView, at: number): string {
  const words = Array.from({ length: 8 }, (_, i) => view.getUint16(at + i * 2, false))
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
  if (isMapped) return `::ffff:${dotted(view, at + 12)}`
  let best = 0
  let bestLength = 1
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (words[from + length] === 0) length++
    if (length > bestLength) [best, bestLength] = [from, length]
  }
  const text = (part: number[]): string => part.map((word) => word.toString(16)).join(':')
  if (bestLength === 1) return text(words)
  return `${text(words.slice(0, best))}::${text(words.slice(best + bestLength))}`
}

/** What follows the family, or null where the address is too short for it. */
function familyFields(mm: Mm, family: number, at: number, length: number, rest: string): string | null {
  const { view } = mm.space
  const port = length >= 4 ? view.getUint16(at + 2, false) : 0
  switch (family) {
    case S.AF_UNIX:
      if (rest.startsWith('\0')) return `sun_path=@${quote(rest.slice(1))}`
      return `sun_path=${quote(rest.split('\0')[0]!)}`
    case S.AF_INET:
      if (length < SOCKADDR_IN_SIZE) return null
      return `sin_port=htons(${port}), sin_addr=inet_addr("${dotted(view, at + 4)}")`
    case S.AF_INET6: {
      if (length < SOCKADDR_IN6_SIZE) return null
      const flow = view.getUint32(at + 4, false)
      const ip = `inet_pton(AF_INET6, "${ipv6Text(view, at + 8)}", &sin6_addr)`
      const scope = mm.i32(at + 24) >>> 0
      return `sin6_port=htons(${port}), sin6_flowinfo=htonl(${flow}), ${ip}, sin6_scope_id=${scope}`
    }
    case S.AF_NETLINK: {
      if (length < SOCKADDR_NL_SIZE) return null
      const groups = (mm.i32(at + 8) >>> 0).toString(16).padStart(8, '0')
      return `nl_pid=${mm.i32(at + 4)}, nl_groups=${groups === '00000000' ? groups : `0x${groups.slice(2)}`}`
    }
    default:
      return null
  }
}

/** `{sa_family=AF_UNIX, sun_path=@"name"}` */
export function printAddress(mm: Mm, at: number, length: number): string {
  if (at === 0) return 'NULL'
  const shown = Math.min(length, S.SOCKADDR_SIZE_MAX)
  if (shown < 2 || !mm.canRead(at, shown)) return pointer(at)
  const family = mm.u16(at)
  const head = `{sa_family=${valueName(S.addressFamilies, family)}`
  const rest = latin1(mm.space.bytes, at + 2, at + shown)
  if (rest === '') return `${head}}`
  return `${head}, ${familyFields(mm, family, at, shown, rest) ?? `sa_data=${quote(rest)}`}}`
}
