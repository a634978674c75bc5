/** What the IPC objects of all namespaces have together: its bounds are what a guest can make the emulator remember. */

/** System V objects; Linux bounds each kind, and the namespaces. */
const OBJECT_COUNT_MAX = 128_000

export class IpcTotals {
  objects = 0
  /** Of System V messages, with what each costs besides its text. */
  messageBytes = 0
  /** What POSIX queues may hold. */
  queueBytes = 0
  semaphores = 0
  segmentPages = 0

  get hasRoom(): boolean {
    return this.objects < OBJECT_COUNT_MAX
  }
}
