/** Structures of times: <linux/time.h>, <linux/time_types.h>, times(2). */

import { struct } from './struct.ts'

export const TIMESPEC = struct({ sec: 'time', nsec: 'fraction' })
export const TIMEVAL = struct({ sec: 'time', usec: 'fraction' })
export const ITIMERSPEC = struct({
  intervalSec: 'time',
  intervalNsec: 'fraction',
  valueSec: 'time',
  valueNsec: 'fraction',
})
export const ITIMERVAL = struct({
  intervalSec: 'time',
  intervalUsec: 'fraction',
  valueSec: 'time',
  valueUsec: 'fraction',
})
/** Clock ticks of the caller and of the children it waited for. */
export const TMS = struct({ user: 'long', system: 'long', childrenUser: 'long', childrenSystem: 'long' })
