/**
 * The time engine: clocks of the view's own. `--engine time,start=2001-01-01T00:00:00Z,pace=60`. See docs/engines/time.md.
 * Path: offers a clock; whatever tells time, waits for it or stamps a file asks the world of its caller.
 */

import type { Clock } from '../../kernel/clock.ts'
import { type Engine, noCalls } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'
import { PacedClock } from './paced-clock.ts'
import { parseDate, parseOffset, parsePace, type WallTime } from './parse.ts'

/** The engine, with which an embedder changes time while programs run. */
export interface TimeEngine extends Engine {
  readonly pace: number
  /** From now on time passes at this factor; nothing jumps, and waits under way go on with what they have left. */
  setPace(pace: number): void
  /** Sets the wall clock, as date(1) in the view would. An ISO date, or a Date. */
  setTime(time: string | Date): void
}

const OPTIONS = ['start', 'offset', 'pace'] as const

class Time implements TimeEngine {
  readonly name = 'time'
  readonly wants = noCalls
  pace: number
  /** What the wall clock is to show when there is one; null: as the one below. */
  private start: WallTime | null
  private readonly offset: WallTime
  /** One for each clock that this engine stands on: views may share it and differ below. */
  private readonly clocks = new Map<Clock, PacedClock>()
  private newest: PacedClock | null = null

  constructor(options: ModuleOptions) {
    options.allowOnly('time', OPTIONS)
    if (options.has('start') && options.has('offset'))
      throw new Error('time: start and offset both say what time it is; give one of them')
    this.pace = parsePace(options.last('pace') ?? '1')
    const start = options.last('start')
    this.start = start === undefined ? null : parseDate(start)
    this.offset = parseOffset(options.last('offset') ?? '0')
  }

  offers(below: { readonly clock: Clock }): { clock: Clock } {
    let clock = this.clocks.get(below.clock)
    if (clock) return { clock }
    // What is below changed: time goes on from where it is.
    const former = this.newest?.kernelClock === below.clock.kernelClock ? this.newest : null
    clock = new PacedClock(below.clock, this.pace, former)
    if (!former && this.start) clock.setRealtime(this.start.sec, this.start.nsec)
    else if (!former) clock.shiftRealtime(this.offset.sec, this.offset.nsec)
    this.clocks.set(below.clock, clock)
    this.newest = clock
    return { clock }
  }

  setPace(pace: number): void {
    this.pace = parsePace(String(pace))
    for (const clock of this.clocks.values()) clock.setPace(this.pace)
  }

  setTime(time: string | Date): void {
    const { sec, nsec } = parseDate(typeof time === 'string' ? time : time.toISOString())
    this.start = { sec, nsec }
    for (const clock of this.clocks.values()) clock.setRealtime(sec, nsec)
  }
}

/** Options are `start` or `offset`, and `pace`. Throws on what is no date, no number or too large. */
export const time = (options: OptionsLike = {}): TimeEngine => new Time(ModuleOptions.of(options))
