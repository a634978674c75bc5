/** Sockets: <linux/socket.h>, <asm-generic/socket.h>, <linux/un.h>; socket(2), socket(7), unix(7). */

import type { ByteOrder } from './bytes.ts'
import { O_CLOEXEC, O_NONBLOCK } from './fcntl.ts'
import { flagTable } from './flag-table.ts'
import { struct } from './struct.ts'

export const AF_UNSPEC = 0
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16
/** Families have numbers below this. */
export const AF_MAX = 46
export const addressFamilies = flagTable(
  {
    AF_UNSPEC,
    AF_UNIX,
    AF_INET,
    AF_AX25: 3,
    AF_IPX: 4,
    AF_APPLETALK: 5,
    AF_INET6,
    AF_KEY: 15,
    AF_NETLINK,
    AF_PACKET: 17,
    AF_CAN: 29,
    AF_TIPC: 30,
    AF_BLUETOOTH: 31,
    AF_ALG: 38,
    AF_VSOCK: 40,
    AF_XDP: 44,
  },
  'AF_???',
)

export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_SEQPACKET = 5
export const SOCK_TYPE_MAX = 11
export const SOCK_TYPE_MASK = 0xf
export const SOCK_CLOEXEC = O_CLOEXEC
export const SOCK_NONBLOCK = O_NONBLOCK
export const socketTypes = {
  ...flagTable({ SOCK_CLOEXEC, SOCK_NONBLOCK }, 'SOCK_???'),
  choice: {
    mask: SOCK_TYPE_MASK,
    names: [
      ['SOCK_STREAM', SOCK_STREAM],
      ['SOCK_DGRAM', SOCK_DGRAM],
      ['SOCK_RAW', SOCK_RAW],
      ['SOCK_RDM', 4],
      ['SOCK_SEQPACKET', SOCK_SEQPACKET],
      ['SOCK_DCCP', 6],
      ['SOCK_PACKET', 10],
    ] as const,
  },
}
export const socketFlags = flagTable({ SOCK_CLOEXEC, SOCK_NONBLOCK }, 'SOCK_???')

export const SHUT_RD = 0
export const SHUT_WR = 1
export const SHUT_RDWR = 2
export const shutdownHows = flagTable({ SHUT_RD, SHUT_WR, SHUT_RDWR }, 'SHUT_???')

export const MSG_OOB = 1
export const MSG_PEEK = 2
export const MSG_CTRUNC = 8
export const MSG_TRUNC = 0x20
export const MSG_DONTWAIT = 0x40
export const MSG_EOR = 0x80
export const MSG_WAITALL = 0x100
export const MSG_NOSIGNAL = 0x4000
export const MSG_WAITFORONE = 0x10000
export const MSG_ERRQUEUE = 0x2000
export const MSG_FASTOPEN = 0x20000000
export const MSG_CMSG_CLOEXEC = 0x40000000
export const messageFlags = flagTable(
  {
    MSG_OOB,
    MSG_PEEK,
    MSG_DONTROUTE: 4,
    MSG_CTRUNC,
    MSG_PROBE: 0x10,
    MSG_TRUNC,
    MSG_DONTWAIT,
    MSG_EOR,
    MSG_WAITALL,
    MSG_FIN: 0x200,
    MSG_SYN: 0x400,
    MSG_CONFIRM: 0x800,
    MSG_RST: 0x1000,
    MSG_ERRQUEUE,
    MSG_NOSIGNAL,
    MSG_MORE: 0x8000,
    MSG_WAITFORONE,
    MSG_BATCH: 0x40000,
    MSG_FASTOPEN,
    MSG_CMSG_CLOEXEC,
  },
  'MSG_???',
)

