/** User namespaces in views: what a level of identity that is only pretended gives over them, and what it does not. */

import { describe, expect, it } from 'vitest'
import { CAP_SYS_ADMIN } from '../../../syscalls/abi/capability.ts'
import { EPERM } from '../../../syscalls/abi/errno.ts'
import { CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWUTS } from '../../../syscalls/abi/process.ts'
import { id } from '../../../syscalls/engines/id/id.ts'
import { Credentials } from '../../../syscalls/kernel/credentials.ts'
import { IdLevel } from '../../../syscalls/kernel/id-level.ts'
import { enterUserNamespace } from '../../../syscalls/kernel/nsproxy.ts'
import { FIRST_USER_NAMESPACE, UserNamespace } from '../../../syscalls/kernel/user-namespace.ts'
import { exit, type Scripted, type Step, scripted } from './scripted.ts'

/** Root as a level over an ordinary user. */
function pretended(): Credentials {
  const root = new Credentials(0, 0)
  root.below = new Credentials(1002, 1002)
  root.level = new IdLevel(null)
  return root
}

const noted = (s: () => Scripted, step: Step): Step[] => [step, (at) => void s().log.push(String(at.result))]

describe('capabilities', () => {
  it('over a user namespace are its own root’s, its maker’s and those of privileged users above', () => {
    const maker = new Credentials(1000, 1000)
    const namespace = new UserNamespace(FIRST_USER_NAMESPACE, maker, false)
    const inside = enterUserNamespace(maker, namespace)
    const who = [inside, maker, new Credentials(0, 0), new Credentials(1001, 1001), pretended()]
    expect(who.map((one) => one.capableIn(namespace, CAP_SYS_ADMIN))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect(inside.capable(CAP_SYS_ADMIN)).toBe(false)
    expect(inside.capableHere(CAP_SYS_ADMIN)).toBe(false)
  })

  it('of a pretended root in its own user namespace end there', () => {
    const root = pretended()
    const namespace = new UserNamespace(FIRST_USER_NAMESPACE, root, true)
    const inside = enterUserNamespace(root, namespace)
    expect(inside.capableIn(namespace, CAP_SYS_ADMIN)).toBe(true)
    expect(inside.capableIn(null, CAP_SYS_ADMIN)).toBe(false)
  })
})

describe('a pretended root', () => {
  it('has namespaces of its own by a user namespace, and not without', async () => {
    const s: Scripted = scripted(
      {
        main: [
          ...noted(
            () => s,
            () => ['unshare', CLONE_NEWUTS],
          ),
          ...noted(
            () => s,
            () => ['unshare', CLONE_NEWUSER],
          ),
          ...noted(
            () => s,
            () => ['sethostname', 'mars', 4],
          ),
          ...noted(
            () => s,
            () => ['unshare', CLONE_NEWUTS | CLONE_NEWNS],
          ),
          ...noted(
            () => s,
            () => ['sethostname', 'mars', 4],
          ),
          ...noted(
            () => s,
            (at) => ['mount', at.text('x'), at.text('/tmp'), at.text('tmpfs'), 0, 0],
          ),
          exit(0),
        ],
      },
      { engines: [id({ fakeroot: '' })], machine: { uid: 1000, gid: 1000 } },
    )
    await s.run('main')
    expect(s.log).toEqual([`-${EPERM}`, '0', `-${EPERM}`, '0', '0', '0'])
    expect(s.machine.kernel.world.uts.nodename).toBe('umwelt')
  })
})
