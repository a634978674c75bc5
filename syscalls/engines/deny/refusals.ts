/**
 * Services that refuse: what deny and allow register for arguments, one option each. Path: the kernel comes to them
 * where it would otherwise use its own (services.ts, path-services.ts).
 *
 *   path=/etc/shadow   family=inet   device=1:8   ioctl=0x5413   type=tmpfs
 */

import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX } from '../../abi/socket.ts'
import { parseDevice } from '../../abi/stat.ts'
import type { Service } from '../services.ts'

const FAMILIES: Readonly<Record<string, number>> = {
  unix: AF_UNIX,
  inet: AF_INET,
  inet6: AF_INET6,
  netlink: AF_NETLINK,
}

/** What an argument may be: one value, or any but these. */
export interface Refused {
  readonly values: readonly string[]
  readonly others: boolean
}

/** One kind of argument that can be refused: which values there are, and the services that refuse them. */
type Refuse = (refused: Refused, result: number) => Service[]

function familyNumber(name: string): number {
  const known = FAMILIES[name] ?? Number(name)
  if (!Number.isInteger(known) || name === '') throw new Error(`family=${name} is no protocol family`)
  return known
}

function deviceNumber(text: string): { major: number; minor: number } {
  const found = parseDevice(text)
  if (!found) throw new Error(`device=${text} is no MAJOR:MINOR`)
  return found
}

function requestNumber(text: string): number {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) throw new Error(`ioctl=${text} is no number`)
  return Number(text)
}

const refuseFamilies: Refuse = ({ values, others }, result) => {
  const named = values.map(familyNumber)
  return [
    {
      kind: 'family',
      family: null,
      sockets: { family: 0, create: () => result, createPair: () => result, files: {} },
      confirm: (_task, family) => named.includes(family) !== others,
    },
  ]
}

const refuseDevices: Refuse = ({ values, others }, result) => {
  const named = values.map(deviceNumber)
  return [false, true].map((isBlock) => ({
    kind: 'device',
    isBlock,
    major: null,
    minor: null,
    device: { name: 'denied', open: () => result },
    confirm: (_caller, major, minor) =>
      named.some((known) => known.major === major && known.minor === minor) !== others,
  }))
}

const refuseIoctls: Refuse = ({ values, others }, result) => {
  const named = values.map(requestNumber)
  return [
    {
      kind: 'ioctl',
      request: null,
      handle: () => result,
      confirm: (_task, _file, request) => named.includes(request) !== others,
    },
  ]
}

const refuseTypes: Refuse = ({ values, others }, result) => [
  {
    kind: 'filesystem',
    type: { name: '*', needsSource: false, mount: () => result },
    confirm: (_task, name) => values.includes(name) !== others,
  },
]

const refusePaths: Refuse = ({ values, others }, result) => {
  if (others) throw new Error('path= names what is refused; to show some paths only, use viewfs')
  for (const at of values) if (!at.startsWith('/')) throw new Error(`path=${at} does not begin with /`)
  return values.map((at) => ({ kind: 'path', at, refusal: result }))
}

/** By option. */
export const REFUSE: Readonly<Record<string, Refuse>> = {
  path: refusePaths,
  family: refuseFamilies,
  device: refuseDevices,
  ioctl: refuseIoctls,
  type: refuseTypes,
}