export const SOL_SOCKET = 1
export const socketLevels = flagTable(
  { SOL_IP: 0, SOL_SOCKET, SOL_TCP: 6, SOL_UDP: 17, SOL_IPV6: 41, SOL_RAW: 255, SOL_NETLINK: 270 },
  'SOL_???',
)
export const SO_DEBUG = 1
export const SO_REUSEADDR = 2
export const SO_TYPE = 3
export const SO_ERROR = 4
export const SO_DONTROUTE = 5
export const SO_BROADCAST = 6
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_KEEPALIVE = 9
export const SO_OOBINLINE = 10
export const SO_NO_CHECK = 11
export const SO_PRIORITY = 12
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const SO_PASSCRED = 16
export const SO_PEERCRED = 17
export const SO_RCVLOWAT = 18
export const SO_SNDLOWAT = 19
export const SO_RCVTIMEO = 20
export const SO_SNDTIMEO = 21
export const SO_RCVTIMEO_NEW = 66
export const SO_SNDTIMEO_NEW = 67
export const SO_TIMESTAMP = 29
export const SO_TIMESTAMPNS = 35
/** With 64-bit times on every ISA. */
export const SO_TIMESTAMP_NEW = 63
export const SO_TIMESTAMPNS_NEW = 64
/** Of these forms of a time one is told. */
export const TIMESTAMPS = [SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW]
export const SO_ACCEPTCONN = 30
export const SO_SNDBUFFORCE = 32
export const SO_RCVBUFFORCE = 33
export const SO_PROTOCOL = 38
export const SO_DOMAIN = 39
export const SO_BSDCOMPAT = 14
export const SO_BINDTODEVICE = 25
export const SO_PEERNAME = 28
export const SO_MARK = 36
export const SO_RXQ_OVFL = 40
export const SO_WIFI_STATUS = 41
export const SO_NOFCS = 43
export const SO_LOCK_FILTER = 44
export const SO_SELECT_ERR_QUEUE = 45
export const SO_BUSY_POLL = 46
export const SO_BPF_EXTENSIONS = 48
export const SO_INCOMING_CPU = 49
export const SO_INCOMING_NAPI_ID = 56
export const SO_BINDTOIFINDEX = 62
export const SO_BUF_LOCK = 72
export const SO_RCVMARK = 75
export const SO_PASSPIDFD = 76
export const SO_PEERPIDFD = 77
/** ioctl(2): whether the next byte is the urgent one. */
export const SIOCATMARK = 0x8905
/** netdevice(7) */
export const SIOCGIFNAME = 0x8910
export const SIOCGIFCONF = 0x8912
export const SIOCGIFFLAGS = 0x8913
export const SIOCSIFFLAGS = 0x8914
export const SIOCGIFADDR = 0x8915
export const SIOCGIFDSTADDR = 0x8917
export const SIOCGIFBRDADDR = 0x8919
export const SIOCGIFNETMASK = 0x891b
export const SIOCGIFMETRIC = 0x891d
export const SIOCGIFMTU = 0x8921
export const SIOCGIFHWADDR = 0x8927
export const SIOCGIFINDEX = 0x8933
export const SIOCGIFTXQLEN = 0x8942
export const SIOCGIFMAP = 0x8970
export const socketRequests = {
  SIOCATMARK,
  SIOCGIFNAME,
  SIOCGIFCONF,
  SIOCGIFFLAGS,
  SIOCSIFFLAGS,
  SIOCGIFADDR,
  SIOCGIFDSTADDR,
  SIOCGIFBRDADDR,
  SIOCGIFNETMASK,
  SIOCGIFMETRIC,
  SIOCGIFMTU,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
  SIOCGIFTXQLEN,
  SIOCGIFMAP,
}
export const socketOptions = flagTable(
  {
    SO_DEBUG,
    SO_REUSEADDR,
    SO_TYPE,
    SO_ERROR,
    SO_DONTROUTE,
    SO_BROADCAST,
    SO_SNDBUF,
    SO_RCVBUF,
    SO_KEEPALIVE,
    SO_OOBINLINE,
    SO_NO_CHECK,
    SO_PRIORITY,
    SO_LINGER,
    SO_REUSEPORT,
    SO_PASSCRED,
    SO_PEERCRED,
    SO_RCVLOWAT,
    SO_SNDLOWAT,
    SO_RCVTIMEO_OLD: SO_RCVTIMEO,
    SO_SNDTIMEO_OLD: SO_SNDTIMEO,
    SO_ATTACH_FILTER: 26,
    SO_DETACH_FILTER: 27,
    SO_TIMESTAMP_OLD: SO_TIMESTAMP,
    SO_TIMESTAMPNS_OLD: SO_TIMESTAMPNS,
    SO_TIMESTAMP_NEW,
    SO_TIMESTAMPNS_NEW,
    SO_ACCEPTCONN,
    SO_PEERSEC: 31,
    SO_SNDBUFFORCE,
    SO_RCVBUFFORCE,
    SO_PASSSEC: 34,
    SO_PROTOCOL,
    SO_DOMAIN,
    SO_PEEK_OFF: 42,
    SO_PEERGROUPS: 59,
    SO_BSDCOMPAT,
    SO_BINDTODEVICE,
    SO_PEERNAME,
    SO_MARK,
    SO_RXQ_OVFL,
    SO_WIFI_STATUS,
    SO_NOFCS,
    SO_LOCK_FILTER,
    SO_SELECT_ERR_QUEUE,
    SO_BUSY_POLL,
    SO_BPF_EXTENSIONS,
    SO_INCOMING_CPU,
    SO_INCOMING_NAPI_ID,
    SO_BINDTOIFINDEX,
    SO_BUF_LOCK,
    SO_RCVMARK,
    SO_PASSPIDFD,
    SO_PEERPIDFD,
  },
  'SO_???',
)

