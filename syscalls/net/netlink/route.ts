/**
 * NETLINK_ROUTE: what there is of links, addresses, routes and rules, which is `lo` and nothing else. rtnetlink(7).
 * Path: netlink-socket.ts asks here for each request and queues what is answered. Nobody can change anything.
 */

import { get32, latin1 } from '../../abi/bytes.ts'
import { EINVAL, ENETUNREACH, ENODEV, EOPNOTSUPP, EPERM } from '../../abi/errno.ts'
import * as N from '../../abi/netlink.ts'
import { AF_INET, AF_INET6, AF_UNSPEC } from '../../abi/socket.ts'
import { ARPHRD_LOOPBACK, LO_FLAGS, LO_INDEX, LO_MTU, LO_NAME, LO_QUEUE_LENGTH } from '../interfaces.ts'
import { attributesOf, Encoder, message, type Request, text } from './message.ts'

/** ifinfomsg: family, nothing, type u16, index, flags, changed flags. */
const IFINFOMSG_SIZE = 16
const RTMSG_SIZE = 12
/** Netlink tells that the lower layer is up too: IFF_LOWER_UP. */
const LOWER_UP = 0x10000
const IF_OPER_UNKNOWN = 0
const STATS_SIZE = 96
const STATS64_SIZE = 200
const MAP_SIZE = 32
const zeros = (count: number): number[] => new Array<number>(count).fill(0)

/** A struct and its attributes, in an order. */
type Entry = (to: Encoder) => number[]

const LINK: Entry = (to) => [
  ...[0, 0, ...to.u16(ARPHRD_LOOPBACK), ...to.u32(LO_INDEX), ...to.u32(LO_FLAGS | LOWER_UP), ...to.u32(0)],
  ...to.attribute(N.IFLA_IFNAME, text(LO_NAME)),
  ...to.attribute(N.IFLA_TXQLEN, to.u32(LO_QUEUE_LENGTH)),
  ...to.attribute(N.IFLA_OPERSTATE, [IF_OPER_UNKNOWN]),
  ...to.attribute(N.IFLA_LINKMODE, [0]),
  ...to.attribute(N.IFLA_MTU, to.u32(LO_MTU)),
  ...to.attribute(N.IFLA_GROUP, to.u32(0)),
  ...to.attribute(N.IFLA_CARRIER, [1]),
  ...to.attribute(N.IFLA_ADDRESS, zeros(6)),
  ...to.attribute(N.IFLA_BROADCAST, zeros(6)),
  ...to.attribute(N.IFLA_STATS64, zeros(STATS64_SIZE)),
  ...to.attribute(N.IFLA_STATS, zeros(STATS_SIZE)),
  ...to.attribute(N.IFLA_QDISC, text('noqueue')),
  ...to.attribute(N.IFLA_MAP, zeros(MAP_SIZE)),
]

const LOOPBACK4 = [127, 0, 0, 1]
const LOOPBACK6 = [...zeros(15), 1]
/** For ever, and never changed. */
const LIFETIMES = [...new Array<number>(8).fill(0xff), ...zeros(8)]

/** Family, prefix, flags, scope, index; then attributes. */
const ADDRESSES: readonly Entry[] = [
  (to) => [
    ...[AF_INET, 8, N.IFA_F_PERMANENT, N.RT_SCOPE_HOST, ...to.u32(LO_INDEX)],
    ...to.attribute(N.IFA_ADDRESS, LOOPBACK4),
    ...to.attribute(N.IFA_LOCAL, LOOPBACK4),
    ...to.attribute(N.IFA_LABEL, text(LO_NAME)),
    ...to.attribute(N.IFA_FLAGS, to.u32(N.IFA_F_PERMANENT)),
    ...to.attribute(N.IFA_CACHEINFO, LIFETIMES),
  ],
  (to) => [
    ...[AF_INET6, 128, N.IFA_F_PERMANENT, N.RT_SCOPE_HOST, ...to.u32(LO_INDEX)],
    ...to.attribute(N.IFA_ADDRESS, LOOPBACK6),
    ...to.attribute(N.IFA_CACHEINFO, LIFETIMES),
    ...to.attribute(N.IFA_FLAGS, to.u32(N.IFA_F_PERMANENT)),
  ],
]

