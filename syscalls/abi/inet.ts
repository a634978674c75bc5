/** The internet's sockets: <netinet/in.h>, <netinet/tcp.h>, <linux/in6.h>; ip(7), ipv6(7), tcp(7), udp(7). */

import { flagTable } from './flag-table.ts'

export const IPPROTO_IP = 0
export const IPPROTO_ICMP = 1
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
export const IPPROTO_UDPLITE = 136
export const IPPROTO_IPV6 = 41
export const IPPROTO_ICMPV6 = 58
/** Protocols have numbers below this. */
export const IPPROTO_MAX = 263
export const internetProtocols = flagTable(
  {
    IPPROTO_IP,
    IPPROTO_ICMP,
    IPPROTO_IGMP: 2,
    IPPROTO_TCP,
    IPPROTO_UDP,
    IPPROTO_IPV6,
    IPPROTO_ICMPV6,
    IPPROTO_SCTP: 132,
    IPPROTO_UDPLITE,
    IPPROTO_RAW: 255,
    IPPROTO_MPTCP: 262,
  },
  'IPPROTO_???',
)

/** struct sockaddr_in: family u16, port u16 and address u32 of the network's order, 8 bytes of nothing. */
export const SOCKADDR_IN_SIZE = 16
/** struct sockaddr_in6: family u16, port u16, flowinfo u32, 16 bytes of address, scope u32. */
export const SOCKADDR_IN6_SIZE = 28
/** Without the scope it is still taken. */
export const SOCKADDR_IN6_SIZE_MIN = 24

export const SOL_IP = 0
export const SOL_TCP = 6
export const SOL_UDP = 17
export const SOL_IPV6 = 41

export const IP_TOS = 1
export const IP_TTL = 2
export const IP_OPTIONS = 4
export const IP_PKTINFO = 8
export const IP_RECVTTL = 12
export const IP_RECVTOS = 13
export const IP_MTU = 14
export const IP_RECVERR = 11
export const IP_FREEBIND = 15
export const IP_RECVORIGDSTADDR = 20
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_ADD_MEMBERSHIP = 35
export const IP_DROP_MEMBERSHIP = 36
export const IP_MULTICAST_ALL = 49
export const IP_LOCAL_PORT_RANGE = 51
export const IP_PROTOCOL = 52
export const IP_HDRINCL = 3
export const IP_RECVOPTS = 6
export const IP_RETOPTS = 7
export const IP_MTU_DISCOVER = 10
export const IP_PASSSEC = 18
export const IP_TRANSPARENT = 19
export const IP_MINTTL = 21
export const IP_NODEFRAG = 22
export const IP_CHECKSUM = 23
export const IP_BIND_ADDRESS_NO_PORT = 24
export const IP_RECVFRAGSIZE = 25
export const IP_RECVERR_RFC4884 = 26
export const IP_MULTICAST_LOOP = 34
export const IP_UNICAST_IF = 50
export const ipOptions = flagTable(
  {
    IP_TOS,
    IP_TTL,
    IP_OPTIONS,
    IP_PKTINFO,
    IP_RECVERR,
    IP_RECVTTL,
    IP_RECVTOS,
    IP_MTU,
    IP_FREEBIND,
    IP_RECVORIGDSTADDR,
    IP_MULTICAST_IF,
    IP_MULTICAST_TTL,
    IP_ADD_MEMBERSHIP,
    IP_DROP_MEMBERSHIP,
    IP_MULTICAST_ALL,
    IP_LOCAL_PORT_RANGE,
    IP_PROTOCOL,
    IP_HDRINCL,
    IP_RECVOPTS,
    IP_RETOPTS,
    IP_MTU_DISCOVER,
    IP_PASSSEC,
    IP_TRANSPARENT,
    IP_MINTTL,
    IP_NODEFRAG,
    IP_CHECKSUM,
    IP_BIND_ADDRESS_NO_PORT,
    IP_RECVFRAGSIZE,
    IP_RECVERR_RFC4884,
    IP_MULTICAST_LOOP,
    IP_UNICAST_IF,
  },
  'IP_???',
)

