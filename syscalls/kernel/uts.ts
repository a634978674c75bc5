/**
 * Uts: the names that uname(2) tells. The kernel has one, and a view may have its own (engines/name, and
 * unshare(2) with CLONE_NEWUTS). uts_namespaces(7).
 * Path: sys/system.ts and /proc/sys/kernel read and set those of the caller's view.
 */

/** What uname(2) says: the Linux whose behaviour is meant. */
export const KERNEL_RELEASE = '6.1.0-umwelt'
export const KERNEL_VERSION = '#1 SMP PREEMPT_DYNAMIC Umwelt'
/** __NEW_UTS_LEN: bytes of a name without its end. */
export const UTS_NAME_MAX = 64

/** Byte strings. */
export class Uts {
  sysname = 'Linux'
  nodename: string
  release = KERNEL_RELEASE
  version = KERNEL_VERSION
  machine: string
  domainname = '(none)'

  constructor(nodename: string, machine: string) {
    this.nodename = nodename
    this.machine = machine
  }

  /** The same names, to be changed apart from these. */
  copy(): Uts {
    return Object.assign(new Uts(this.nodename, this.machine), this)
  }
}