/** rtmsg: family, length of the destination and of the source, TOS, table, protocol, scope, type, flags. */
const route4 =
  (prefix: number, destination: number[], scope: number, type: number): Entry =>
  (to) => [
    ...[AF_INET, prefix, 0, 0, N.RT_TABLE_LOCAL, N.RTPROT_KERNEL, scope, type, ...to.u32(0)],
    ...to.attribute(N.RTA_TABLE, to.u32(N.RT_TABLE_LOCAL)),
    ...to.attribute(N.RTA_DST, destination),
    ...to.attribute(N.RTA_PREFSRC, LOOPBACK4),
    ...to.attribute(N.RTA_OIF, to.u32(LO_INDEX)),
  ]

const CACHE_INFO_SIZE = 32
const ROUTES: readonly Entry[] = [
  route4(8, [127, 0, 0, 0], N.RT_SCOPE_HOST, N.RTN_LOCAL),
  route4(32, LOOPBACK4, N.RT_SCOPE_HOST, N.RTN_LOCAL),
  route4(32, [127, 255, 255, 255], N.RT_SCOPE_LINK, N.RTN_BROADCAST),
  (to) => [
    ...[
      AF_INET6,
      128,
      0,
      0,
      N.RT_TABLE_LOCAL,
      N.RTPROT_KERNEL,
      N.RT_SCOPE_UNIVERSE,
      N.RTN_LOCAL,
      ...to.u32(0),
    ],
    ...to.attribute(N.RTA_TABLE, to.u32(N.RT_TABLE_LOCAL)),
    ...to.attribute(N.RTA_DST, LOOPBACK6),
    ...to.attribute(N.RTA_PRIORITY, to.u32(0)),
    ...to.attribute(N.RTA_OIF, to.u32(LO_INDEX)),
    ...to.attribute(N.RTA_CACHEINFO, zeros(CACHE_INFO_SIZE)),
  ],
]

/** fib_rule_hdr: family, lengths, TOS, table, nothing, action (to a table), flags. */
const rule =
  (family: number, table: number, priority: number): Entry =>
  (to) => [
    ...[family, 0, 0, 0, table, 0, 0, 1, ...to.u32(0)],
    ...to.attribute(N.FRA_TABLE, to.u32(table)),
    ...to.attribute(N.FRA_SUPPRESS_PREFIXLEN, to.u32(-1)),
    ...to.attribute(N.FRA_PROTOCOL, [N.RTPROT_KERNEL]),
    ...(priority > 0 ? to.attribute(N.FRA_PRIORITY, to.u32(priority)) : []),
  ]

const RULES: readonly Entry[] = [
  rule(AF_INET, N.RT_TABLE_LOCAL, 0),
  rule(AF_INET, N.RT_TABLE_MAIN, 32766),
  rule(AF_INET, 253, 32767),
  rule(AF_INET6, N.RT_TABLE_LOCAL, 0),
  rule(AF_INET6, N.RT_TABLE_MAIN, 32766),
]

interface List {
  readonly type: number
  readonly entries: readonly Entry[]
  /** Entries are of a family, and may be asked for by it. */
  readonly isByFamily: boolean
}

/** What each request for a list lists. */
const LISTS: ReadonlyMap<number, List> = new Map([
  [N.RTM_GETLINK, { type: N.RTM_NEWLINK, entries: [LINK], isByFamily: false }],
  [N.RTM_GETADDR, { type: N.RTM_NEWADDR, entries: ADDRESSES, isByFamily: true }],
  [N.RTM_GETROUTE, { type: N.RTM_NEWROUTE, entries: ROUTES, isByFamily: true }],
  [N.RTM_GETNEIGH, { type: 0, entries: [], isByFamily: true }],
  [N.RTM_GETRULE, { type: N.RTM_NEWRULE, entries: RULES, isByFamily: true }],
])

