/**
 * When a machine that runs gives its event loop a turn: every so often, and at once where somebody outside was woken whose
 * next step is taken there, a reader of a terminal above all.
 * Path: the hosts that have a real event loop (host/node, host/browser) ask between two slices.
 */

/** Work between two turns. */
const TURN_MS = 10
/** Turns ahead of time until there is another that is not, for each costs some ten microseconds. */
const EARLY_MAX = 8

export class Turns {
  private lastMs = performance.now()
  private earlyLeft = EARLY_MAX
  private isHurried = false

  /** Somebody outside can go on. */
  hurry(): void {
    this.isHurried = true
  }

  /** The event loop had one. */
  taken(): void {
    this.lastMs = performance.now()
    this.isHurried = false
  }

  isDue(): boolean {
    if (performance.now() - this.lastMs >= TURN_MS) {
      this.earlyLeft = EARLY_MAX
      return true
    }
    if (!this.isHurried || this.earlyLeft === 0) return false
    this.earlyLeft--
    return true
  }
}
