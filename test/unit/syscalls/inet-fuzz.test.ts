/** Random calls on sockets of the internet and netlink: none throws, and no port or byte stays once all is closed. */

import { expect, it } from 'vitest'
import { AF_INET } from '../../../syscalls/abi/socket.ts'
import type { InetFamily } from '../../../syscalls/net/inet/family.ts'
import { DONTWAIT, EVENT, NONBLOCK, Random, randomCalls } from './random-calls.ts'
import { type At, type Call, SCRATCH } from './scripted.ts'

const CALLS = 20_000
/** Where the calls find what they need; a step fills it before each call. */
const ADDRESS = SCRATCH + 0x200
const VALUE = SCRATCH + 0x300
const LENGTH = SCRATCH + 0x380
const HEADER = SCRATCH + 0x400
const IOV = SCRATCH + 0x500
const CONTROL = SCRATCH + 0x600
const BYTES = SCRATCH + 0x1000

it('random calls on sockets of the internet leave nothing behind', async () => {
  const random = new Random()
  const { below } = random
  const fd = (): number => 3 + below(40)
  const level = (): number => [0, 1, 6, 17, 41, 270][below(6)]!
  /** An address that is one's own, another's or none; few ports, so that sockets meet. */
  const address = (at: At): number => {
    const { bytes } = at.space
    bytes.fill(0, ADDRESS, ADDRESS + 28)
    const kind = below(8)
    bytes[ADDRESS] = kind < 5 ? 2 : kind < 7 ? 10 : below(20)
    bytes[ADDRESS + 2] = 30
    bytes[ADDRESS + 3] = below(4)
    const isIpv4 = kind < 5
    if (isIpv4 && below(3)) bytes.set([127, below(2) * 255, below(2) * 255, below(2) ? 1 : 255], ADDRESS + 4)
    else if (isIpv4) bytes.set([below(256), 0, 0, below(256)], ADDRESS + 4)
    else if (below(3)) bytes[ADDRESS + 23] = below(3)
    else bytes.set([0xff, 0xff, 127, 0, 0, 1], ADDRESS + 18)
    return [isIpv4 ? 16 : 28, isIpv4 ? 16 : 28, below(40)][below(3)]!
  }
  const message = (at: At): void => {
    at.space.bytes.fill(0, HEADER, HEADER + 56)
    at.put64(IOV, BYTES)
    at.put64(IOV + 8, below(3) ? below(300) : below(70_000))
    at.put64(HEADER + 16, IOV)
    at.put64(HEADER + 24, 1)
    if (below(2)) return
    at.put64(CONTROL, 16 + [4, 12, 20][below(3)]!)
    at.put32(CONTROL + 8, level())
    at.put32(CONTROL + 12, below(70))
    at.put64(HEADER + 32, CONTROL)
    at.put64(HEADER + 40, 40)
  }
  const netlink = (at: At): Call => {
    at.space.bytes.fill(0, BYTES, BYTES + 64)
    at.put32(BYTES, below(8) ? 16 + below(48) : below(100))
    at.put32(BYTES + 4, (16 + below(24)) | ([1, 5, 0x301, below(65536)][below(4)]! << 16))
    at.put32(BYTES + 16, below(12))
    return ['sendto', fd(), BYTES, 20 + below(60), DONTWAIT, 0, 0]
  }
  const socket = (): Call => ['socket', below(3) ? 2 : 10, (below(3) ? 1 : 2) | NONBLOCK, 0]
  const calls: ((at: At) => Call)[] = [
    ...Array.from({ length: 6 }, () => socket),
    ...Array.from(
      { length: 5 },
      () =>
        (at: At): Call => ['bind', fd(), ADDRESS, address(at)],
    ),
    ...Array.from(
      { length: 5 },
      () =>
        (at: At): Call => ['connect', fd(), ADDRESS, address(at)],
    ),
    ...Array.from({ length: 3 }, () => (): Call => ['accept4', fd(), 0, 0, NONBLOCK]),
    () => ['socket', 16, 3, 0],
    netlink,
    netlink,
    () => ['epoll_create1', 0],
    () => ['listen', fd(), below(3)],
    () => ['listen', fd(), below(3)],
    () => ['shutdown', below(3) ? 99 : fd(), below(3)],
    () => ['close', fd()],
    () => ['close', fd()],
    () => ['dup', fd()],
    (at) => {
      at.put32(EVENT, random.next())
      return ['epoll_ctl', fd(), 1 + below(3), fd(), EVENT]
    },
    () => ['epoll_wait', fd(), BYTES, 1 + below(8), 0],
    (at) => {
      message(at)
      return ['sendmsg', fd(), HEADER, DONTWAIT | (below(9) ? 0 : 1)]
    },
    (at) => {
      message(at)
      return ['recvmsg', fd(), HEADER, DONTWAIT | (below(3) ? 0 : 2)]
    },
    (at) => ['sendto', fd(), BYTES, below(9000), DONTWAIT, below(2) ? ADDRESS : 0, address(at)],
    () => ['recvfrom', fd(), BYTES, below(9000), DONTWAIT | (below(3) ? 0 : below(0x200)), 0, 0],
    () => ['ioctl', fd(), [0x5411, 0x541b, 0x8905, 0x8912, 0x8913, 0x8915][below(6)]!, BYTES],
    (at) => {
      at.put32(VALUE, below(3) ? below(3) : random.next())
      at.put32(VALUE + 4, below(3))
      return ['setsockopt', fd(), level(), below(80), VALUE, [4, 4, below(20)][below(3)]!]
    },
    (at) => {
      at.put32(LENGTH, below(300))
      return ['getsockopt', fd(), level(), below(80), BYTES, LENGTH]
    },
    () => ['getsockname', fd(), BYTES, LENGTH],
    () => ['getpeername', fd(), BYTES, LENGTH],
  ]
  const kernel = await randomCalls(random, CALLS, calls)
  const family = kernel.socketFamilies.find(AF_INET, 1) as InetFamily
  expect(family.inUse, `seed ${random.seed}`).toEqual({ ports: 0, listeners: 0, queuedCost: 0 })
})
