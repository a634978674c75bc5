/**
 * SeccompListener: the supervisor's end of a filter, seccomp_unotify(2): it receives calls, looks at them, and answers.
 * Path: sys/seccomp.ts makes it with SECCOMP_FILTER_FLAG_NEW_LISTENER; ioctl(2) comes here. What waits is in
 * kernel/seccomp-notify.ts.
 */

import { E2BIG, EBADF, EFAULT, EINPROGRESS, EINVAL, EMFILE, ENOENT } from '../abi/errno.ts'
import { O_CLOEXEC, O_RDWR } from '../abi/fcntl.ts'
import * as S from '../abi/seccomp.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { SeccompFilter } from '../kernel/seccomp.ts'
import { isFilterUsed, NOTIFY_SENT, type Notifications } from '../kernel/seccomp-notify.ts'
import { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'

/** Direction and size of an ioctl's number: structs may grow. */
const IOC_KIND = 0x0000ffff
const sizeOf = (request: number): number => (request >>> 16) & 0x3fff
const PAGE = 4096

export class SeccompListener extends AnonymousFile {
  private readonly kernel: Kernel
  private readonly filter: SeccompFilter
  private readonly notifications: Notifications

  constructor(kernel: Kernel, filter: SeccompFilter, notifications: Notifications) {
    super(kernel, 'seccomp notify', O_RDWR)
    this.kernel = kernel
    this.filter = filter
    this.notifications = notifications
  }

  override read(): number {
    return -EINVAL
  }

  override write(): number {
    return -EINVAL
  }

  override poll(): number {
    return this.notifications.poll(isFilterUsed(this.kernel, this.filter))
  }

  override pollQueue(): WaitQueue {
    return this.notifications.changed
  }

  override release(): void {
    this.notifications.close()
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (!(caller instanceof Task)) return -EINVAL
    switch (request) {
      case S.SECCOMP_IOCTL_NOTIF_RECV:
        return this.receive(caller, argument)
      case S.SECCOMP_IOCTL_NOTIF_SEND:
        return this.send(caller, argument)
      case S.SECCOMP_IOCTL_NOTIF_ID_VALID:
      case S.SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR:
        return this.checkId(caller, argument)
      case S.SECCOMP_IOCTL_NOTIF_SET_FLAGS:
        return argument & ~S.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP ? -EINVAL : 0
    }
    return (request & IOC_KIND) === (S.SECCOMP_IOCTL_NOTIF_ADDFD & IOC_KIND)
      ? this.addFd(caller, argument, sizeOf(request))
      : -EINVAL
  }

  /** struct seccomp_notif: id u64, pid u32, flags u32, struct seccomp_data; all 0 before. */
  private receive(task: Task, at: number): number {
    const { mm } = task
    const before = mm.copyIn(at, S.SECCOMP_NOTIF_SIZE)
    if (!before) return -EFAULT
    if (before.some((byte) => byte !== 0)) return -EINVAL
    const { notifications } = this
    if (isFilterUsed(this.kernel, this.filter)) {
      if (!notifications.takeRequest()) return task.blockOn(notifications.changed)
    } else notifications.takeRequest()
    const { first } = notifications
    if (!first) return -ENOENT
    notifications.received(first)
    const bytes = new Uint8Array(S.SECCOMP_NOTIF_SIZE)
    const view = new DataView(bytes.buffer)
    const { littleEndian } = task.mm.model
    view.setBigUint64(0, BigInt(first.id), littleEndian)
    view.setUint32(8, task.pids.shown(first.task.tid), littleEndian)
    bytes.set(first.data, 16)
    if (mm.copyOut(at, bytes)) return 0
    notifications.giveBack(first)
    return -EFAULT
  }

  /** struct seccomp_notif_resp: id u64, val s64, error s32, flags u32. */
  private send(task: Task, at: number): number {
    const bytes = task.mm.copyIn(at, S.SECCOMP_NOTIF_RESP_SIZE)
    if (!bytes) return -EFAULT
    const view = new DataView(bytes.buffer)
    const { littleEndian } = task.mm.model
    const value = Number(view.getBigInt64(8, littleEndian))
    const error = view.getInt32(16, littleEndian)
    const flags = view.getUint32(20, littleEndian)
    if (flags & ~S.SECCOMP_USER_NOTIF_FLAG_CONTINUE) return -EINVAL
    const continues = flags !== 0
    if (continues && (error !== 0 || value !== 0)) return -EINVAL
    const notification = this.notifications.find(Number(view.getBigUint64(0, littleEndian)))
    if (!notification) return -ENOENT
    if (notification.state !== NOTIFY_SENT) return -EINPROGRESS
    notification.reply({ result: error || value, continues })
    return 0
  }

  private checkId(task: Task, at: number): number {
    const bytes = task.mm.copyIn(at, 8)
    if (!bytes) return -EFAULT
    const id = Number(new DataView(bytes.buffer).getBigUint64(0, task.mm.model.littleEndian))
    return this.notifications.find(id)?.state === NOTIFY_SENT ? 0 : -ENOENT
  }

  /** struct seccomp_notif_addfd: id u64; flags, srcfd, newfd, newfd_flags u32. A descriptor of ours becomes one of the target. */
  private addFd(task: Task, at: number, size: number): number {
    if (size < S.SECCOMP_NOTIF_ADDFD_SIZE || size >= PAGE) return -EINVAL
    const bytes = task.mm.copyIn(at, size)
    if (!bytes) return -EFAULT
    if (bytes.subarray(S.SECCOMP_NOTIF_ADDFD_SIZE).some((byte) => byte !== 0)) return -E2BIG
    const view = new DataView(bytes.buffer)
    const { littleEndian } = task.mm.model
    const [flags, source, wanted, fdFlags] = [8, 12, 16, 20].map((i) => view.getUint32(i, littleEndian)) as [
      number,
      number,
      number,
      number,
    ]
    if (fdFlags & ~O_CLOEXEC) return -EINVAL
    if (flags & ~(S.SECCOMP_ADDFD_FLAG_SETFD | S.SECCOMP_ADDFD_FLAG_SEND)) return -EINVAL
    const isSet = (flags & S.SECCOMP_ADDFD_FLAG_SETFD) !== 0
    if (wanted !== 0 && !isSet) return -EINVAL
    const file = task.fds.usable(source)
    if (!file) return -EBADF
    const notification = this.notifications.find(Number(view.getBigUint64(0, littleEndian)))
    if (!notification) return -ENOENT
    if (notification.state !== NOTIFY_SENT) return -EINPROGRESS
    const { fds } = notification.task
    const closesOnExec = fdFlags !== 0
    if (isSet && wanted >= fds.limit) return -EBADF
    if (isSet) fds.replace(wanted, file, closesOnExec)
    const made = isSet ? wanted : fds.install(file, closesOnExec)
    if (made < 0) return -EMFILE
    if (flags & S.SECCOMP_ADDFD_FLAG_SEND) notification.reply({ result: made, continues: false })
    return made
  }
}
