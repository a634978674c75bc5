/** epoll(7): <linux/eventpoll.h>. Events have the values of poll(2). */

import { O_CLOEXEC } from './fcntl.ts'
import { flagTable } from './flag-table.ts'

export const EPOLL_CLOEXEC = O_CLOEXEC
export const epollCreateFlags = flagTable({ EPOLL_CLOEXEC }, 'EPOLL_???')

export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLL_CTL_MOD = 3
export const epollOperations = flagTable({ EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD }, 'EPOLL_CTL_???')

export const EPOLLIN = 1
export const EPOLLPRI = 2
export const EPOLLOUT = 4
export const EPOLLERR = 8
export const EPOLLHUP = 0x10
export const EPOLLRDNORM = 0x40
export const EPOLLEXCLUSIVE = 1 << 28
export const EPOLLWAKEUP = 1 << 29
export const EPOLLONESHOT = 1 << 30
export const EPOLLET = 1 << 31

export const epollEvents = flagTable(
  {
    EPOLLIN,
    EPOLLPRI,
    EPOLLOUT,
    EPOLLERR,
    EPOLLHUP,
    EPOLLRDNORM,
    EPOLLRDBAND: 0x80,
    EPOLLWRNORM: 0x100,
    EPOLLWRBAND: 0x200,
    EPOLLMSG: 0x400,
    EPOLLRDHUP: 0x2000,
    EPOLLEXCLUSIVE,
    EPOLLWAKEUP,
    EPOLLONESHOT,
    EPOLLET,
  },
  'EPOLL???',
)
