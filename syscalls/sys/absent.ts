/**
 * Why a system call of Linux has no row: by family, so that the documentation and whoever meets ENOSYS can say it.
 * Path: `npm run docs` writes it into docs/syscalls.md; kernel.missingCall says it once.
 */

const REASONS: Readonly<Record<string, string>> = {
  'later: one program looking into another; engines do it from outside': 'ptrace process_mrelease',
  'later: filters inside the guest; engines do it from outside':
    'landlock_create_ruleset landlock_add_rule landlock_restrict_self',
  'later: asynchronous I/O; programs fall back to threads':
    'io_setup io_destroy io_getevents io_submit io_cancel io_pgetevents io_uring_setup io_uring_enter io_uring_register',
  'later: mounts by descriptor; mount(2) does the same':
    'open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr',
  'later: watching whole file systems; inotify(7) watches files': 'fanotify_init fanotify_mark',
  'later: its older relatives are there': 'rt_tgsigqueueinfo',
  'NUMA: one node': 'mbind set_mempolicy get_mempolicy migrate_pages move_pages set_mempolicy_home_node',
  'memory: faults and protection keys are not the guest’s to handle':
    'userfaultfd pkey_mprotect pkey_alloc pkey_free memfd_secret cachestat',
  'kernel modules: there are none':
    'create_module init_module finit_module delete_module query_module get_kernel_syms',
  'needs hardware, or a machine that can be started anew': 'iopl ioperm reboot kexec_load kexec_file_load',
  'the clock is the host’s': 'adjtimex clock_adjtime',
  'no disks: neither swap, quotas nor accounting': 'swapon swapoff quotactl quotactl_fd acct',
  'no kernel of its own to look into: no log, counters or programs in it':
    'syslog perf_event_open bpf lookup_dcookie',
  'no keyrings': 'add_key request_key keyctl',
  'obsolete: libraries use what replaced it':
    'uselib ustat sysfs vhangup _sysctl epoll_ctl_old epoll_wait_old',
  'Linux has only the number': 'nfsservctl getpmsg putpmsg afs_syscall tuxcall security vserver',
}

/** Each absent call and why it is. */
export const absentCalls: ReadonlyMap<string, string> = new Map(
  Object.entries(REASONS).flatMap(([reason, names]) => names.split(' ').map((name) => [name, reason])),
)
