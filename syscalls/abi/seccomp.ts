/** Filters of system calls: <linux/seccomp.h>, <linux/audit.h>. seccomp(2). */

import { flagTable } from './flag-table.ts'

export const SECCOMP_MODE_STRICT = 1
export const SECCOMP_MODE_FILTER = 2

export const SECCOMP_SET_MODE_STRICT = 0
export const SECCOMP_SET_MODE_FILTER = 1
export const SECCOMP_GET_ACTION_AVAIL = 2
export const SECCOMP_GET_NOTIF_SIZES = 3
export const seccompOperations = flagTable(
  {
    SECCOMP_SET_MODE_STRICT,
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_GET_ACTION_AVAIL,
    SECCOMP_GET_NOTIF_SIZES,
  },
  'SECCOMP_???',
)

export const SECCOMP_FILTER_FLAG_TSYNC = 1
export const SECCOMP_FILTER_FLAG_LOG = 2
export const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4
export const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8
export const SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 16
export const SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 32
export const seccompFlags = flagTable(
  {
    SECCOMP_FILTER_FLAG_TSYNC,
    SECCOMP_FILTER_FLAG_LOG,
    SECCOMP_FILTER_FLAG_SPEC_ALLOW,
    SECCOMP_FILTER_FLAG_NEW_LISTENER,
    SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
  },
  'SECCOMP_FILTER_FLAG_???',
)

export const SECCOMP_RET_KILL_PROCESS = 0x80000000
export const SECCOMP_RET_KILL_THREAD = 0
export const SECCOMP_RET_TRAP = 0x30000
export const SECCOMP_RET_ERRNO = 0x50000
export const SECCOMP_RET_USER_NOTIF = 0x7fc00000
export const SECCOMP_RET_TRACE = 0x7ff00000
export const SECCOMP_RET_LOG = 0x7ffc0000
export const SECCOMP_RET_ALLOW = 0x7fff0000

export const SYS_SECCOMP = 1
export const AUDIT_ARCH_X86_64 = 0xc000003e
export const AUDIT_ARCH_I386 = 0x40000003
export const AUDIT_ARCH_PPC = 0x14
export const AUDIT_ARCH_PPC64 = 0x80000015
export const AUDIT_ARCH_PPC64LE = 0xc0000015

/** Sizes of struct seccomp_notif, seccomp_notif_resp, seccomp_data, seccomp_notif_addfd. */
export const SECCOMP_NOTIF_SIZE = 80
export const SECCOMP_NOTIF_RESP_SIZE = 24
export const SECCOMP_DATA_SIZE = 64
export const SECCOMP_NOTIF_ADDFD_SIZE = 24

export const SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100
export const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101
export const SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102
/** As it was first released. */
export const SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR = 0x80082102
export const SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103
export const SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104

export const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1
export const SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1
export const SECCOMP_ADDFD_FLAG_SETFD = 1
export const SECCOMP_ADDFD_FLAG_SEND = 2
