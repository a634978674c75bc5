/**
 * Engines that change nothing: one of every kind, each module in the form in which it leaves everything as it is, and a
 * stack of sixteen. A program under them must do what it does without them.
 * Path: test/abi always has a setup with them; under-test.mjs puts them on the other suites (npm run test:idle).
 */

/** Answers in one of the next turns of the event loop: always in the same one, two programs would keep in step. */
function lateness() {
  let state = 1
  const answer = (turns, resolve, value) =>
    turns > 1 ? setImmediate(answer, turns - 1, resolve, value) : setImmediate(resolve, value)
  return (value) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return new Promise((resolve) => answer(1 + ((state >>> 16) % 3), resolve, value))
  }
}

/** One of every kind. `umwelt` is the public API: of the sources, of what was built, or of the command line. */
export function idleEngines(umwelt) {
  const { allCalls, interestIn, noCalls, plainEngine, RUN, SKIPEXIT } = umwelt
  const idle = (rest) => ({ name: 'idle', wants: noCalls, ...rest })
  const later = lateness()
  const phases = (start, call, exit) => interestIn('all', { start, call, exit })
  return [
    idle({ wants: allCalls, syscallEntry: () => RUN, syscallExit: () => {} }),
    idle({ wants: phases(true, true, false), syscallEntry: () => SKIPEXIT }),
    idle({ wants: phases(false, true, true), syscallExit: () => {} }),
    idle({ wants: { ...phases(false, false, true), choose: () => false } }),
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
      wants: allCalls,
      syscallEntry: () => later(RUN),
      syscallExit: () => later(),
      signal: () => later(),
      clone: () => later(),
      exec: () => later(),
      exit: () => later(),
    }),
    idle({ services: services() }),
    plainEngine({
      name: 'plain',
      wants: { calls: 'all', reads: { write: [{ arg: 1, size: { arg: 2 } }] } },
      on: () => undefined,
    }),
    umwelt.strace({ write: () => {} }),
    umwelt.record(),
    umwelt.name({}),
    umwelt.time({}),
    umwelt.id({}),
    umwelt.deny({}),
    umwelt.allow({}),
    umwelt.proc({}),
    umwelt.viewfs({ cow: '/' }),
  ]
}

/** Of each kind one that matches everything, and then does not want it. */
function services() {
  const confirm = () => false
  return [
    { kind: 'filesystem', type: { name: '*', needsSource: false, mount: () => -22 }, confirm },
    { kind: 'family', family: null, sockets: null, confirm },
    { kind: 'device', isBlock: false, major: null, minor: null, device: null, confirm },
    { kind: 'ioctl', request: null, handle: () => 0, confirm },
    { kind: 'binfmt', matches: () => false, interpreter: '' },
  ]
}

/** Those, sixteen times one of the first kind, and those again. */
export const stackedIdleEngines = (umwelt) => [
  ...idleEngines(umwelt),
  ...Array.from({ length: 16 }, () => idleEngines(umwelt)[0]),
  ...idleEngines(umwelt),
]
