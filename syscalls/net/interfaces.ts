/**
 * `lo`, the only network interface there is, and what ioctl(2) tells of it: netdevice(7).
 * Path: Socket.ioctl, whatever the family; net/netlink and /proc/net tell the same.
 */

import { get16, get32, inOrder, latin1 } from '../abi/bytes.ts'
import { CAP_NET_ADMIN } from '../abi/capability.ts'
import { EFAULT, EINVAL, ENODEV, ENOTTY, EPERM } from '../abi/errno.ts'
import * as S from '../abi/socket.ts'
import { type DataModel, struct } from '../abi/struct.ts'
import type { Caller } from '../vfs/caller.ts'

export const LO_NAME = 'lo'
export const LO_INDEX = 1
export const LO_MTU = 65536
export const LO_QUEUE_LENGTH = 1000
export const IFF_UP = 1
/** IFF_UP, IFF_LOOPBACK, IFF_RUNNING; netlink tells IFF_LOWER_UP too. */
export const LO_FLAGS = 0x49
export const ARPHRD_LOOPBACK = 772

/** struct ifreq: a name of 16 bytes, then a union, whose largest part has two words. */
const IFNAMSIZ = 16
const ifreqSize = ({ wordSize }: DataModel): number => (wordSize === 8 ? 40 : 32)
/** struct ifmap: the same on all ISAs, but for its first two words. */
const ifmapSize = ({ wordSize }: DataModel): number => 2 * wordSize + 8
const IFCONF = struct({ length: 's32', at: 'word' })

/** Requests of sockets have this type: an ifreq is read before anybody looks which it is. */
const SOCKET_REQUESTS = 0x89

type Answer = Uint8Array | Uint16Array | Int32Array

/** A sockaddr_in in an ifreq, as the kernel keeps addresses. */
const inetAddress = (...bytes: number[]): Uint8Array => {
  const address = new Uint8Array(16)
  address[0] = S.AF_INET
  address.set(bytes, 4)
  return address
}

const number = (value: number): Int32Array => Int32Array.of(value)

/** What each request puts behind the name. */
const ANSWERS: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [S.SIOCGIFFLAGS, Uint16Array.of(LO_FLAGS)],
  [S.SIOCGIFMETRIC, number(0)],
  [S.SIOCGIFMTU, number(LO_MTU)],
  [S.SIOCGIFHWADDR, Uint16Array.of(ARPHRD_LOOPBACK, ...new Array<number>(7).fill(0))],
  [S.SIOCGIFINDEX, number(LO_INDEX)],
  [S.SIOCGIFTXQLEN, number(LO_QUEUE_LENGTH)],
])
/** Those that only a socket of AF_INET answers. */
const INET_ANSWERS: ReadonlyMap<number, Uint8Array> = new Map([
  [S.SIOCGIFADDR, inetAddress(127, 0, 0, 1)],
  [S.SIOCGIFDSTADDR, inetAddress(127, 0, 0, 1)],
  [S.SIOCGIFBRDADDR, inetAddress()],
  [S.SIOCGIFNETMASK, inetAddress(255)],
])

function answerTo(request: number, family: number, model: DataModel): Uint8Array | undefined {
  if (request === S.SIOCGIFMAP) return new Uint8Array(ifmapSize(model))
  const answer = ANSWERS.get(request)
  if (answer) return inOrder(answer, model)
  const address = family === S.AF_INET ? INET_ANSWERS.get(request) : undefined
  return address && S.addressInOrder(address, model)
}

/** Answers ioctl(2) on a socket of `family`. */
export function interfaceIoctl(caller: Caller, family: number, request: number, argument: number): number {
  if (request === S.SIOCGIFCONF) return interfaceList(caller, argument)
  const { memory } = caller
  const answer = answerTo(request, family, memory.model)
  const isSetting = request === S.SIOCSIFFLAGS
  if (request >> 8 !== SOCKET_REQUESTS) return -ENOTTY
  // What Linux does not know how to translate for a program of 32 bits it does not read either.
  const isKnown = answer !== undefined || isSetting || request === S.SIOCGIFNAME
  if (!isKnown && memory.model.wordSize === 4) return -ENOTTY
  const ifreq = memory.copyIn(argument, ifreqSize(memory.model))
  if (!ifreq) return -EFAULT
  if (request === S.SIOCGIFNAME) {
    if (get32(ifreq, IFNAMSIZ, memory.model) !== LO_INDEX) return -ENODEV
    ifreq.fill(0, 0, IFNAMSIZ)
    for (let i = 0; i < LO_NAME.length; i++) ifreq[i] = LO_NAME.charCodeAt(i)
    return memory.copyOut(argument, ifreq) ? 0 : -EFAULT
  }
  if (!answer && !isSetting) return -ENOTTY
  if (isSetting && !caller.credentials.capable(CAP_NET_ADMIN)) return -EPERM
  if (latin1(ifreq, 0, IFNAMSIZ).split('\0')[0] !== LO_NAME) return -ENODEV
  // It is up, and stays so.
  if (isSetting) return get16(ifreq, IFNAMSIZ, memory.model) & IFF_UP ? 0 : -EPERM
  ifreq.set(answer!, IFNAMSIZ)
  return memory.copyOut(argument, ifreq) ? 0 : -EFAULT
}

/** SIOCGIFCONF: as many ifreqs with an address as there is room for; without a buffer, how many bytes it takes. */
function interfaceList(caller: Caller, argument: number): number {
  const { memory } = caller
  const layout = IFCONF.of(memory.model)
  const ifconf = memory.copyIn(argument, layout.sizeBytes)
  if (!ifconf) return -EFAULT
  const { length: room, at } = layout.get(new DataView(ifconf.buffer, ifconf.byteOffset), 0)
  if (at !== 0 && room < 0) return -EINVAL
  const sizeBytes = ifreqSize(memory.model)
  const fits = at === 0 || room >= sizeBytes
  if (at !== 0 && fits) {
    const ifreq = new Uint8Array(sizeBytes)
    for (let i = 0; i < LO_NAME.length; i++) ifreq[i] = LO_NAME.charCodeAt(i)
    ifreq.set(S.addressInOrder(inetAddress(127, 0, 0, 1), memory.model), IFNAMSIZ)
    if (!memory.copyOut(at, ifreq)) return -EFAULT
  }
  return memory.setU32(argument, fits ? sizeBytes : 0) ? 0 : -EFAULT
}