export const TCP_NODELAY = 1
export const TCP_MAXSEG = 2
export const TCP_CORK = 3
export const TCP_KEEPIDLE = 4
export const TCP_KEEPINTVL = 5
export const TCP_KEEPCNT = 6
export const TCP_SYNCNT = 7
export const TCP_LINGER2 = 8
export const TCP_DEFER_ACCEPT = 9
export const TCP_WINDOW_CLAMP = 10
export const TCP_INFO = 11
export const TCP_QUICKACK = 12
export const TCP_CONGESTION = 13
export const TCP_USER_TIMEOUT = 18
export const TCP_FASTOPEN = 23
export const TCP_NOTSENT_LOWAT = 25
export const TCP_ULP = 31
export const TCP_THIN_LINEAR_TIMEOUTS = 16
export const TCP_SAVE_SYN = 27
export const TCP_FASTOPEN_CONNECT = 30
export const TCP_FASTOPEN_NO_COOKIE = 34
export const TCP_INQ = 36
export const TCP_TX_DELAY = 37
export const tcpOptions = flagTable(
  {
    TCP_NODELAY,
    TCP_MAXSEG,
    TCP_CORK,
    TCP_KEEPIDLE,
    TCP_KEEPINTVL,
    TCP_KEEPCNT,
    TCP_SYNCNT,
    TCP_LINGER2,
    TCP_DEFER_ACCEPT,
    TCP_WINDOW_CLAMP,
    TCP_INFO,
    TCP_QUICKACK,
    TCP_CONGESTION,
    TCP_USER_TIMEOUT,
    TCP_FASTOPEN,
    TCP_TIMESTAMP: 24,
    TCP_NOTSENT_LOWAT,
    TCP_ULP,
    TCP_THIN_LINEAR_TIMEOUTS,
    TCP_SAVE_SYN,
    TCP_FASTOPEN_CONNECT,
    TCP_FASTOPEN_NO_COOKIE,
    TCP_INQ,
    TCP_TX_DELAY,
  },
  'TCP_???',
)
/** States of a connection as TCP_INFO and /proc/net/tcp tell them. */
export const TCP_ESTABLISHED = 1
export const TCP_SYN_SENT = 2
export const TCP_FIN_WAIT2 = 5
export const TCP_TIME_WAIT = 6
export const TCP_CLOSE = 7
export const TCP_CLOSE_WAIT = 8
export const TCP_LISTEN = 10

/** Of UDP-Lite. */
export const UDPLITE_SEND_CSCOV = 10
export const UDPLITE_RECV_CSCOV = 11
export const UDP_CORK = 1
export const UDP_NO_CHECK6_TX = 101
export const UDP_NO_CHECK6_RX = 102
export const UDP_SEGMENT = 103
export const UDP_GRO = 104
export const udpOptions = flagTable(
  { UDP_CORK, UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX, UDP_SEGMENT, UDP_GRO },
  'UDP_???',
)

export const IPV6_MULTICAST_IF = 17
export const IPV6_MULTICAST_HOPS = 18
export const IPV6_ADD_MEMBERSHIP = 20
export const IPV6_DROP_MEMBERSHIP = 21
export const IPV6_MTU = 24
export const IPV6_RECVERR = 25
export const IPV6_V6ONLY = 26
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_HOPLIMIT = 52
export const IPV6_RECVTCLASS = 66
export const IPV6_TCLASS = 67
export const IPV6_2292PKTINFO = 2
export const IPV6_2292HOPOPTS = 3
export const IPV6_2292DSTOPTS = 4
export const IPV6_2292RTHDR = 5
export const IPV6_2292HOPLIMIT = 8
export const IPV6_FLOWINFO = 11
export const IPV6_UNICAST_HOPS = 16
export const IPV6_MULTICAST_LOOP = 19
export const IPV6_MTU_DISCOVER = 23
export const IPV6_MULTICAST_ALL = 29
export const IPV6_ROUTER_ALERT_ISOLATE = 30
export const IPV6_RECVERR_RFC4884 = 31
export const IPV6_FLOWINFO_SEND = 33
export const IPV6_RECVHOPOPTS = 53
export const IPV6_RECVRTHDR = 56
export const IPV6_RECVDSTOPTS = 58
export const IPV6_RECVPATHMTU = 60
export const IPV6_DONTFRAG = 62
export const IPV6_AUTOFLOWLABEL = 70
export const IPV6_MINHOPCOUNT = 73
export const IPV6_RECVORIGDSTADDR = 74
export const IPV6_TRANSPARENT = 75
export const IPV6_RECVFRAGSIZE = 77
export const IPV6_FREEBIND = 78
export const ipv6Options = flagTable(
  {
    IPV6_ADDRFORM: 1,
    IPV6_MULTICAST_IF,
    IPV6_MULTICAST_HOPS,
    IPV6_ADD_MEMBERSHIP,
    IPV6_DROP_MEMBERSHIP,
    IPV6_MTU,
    IPV6_RECVERR,
    IPV6_V6ONLY,
    IPV6_RECVPKTINFO,
    IPV6_PKTINFO,
    IPV6_RECVHOPLIMIT,
    IPV6_HOPLIMIT,
    IPV6_RECVTCLASS,
    IPV6_TCLASS,
    IPV6_2292PKTINFO,
    IPV6_2292HOPOPTS,
    IPV6_2292DSTOPTS,
    IPV6_2292RTHDR,
    IPV6_2292HOPLIMIT,
    IPV6_FLOWINFO,
    IPV6_UNICAST_HOPS,
    IPV6_MULTICAST_LOOP,
    IPV6_MTU_DISCOVER,
    IPV6_MULTICAST_ALL,
    IPV6_ROUTER_ALERT_ISOLATE,
    IPV6_RECVERR_RFC4884,
    IPV6_FLOWINFO_SEND,
    IPV6_RECVHOPOPTS,
    IPV6_RECVRTHDR,
    IPV6_RECVDSTOPTS,
    IPV6_RECVPATHMTU,
    IPV6_DONTFRAG,
    IPV6_AUTOFLOWLABEL,
    IPV6_MINHOPCOUNT,
    IPV6_RECVORIGDSTADDR,
    IPV6_TRANSPARENT,
    IPV6_RECVFRAGSIZE,
    IPV6_FREEBIND,
  },
  'IPV6_???',
)
