/**
 * /proc/net, which is /proc/self/net, and /proc/sys/net: what the network's tables and limits are. proc(5), ip(7), tcp(7).
 * Path: sysctl.ts and process-files.ts list it; the families of sockets have the files that show sockets.
 */

import { S_IFREG } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { BACKLOG_MAX } from '../../net/backlog.ts'
import { EPHEMERAL_FIRST, EPHEMERAL_LAST, UNPRIVILEGED_FIRST } from '../../net/inet/ports.ts'
import { BUFFER_ASKED_MAX } from '../../net/options.ts'
import { BUFFER_SIZE } from '../../net/socket.ts'
import type { FileSystem } from '../../vfs/inode.ts'
import { type ProcEntry, ProcFile } from './nodes.ts'

/** What shows no sockets, and never changes. */
const FIXED: Readonly<Record<string, string>> = {
  dev: `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`,
  dev_mcast: '',
  packet: 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n',
}

/** The files of /proc/PID/net, with inode numbers from `ino` on. */
export function netEntries(fs: FileSystem, kernel: Kernel, ino: number): ProcEntry[] {
  const texts: [string, () => string][] = Object.entries(FIXED).map(([name, text]) => [name, () => text])
  for (const family of kernel.socketFamilies.all()) texts.push(...Object.entries(family.files))
  return texts.map(([name, text], i) => ({
    name,
    ino: ino + i,
    mode: S_IFREG | 0o444,
    make: () => new ProcFile(fs, ino + i, text),
  }))
}

/** What /proc/sys/net tells: limits that cannot be changed. */
export const NET_LIMITS: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  core: {
    somaxconn: BACKLOG_MAX,
    rmem_default: BUFFER_SIZE,
    rmem_max: BUFFER_ASKED_MAX,
    wmem_default: BUFFER_SIZE,
    wmem_max: BUFFER_ASKED_MAX,
    optmem_max: 131072,
  },
  ipv4: {
    ip_local_port_range: `${EPHEMERAL_FIRST}\t${EPHEMERAL_LAST}`,
    ip_unprivileged_port_start: UNPRIVILEGED_FIRST,
    ip_default_ttl: 64,
    ip_forward: 0,
    ping_group_range: '1\t0',
    tcp_keepalive_time: 7200,
    tcp_keepalive_intvl: 75,
    tcp_keepalive_probes: 9,
    tcp_fin_timeout: 60,
    tcp_syn_retries: 6,
    tcp_max_syn_backlog: BACKLOG_MAX,
    tcp_rmem: '4096\t131072\t6291456',
    tcp_wmem: '4096\t16384\t4194304',
    tcp_congestion_control: 'cubic',
    tcp_available_congestion_control: 'reno cubic',
    tcp_allowed_congestion_control: 'reno cubic',
    tcp_fastopen: 0,
    tcp_tw_reuse: 2,
  },
  ipv6: { bindv6only: 0 },
  unix: { max_dgram_qlen: 10 },
}