export const SCM_RIGHTS = 1
export const SCM_CREDENTIALS = 2
export const SCM_PIDFD = 4
export const controlTypes = flagTable(
  { SCM_RIGHTS, SCM_CREDENTIALS, SCM_SECURITY: 3, SCM_PIDFD, SO_TIMESTAMP_OLD: SO_TIMESTAMP },
  'SCM_???',
)
/** Descriptors in one message: Linux SCM_MAX_FD. */
export const SCM_FD_COUNT_MAX = 253
/** What a process without a user id here is shown as. */
export const OVERFLOW_ID = 65534

/** struct sockaddr_un: family u16, then up to 108 bytes. */
export const SUN_PATH = 2
export const SOCKADDR_UN_SIZE = 110
export const SOCKADDR_SIZE_MAX = 128

/** The family that a sockaddr of two bytes or more begins with. */
export const familyOf = (address: Uint8Array): number => address[0]! | (address[1]! << 8)

/** Where each family's address has numbers of 32 bits in the program's own order. */
const OWN_ORDER: Readonly<Record<number, readonly number[]>> = { [AF_NETLINK]: [4, 8], [AF_INET6]: [24] }

/**
 * A program's address as the kernel keeps it, little-endian, or the other way round. Ports and internet addresses are
 * big-endian everywhere.
 */
export function addressInOrder(address: Uint8Array, { littleEndian }: ByteOrder): Uint8Array {
  if (littleEndian || address.length < 2) return address
  const turned = address.slice()
  turned.subarray(0, 2).reverse()
  const family = address[0]! | address[1]!
  for (const at of OWN_ORDER[family] ?? []) if (at + 4 <= turned.length) turned.subarray(at, at + 4).reverse()
  return turned
}

/** struct ucred. */
export interface Ucred {
  pid: number
  uid: number
  gid: number
}

export const MSGHDR = struct({
  name: 'word',
  nameLength: 's32',
  iov: 'word',
  iovCount: 'word',
  control: 'word',
  controlLength: 'word',
  flags: 'u32',
})
/** struct cmsghdr; then what it carries, to a multiple of a word. */
export const CMSGHDR = struct({ length: 'word', level: 's32', type: 's32' })
