/** Random calls on sockets, epolls and event files that exist: none throws, and nothing stays once all is closed. */

import { expect, it } from 'vitest'
import type { UnixFamily } from '../../../syscalls/net/unix/family.ts'
import { DONTWAIT, EVENT, NONBLOCK, Random, randomCalls } from './random-calls.ts'
import { type At, type Call, SCRATCH } from './scripted.ts'

const CALLS = 15_000
/** Where the calls find their structs; a step fills them before each call. */
const PAIR = SCRATCH + 0x100
const ADDRESS = SCRATCH + 0x200
const HEADER = SCRATCH + 0x300
const IOV = SCRATCH + 0x400
const CONTROL = SCRATCH + 0x500
const TIME = SCRATCH + 0x600
const BYTES = SCRATCH + 0x1000

it('random calls on sockets and events leave nothing behind', async () => {
  const random = new Random()
  const { below } = random
  const fd = (): number => 3 + below(40)
  const type = (): number => [1, 2, 5][below(3)]! | NONBLOCK
  const abstract = (at: At): number => {
    at.put32(ADDRESS, 1)
    at.space.bytes[ADDRESS + 3] = 65 + below(3)
    return 4
  }
  const message = (at: At, isOut: boolean): void => {
    at.space.bytes.fill(0, HEADER, HEADER + 56)
    at.put64(IOV, BYTES)
    at.put64(IOV + 8, below(3) ? below(300) : below(60_000))
    at.put64(HEADER + 16, IOV)
    at.put64(HEADER + 24, below(4) ? 1 : below(3))
    if (below(2)) return
    const count = 1 + below(3)
    at.put64(CONTROL, 16 + count * 4)
    at.put32(CONTROL + 8, 1)
    at.put32(CONTROL + 12, below(5) ? 1 : 2)
    for (let i = 0; i < count; i++) at.put32(CONTROL + 16 + i * 4, fd())
    at.put64(HEADER + 32, CONTROL)
    at.put64(HEADER + 40, isOut && below(4) === 0 ? below(64) : 32)
  }
  const send = (at: At): Call => {
    message(at, false)
    return ['sendmsg', fd(), HEADER, DONTWAIT]
  }
  const calls: ((at: At) => Call)[] = [
    // More of what makes ends of connections and sends them over each other.
    ...Array.from({ length: 5 }, () => (): Call => ['socketpair', 1, type(), 0, PAIR]),
    ...Array.from({ length: 6 }, () => send),
    () => ['socket', 1, type(), 0],
    () => ['epoll_create1', 0],
    () => ['eventfd2', below(3), NONBLOCK],
    () => ['timerfd_create', 1, NONBLOCK],
    (at) => ['bind', fd(), ADDRESS, abstract(at)],
    (at) => ['connect', fd(), ADDRESS, abstract(at)],
    () => ['listen', fd(), below(3)],
    () => ['accept4', fd(), 0, 0, NONBLOCK],
    () => ['shutdown', below(4) ? 99 : fd(), below(3)],
    () => ['close', fd()],
    () => ['close', fd()],
    () => ['dup', fd()],
    (at) => {
      at.put32(EVENT, random.next())
      return ['epoll_ctl', fd(), 1 + below(3), fd(), EVENT]
    },
    () => ['epoll_wait', fd(), BYTES, 1 + below(8), 0],
    (at) => {
      message(at, true)
      return ['recvmsg', fd(), HEADER, DONTWAIT | (below(3) ? 0 : 2)]
    },
    (at) => ['sendto', fd(), BYTES, below(9000), DONTWAIT, below(2) ? ADDRESS : 0, abstract(at)],
    () => ['recvfrom', fd(), BYTES, below(9000), DONTWAIT | (below(3) ? 0 : 0x22), 0, 0],
    () => ['write', fd(), BYTES, 8],
    () => ['read', fd(), BYTES, below(20)],
    (at) => {
      at.put64(TIME + 16, 0)
      at.put64(TIME + 24, below(2000))
      return ['timerfd_settime', fd(), 0, TIME, 0]
    },
    (at) => {
      at.put32(BYTES, below(2))
      return ['setsockopt', fd(), 1, 16, BYTES, 4]
    },
  ]
  const kernel = await randomCalls(random, CALLS, calls)
  const family = kernel.socketFamilies.find(1, 1) as UnixFamily
  expect(family.descriptorsUnderWay).toBe(0)
})
