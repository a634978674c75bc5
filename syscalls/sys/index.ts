/** Every system call, by family. Path: linux.ts makes the kernel's table of it. */

import { capabilityRows } from './capability.ts'
import { credentialRows } from './credentials.ts'
import { dirRows } from './dir.ts'
import { epollRows } from './epoll.ts'
import { eventFileRows } from './event-files.ts'
import { fdRows } from './fd.ts'
import { fileRows } from './file.ts'
import { futexRows } from './futex.ts'
import { getdentsRows } from './getdents.ts'
import { id16Rows } from './id16.ts'
import { identityRows } from './identity.ts'
import { inotifyRows } from './inotify.ts'
import { ioRows } from './io.ts'
import { madviseRows } from './madvise.ts'
import { mlockRows } from './mlock.ts'
import { mmapRows } from './mmap.ts'
import { mountRows } from './mount.ts'
import { mqueueRows } from './mqueue.ts'
import { msgRows } from './msg.ts'
import { namespaceRows } from './namespace.ts'
import { olderRows } from './older.ts'
import { olderSignalRows } from './older-signal.ts'
import { pidfdRows } from './pidfd.ts'
import { policyRows } from './policy.ts'
import { pollRows } from './poll.ts'
import { prctlRows } from './prctl.ts'
import { processRows } from './process.ts'
import { processVmRows } from './process-vm.ts'
import type { SyscallRow } from './row.ts'
import { rseqRows } from './rseq.ts'
import { rusageRows } from './rusage.ts'
import { schedRows } from './sched.ts'
import { seccompRows } from './seccomp.ts'
import { segmentRows } from './segments.ts'
import { semRows } from './sem.ts'
import { shmRows } from './shm.ts'
import { signalRows } from './signal.ts'
import { socketRows } from './socket.ts'
import { spliceRows } from './splice.ts'
import { statRows } from './stat.ts'
import { statfsRows } from './statfs.ts'
import { statxRows } from './statx.ts'
import { systemRows } from './system.ts'
import { timeRows } from './time.ts'
import { timerRows } from './timer.ts'
import { vectorRows } from './vector.ts'
import { xattrRows } from './xattr.ts'

export const syscallRows: readonly SyscallRow[] = [
  ...ioRows,
  ...vectorRows,
  ...spliceRows,
  ...fileRows,
  ...fdRows,
  ...dirRows,
  ...getdentsRows,
  ...statRows,
  ...statxRows,
  ...statfsRows,
  ...xattrRows,
  ...mountRows,
  ...namespaceRows,
  ...mmapRows,
  ...madviseRows,
  ...processRows,
  ...segmentRows,
  ...identityRows,
  ...credentialRows,
  ...capabilityRows,
  ...signalRows,
  ...timeRows,
  ...timerRows,
  ...pollRows,
  ...epollRows,
  ...eventFileRows,
  ...inotifyRows,
  ...pidfdRows,
  ...socketRows,
  ...systemRows,
  ...rseqRows,
  ...rusageRows,
  ...schedRows,
  ...policyRows,
  ...processVmRows,
  ...mlockRows,
  ...prctlRows,
  ...seccompRows,
  ...shmRows,
  ...semRows,
  ...msgRows,
  ...mqueueRows,
  ...futexRows,
  ...id16Rows,
  ...olderRows,
  ...olderSignalRows,
]