function list(request: Request, port: number): Uint8Array[] | number {
  const known = LISTS.get(request.type)
  if (!known) return -EOPNOTSUPP
  const family = request.body[0]!
  const isWanted = (entry: readonly number[]): boolean =>
    !known.isByFamily || family === AF_UNSPEC || entry[0] === family
  const to = new Encoder(request.order)
  return known.entries
    .map((entry) => entry(to))
    .filter(isWanted)
    .map((entry) => message(known.type, N.NLM_F_MULTI, request, port, entry))
}

/** One link, by index or name. */
function findLink(request: Request, port: number): Uint8Array | number {
  if (request.body.length < IFINFOMSG_SIZE) return -EINVAL
  const index = get32(request.body, 4, request.order)
  const name = attributesOf(request, IFINFOMSG_SIZE).get(N.IFLA_IFNAME)
  if (index === 0 && !name) return -EINVAL
  const isLo = index === LO_INDEX || (index === 0 && latin1(name!).split('\0')[0] === LO_NAME)
  return isLo ? message(N.RTM_NEWLINK, 0, request, port, LINK(new Encoder(request.order))) : -ENODEV
}

/** RTM_F_CLONED: a way, not an entry of a table. */
const CLONED = 0x200
/** RTCF_LOCAL: its end is here. */
const ENDS_HERE = 0x80000000

/** The way to one address. */
function findRoute(request: Request, port: number): Uint8Array | number {
  if (request.body.length < RTMSG_SIZE) return -EINVAL
  const family = request.body[0]!
  const given = attributesOf(request, RTMSG_SIZE).get(N.RTA_DST)
  if (family !== AF_INET && family !== AF_INET6) return -EOPNOTSUPP
  if (given && given.length < (family === AF_INET ? 4 : 16)) return -EINVAL
  const local = family === AF_INET ? LOOPBACK4 : LOOPBACK6
  const asked = given ? [...given.subarray(0, local.length)] : local
  const isHere = family === AF_INET ? asked[0] === 127 : asked.every((byte, i) => byte === LOOPBACK6[i])
  if (!isHere) return -ENETUNREACH
  const isIpv4 = family === AF_INET
  const flags = CLONED | (isIpv4 ? ENDS_HERE : 0)
  const table = isIpv4 ? N.RT_TABLE_MAIN : N.RT_TABLE_LOCAL
  const to = new Encoder(request.order)
  return message(N.RTM_NEWROUTE, 0, request, port, [
    ...[
      family,
      asked.length * 8,
      0,
      0,
      table,
      isIpv4 ? 0 : N.RTPROT_KERNEL,
      0,
      N.RTN_LOCAL,
      ...to.u32(flags),
    ],
    ...to.attribute(N.RTA_TABLE, to.u32(table)),
    ...to.attribute(N.RTA_DST, asked),
    ...to.attribute(N.RTA_OIF, to.u32(LO_INDEX)),
    ...to.attribute(N.RTA_PREFSRC, local),
    ...(isIpv4 ? to.attribute(N.RTA_UID, to.u32(0)) : []),
    ...to.attribute(N.RTA_CACHEINFO, zeros(CACHE_INFO_SIZE)),
  ])
}

/** What is answered: messages of a list, one message, nothing (null), or an errno. */
export function answer(request: Request, port: number): Uint8Array[] | Uint8Array | number | null {
  const { type, body, flags } = request
  if (type < N.NLMSG_MIN_TYPE) return 0
  if (type > N.RTM_MAX) return -EOPNOTSUPP
  if (body.length === 0) return null
  // Of each four types the third asks; the others would change something.
  if ((type & 3) !== 2) return -EPERM
  if ((flags & N.NLM_F_DUMP) !== 0) return list(request, port)
  if (type === N.RTM_GETLINK) return findLink(request, port)
  return type === N.RTM_GETROUTE ? findRoute(request, port) : -EOPNOTSUPP
}
