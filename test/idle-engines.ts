/**
 * Engines that change nothing: one of every kind, each module without options, and a stack of sixteen. A program under
 * them must do what it does without them. Path: test/abi and test/system put them on.
 */

import { allow } from '../syscalls/engines/allow/allow.ts'
import { EMULATE, RETURN_ONLY } from '../syscalls/engines/combinations.ts'
import { deny } from '../syscalls/engines/deny/deny.ts'
import { allCalls, type Engine, noCalls, RUN, SKIPEXIT } from '../syscalls/engines/engine.ts'
import { id } from '../syscalls/engines/id/id.ts'
import { name } from '../syscalls/engines/name/name.ts'
import { record } from '../syscalls/engines/record/record.ts'
import { plainEngine } from '../syscalls/engines/remote/plain.ts'
import { strace } from '../syscalls/engines/strace/strace.ts'
import { time } from '../syscalls/engines/time/time.ts'
import { tmpfs } from '../syscalls/fs/tmpfs/tmpfs.ts'

const idle = (rest: Partial<Engine>): Engine => ({ name: 'idle', wants: noCalls, ...rest })

/** One of every kind. */
export const idleEngines = (): Engine[] => [
  idle({ wants: allCalls, syscallEntry: () => RUN, syscallExit: () => {} }),
  idle({ wants: allCalls, syscallEntry: () => SKIPEXIT }),
  idle({ wants: { calls: 'all', phases: RETURN_ONLY }, syscallExit: () => {} }),
  idle({ wants: { calls: 'all', phases: EMULATE, choose: () => false } }),
  idle({
    signal: () => {},
    clone: () => {},
    exec: () => {},
    exit: () => {},
    quiesce: () => {},
    jctl: () => {},
    death: () => {},
    reap: () => {},
    attach: () => {},
    enter: () => {},
    leave: () => {},
    offers: () => ({}),
  }),
  idle({
    services: [
      { kind: 'filesystem', type: { ...tmpfs, name: '*' }, confirm: () => false },
      { kind: 'family', family: null, sockets: null as never, confirm: () => false },
      {
        kind: 'device',
        isBlock: false,
        major: null,
        minor: null,
        device: null as never,
        confirm: () => false,
      },
      { kind: 'ioctl', request: null, handle: () => 0, confirm: () => false },
      { kind: 'binfmt', matches: () => false, interpreter: '' },
    ],
  }),
  plainEngine({
    name: 'plain',
    wants: { calls: 'all', reads: { write: [{ arg: 1, size: { arg: 2 } }] } },
    on: () => undefined,
  }),
  strace({ write: () => {} }),
  record(),
  name({}),
  time({}),
  id({}),
  deny({}),
  allow({}),
]

/** Those, sixteen times one of the first kind, and those again. */
export const stackedIdleEngines = (): Engine[] => [
  ...idleEngines(),
  ...Array.from({ length: 16 }, () =>
    idle({ wants: allCalls, syscallEntry: () => RUN, syscallExit: () => {} }),
  ),
  ...idleEngines(),
]
