/**
 * Uts: the names that uname(2) tells. The kernel has one, and a view may have its own (engines/name, and
 * unshare(2) with CLONE_NEWUTS). uts_namespaces(7).
 * Path: sys/system.ts and /proc/sys/kernel read and set those of the caller's view.
 */

import { Namespace } from './namespace.ts'

/** What uname(2) says: the Linux whose behaviour is meant. */
export const KERNEL_RELEASE = '6.1.0-umwelt'
export const KERNEL_VERSION = '#1 SMP PREEMPT_DYNAMIC Umwelt'
/** __NEW_UTS_LEN: bytes of a name without its end. */
export const UTS_NAME_MAX = 64

/** Byte strings. */
export class Uts extends Namespace {
  readonly kind = 'uts'
  sysname = 'Linux'
  nodename: string
  release = KERNEL_RELEASE
  version = KERNEL_VERSION
  /** Null: what the program's ISA says. */
  machine: string | null = null
  domainname = '(none)'

  constructor(nodename: string) {
    super()
    this.nodename = nodename
  }

  /** The same names, to be changed apart from these. */
  copy(): Uts {
    const made = new Uts(this.nodename)
    made.machine = this.machine
    made.sysname = this.sysname
    made.release = this.release
    made.version = this.version
    made.domainname = this.domainname
    return made
  }
}
