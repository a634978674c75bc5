/** What the time engine's options say: an ISO 8601 date, seconds, a factor. Each throws with the text that it refuses. */

import { NS_PER_SEC } from '../../kernel/clock.ts'

/** Of the wall clock, or between two times of it; nsec is never negative. */
export interface WallTime {
  readonly sec: number
  readonly nsec: number
}

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?$/i

const DAY_SEC = 86400
/** After so many years the calendar is the same again. */
const CYCLE_YEARS = 400
const CYCLE_DAYS = 146097

/** Date.UTC takes the first hundred years for those of 1900. */
const firstOfMonth = (year: number, month: number): number =>
  Date.UTC(year + CYCLE_YEARS, month - 1) / 1000 - CYCLE_DAYS * DAY_SEC

const nanoseconds = (digits: string | undefined): number => Number((digits ?? '').padEnd(9, '0'))

/** `2001-01-01`, `2001-01-01T12:00:00.5+02:00`; without a zone it is UTC. */
export function parseDate(text: string): WallTime {
  const wrong = new Error(`time: ${text} is no date such as 2001-01-01T00:00:00Z`)
  const match = DATE.exec(text)
  if (!match) throw wrong
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0))
  const firstSec = firstOfMonth(year!, month!)
  const daysOfMonth = (firstOfMonth(year!, month! + 1) - firstSec) / DAY_SEC
  if (month! < 1 || month! > 12 || day! < 1 || day! > daysOfMonth) throw wrong
  if (hour! > 23 || minute! > 59 || second! > 59) throw wrong
  const zone = /^([+-])(\d\d):?(\d\d)$/.exec(match[8] ?? '')
  const zoneSec = zone ? (Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === '-' ? -60 : 60) : 0
  const sec = firstSec + (day! - 1) * DAY_SEC + hour! * 3600 + minute! * 60 + second! - zoneSec
  return { sec, nsec: nanoseconds(match[7]) }
}

/** `3600`, `-0.25`: seconds, to the nanosecond. */
export function parseOffset(text: string): WallTime {
  const match = /^([+-]?)(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text)
  if (!match) throw new Error(`time: offset ${text} is no number of seconds such as 3600 or -0.5`)
  const sec = Number(match[2])
  const nsec = nanoseconds(match[3])
  if (match[1] !== '-') return { sec, nsec }
  return nsec === 0 ? { sec: 0 - sec, nsec } : { sec: -sec - 1, nsec: NS_PER_SEC - nsec }
}

const PACE_MAX = 1e9
const PACE_MIN = 1e-9

/** A factor: 60, 0.5, -1, 0. */
export function parsePace(text: string): number {
  const pace = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
  const size = Math.abs(pace)
  if (!(size <= PACE_MAX && (size >= PACE_MIN || size === 0)))
    throw new Error(`time: pace ${text} is neither 0 nor a factor from ${PACE_MIN} to ${PACE_MAX}`)
  return pace
}
