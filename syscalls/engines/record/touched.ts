/**
 * Which calls touch what: for each call with names, what it does to each of them. Path: record.ts is asked for these
 * calls only.
 */

/** What a program did to a name. `missed`: it was not there; `refused`: it was not allowed. */
export type Touch = 'read' | 'write' | 'look' | 'make' | 'remove' | 'change' | 'run' | 'missed' | 'refused'

/** Of the name arguments of a call in order; null: this one is no name of a file, or not touched. */
type Touches = readonly (Touch | null)[]

const each = (touches: Touches, ...names: string[]): [string, Touches][] =>
  names.map((name) => [name, touches])

/** All but the opening ones, whose flags say it. */
export const TOUCHES: ReadonlyMap<string, Touches> = new Map([
  ...each(['look'], 'stat', 'lstat', 'newfstatat', 'statx', 'statfs', 'access', 'faccessat', 'faccessat2'),
  ...each(
    ['look'],
    'readlink',
    'readlinkat',
    'chdir',
    'chroot',
    'getxattr',
    'lgetxattr',
    'listxattr',
    'llistxattr',
  ),
  ...each(['make'], 'mkdir', 'mkdirat', 'mknod', 'mknodat'),
  ...each([null, 'make'], 'symlink', 'symlinkat'),
  ...each(['look', 'make'], 'link', 'linkat'),
  ...each(['remove', 'make'], 'rename', 'renameat', 'renameat2'),
  ...each(['remove'], 'unlink', 'unlinkat', 'rmdir'),
  ...each(['change'], 'chmod', 'fchmodat', 'fchmodat2', 'chown', 'lchown', 'fchownat', 'truncate'),
  ...each(
    ['change'],
    'utime',
    'utimes',
    'futimesat',
    'utimensat',
    'setxattr',
    'lsetxattr',
    'removexattr',
    'lremovexattr',
  ),
  ...each(['run'], 'execve', 'execveat'),
  ...each([null, 'change'], 'mount'),
  ...each(['change'], 'umount2'),
])

export const OPENS = ['open', 'openat', 'openat2', 'creat']

/** Calls with an address of a socket, by the arguments that are it and its length. */
export const ADDRESSES: ReadonlyMap<string, readonly [addr: number, length: number]> = new Map([
  ['connect', [1, 2]],
  ['bind', [1, 2]],
  ['sendto', [4, 5]],
])

/** Calls that read or await time. */
export const CLOCKS = [
  'clock_gettime',
  'gettimeofday',
  'time',
  'nanosleep',
  'clock_nanosleep',
  'clock_settime',
  'settimeofday',
]
