/** Flags of eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2): <linux/timerfd.h>, <linux/pidfd.h>. */

import { O_CLOEXEC, O_EXCL, O_NONBLOCK } from './fcntl.ts'
import { flagTable } from './flag-table.ts'

export const EFD_SEMAPHORE = 1
export const eventfdFlags = flagTable(
  { EFD_SEMAPHORE, EFD_CLOEXEC: O_CLOEXEC, EFD_NONBLOCK: O_NONBLOCK },
  'EFD_???',
)

export const timerfdFlags = flagTable({ TFD_CLOEXEC: O_CLOEXEC, TFD_NONBLOCK: O_NONBLOCK }, 'TFD_???')
export const TFD_TIMER_ABSTIME = 1
export const TFD_TIMER_CANCEL_ON_SET = 2
export const timerfdSetFlags = flagTable({ TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET }, 'TFD_???')

export const signalfdFlags = flagTable({ SFD_CLOEXEC: O_CLOEXEC, SFD_NONBLOCK: O_NONBLOCK }, 'SFD_???')

export const PIDFD_NONBLOCK = O_NONBLOCK
export const PIDFD_THREAD = O_EXCL
export const pidfdFlags = flagTable({ PIDFD_NONBLOCK, PIDFD_THREAD }, 'PIDFD_???')

export const PIDFD_SIGNAL_THREAD = 1
export const PIDFD_SIGNAL_THREAD_GROUP = 2
export const PIDFD_SIGNAL_PROCESS_GROUP = 4
export const pidfdSignalFlags = flagTable(
  { PIDFD_SIGNAL_THREAD, PIDFD_SIGNAL_THREAD_GROUP, PIDFD_SIGNAL_PROCESS_GROUP },
  'PIDFD_SIGNAL_???',
)
