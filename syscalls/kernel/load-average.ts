/**
 * How many tasks wanted to run, lately: /proc/loadavg, sysinfo(2). Linux kernel/sched/loadavg.c: a sample every five
 * seconds, averaged over one, five and fifteen minutes. Nothing runs for it: the scheduler samples when it passes by, and
 * while it did not, nothing wanted to run.
 */

const SAMPLE_NS = 5e9
const WINDOWS_NS = [60e9, 300e9, 900e9]

export class LoadAverage {
  private readonly loads = WINDOWS_NS.map(() => 0)
  private nextNs: number

  constructor(nowNs: number) {
    this.nextNs = nowNs + SAMPLE_NS
  }

  /** Cheap unless a sample is due. */
  sample(nowNs: number, runnable: number): void {
    if (nowNs < this.nextNs) return
    const idleSamples = Math.floor((nowNs - this.nextNs) / SAMPLE_NS)
    for (const [i, windowNs] of WINDOWS_NS.entries()) {
      const kept = Math.exp(-SAMPLE_NS / windowNs)
      this.loads[i] = this.loads[i]! * kept ** (idleSamples + 1) + runnable * (1 - kept)
    }
    this.nextNs += (idleSamples + 1) * SAMPLE_NS
  }

  /** Over one, five and fifteen minutes. */
  at(nowNs: number, runnable: number): readonly number[] {
    this.sample(nowNs, runnable)
    return this.loads
  }
}
