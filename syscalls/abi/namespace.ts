/** ioctls of namespaces' files: <linux/nsfs.h>, ioctl_nsfs(2). */

/** The user namespace that owns this one, as a descriptor. */
export const NS_GET_USERNS = 0xb701
/** The namespace that a user or PID namespace is in. */
export const NS_GET_PARENT = 0xb702
/** CLONE_NEW*. */
export const NS_GET_NSTYPE = 0xb703
/** Who made a user namespace. */
export const NS_GET_OWNER_UID = 0xb704
