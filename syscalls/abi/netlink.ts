/** Netlink: <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_link.h>; netlink(7), rtnetlink(7). */

import { flagTable } from './flag-table.ts'

export const NETLINK_ROUTE = 0
export const netlinkProtocols = flagTable(
  {
    NETLINK_ROUTE,
    NETLINK_USERSOCK: 2,
    NETLINK_SOCK_DIAG: 4,
    NETLINK_NETFILTER: 12,
    NETLINK_KOBJECT_UEVENT: 15,
    NETLINK_GENERIC: 16,
  },
  'NETLINK_???',
)

/** struct sockaddr_nl: family u16, nothing u16, port u32, groups u32. */
export const SOCKADDR_NL_SIZE = 12

export const SOL_NETLINK = 270
export const NETLINK_ADD_MEMBERSHIP = 1
export const NETLINK_DROP_MEMBERSHIP = 2
export const NETLINK_PKTINFO = 3
export const NETLINK_LIST_MEMBERSHIPS = 9
export const NETLINK_CAP_ACK = 10
export const NETLINK_BROADCAST_ERROR = 4
export const NETLINK_NO_ENOBUFS = 5
export const NETLINK_EXT_ACK = 11
export const NETLINK_GET_STRICT_CHK = 12
export const netlinkOptions = flagTable(
  {
    NETLINK_ADD_MEMBERSHIP,
    NETLINK_DROP_MEMBERSHIP,
    NETLINK_PKTINFO,
    NETLINK_BROADCAST_ERROR,
    NETLINK_NO_ENOBUFS,
    NETLINK_LISTEN_ALL_NSID: 8,
    NETLINK_LIST_MEMBERSHIPS,
    NETLINK_CAP_ACK,
    NETLINK_EXT_ACK,
    NETLINK_GET_STRICT_CHK,
  },
  'NETLINK_???',
)

/** struct nlmsghdr: length u32, type u16, flags u16, sequence u32, port u32. */
export const NLMSG_HDRLEN = 16
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
/** Types below are the protocol's own. */
export const NLMSG_MIN_TYPE = 16
export const NLM_F_REQUEST = 1
export const NLM_F_MULTI = 2
export const NLM_F_ACK = 4
/** Of an acknowledgement: the message itself is left out. */
export const NLM_F_CAPPED = 0x100
/** NLM_F_ROOT and NLM_F_MATCH. */
export const NLM_F_DUMP = 0x300

export const RTM_NEWLINK = 16
export const RTM_GETLINK = 18
export const RTM_NEWADDR = 20
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_GETROUTE = 26
export const RTM_GETNEIGH = 30
export const RTM_NEWRULE = 32
export const RTM_GETRULE = 34
export const RTM_MAX = 123

export const IFLA_ADDRESS = 1
export const IFLA_BROADCAST = 2
export const IFLA_IFNAME = 3
export const IFLA_MTU = 4
export const IFLA_QDISC = 6
export const IFLA_STATS = 7
export const IFLA_TXQLEN = 13
export const IFLA_MAP = 14
export const IFLA_OPERSTATE = 16
export const IFLA_LINKMODE = 17
export const IFLA_STATS64 = 23
export const IFLA_GROUP = 27
export const IFLA_CARRIER = 33

export const IFA_ADDRESS = 1
export const IFA_LOCAL = 2
export const IFA_LABEL = 3
export const IFA_CACHEINFO = 6
export const IFA_FLAGS = 8
/** The address stays. */
export const IFA_F_PERMANENT = 0x80

export const RTA_DST = 1
export const RTA_OIF = 4
export const RTA_PRIORITY = 6
export const RTA_PREFSRC = 7
export const RTA_CACHEINFO = 12
export const RTA_TABLE = 15
export const RTA_UID = 25
export const RT_TABLE_MAIN = 254
export const RT_TABLE_LOCAL = 255
export const RT_SCOPE_UNIVERSE = 0
export const RT_SCOPE_LINK = 253
export const RT_SCOPE_HOST = 254
/** Who made a route: the kernel. */
export const RTPROT_KERNEL = 2
export const RTN_UNICAST = 1
export const RTN_LOCAL = 2
export const RTN_BROADCAST = 3

export const FRA_PRIORITY = 6
export const FRA_SUPPRESS_PREFIXLEN = 14
export const FRA_TABLE = 15
export const FRA_PROTOCOL = 21
