/** User and group ids of a task: credentials(7). Root has every capability, nobody else has any. */

export class Credentials {
  uid = 0
  euid = 0
  suid = 0
  fsuid = 0
  gid = 0
  egid = 0
  sgid = 0
  fsgid = 0
  groups: readonly number[] = []
  /** PR_SET_KEEPCAPS; execve takes it back. */
  keepsCapabilities = false

  constructor(uid: number, gid: number) {
    this.uid = this.euid = this.suid = this.fsuid = uid
    this.gid = this.egid = this.sgid = this.fsgid = gid
  }

  copy(): Credentials {
    return Object.assign(new Credentials(0, 0), this)
  }

  /** CAP_* of the file system: CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN. */
  get overridesFiles(): boolean {
    return this.fsuid === 0
  }

  /** The other capabilities: CAP_KILL, CAP_SETUID, CAP_SYS_ADMIN … */
  get isPrivileged(): boolean {
    return this.euid === 0
  }

  /** As System V IPC asks: by the effective id, not the file system's. */
  inEffectiveGroup(gid: number): boolean {
    return gid === this.egid || this.groups.includes(gid)
  }

  inGroup(gid: number): boolean {
    return gid === this.fsgid || this.groups.includes(gid)
  }
}
