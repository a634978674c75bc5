// The benchmark's programs of a Debian root (test/debian/root.mjs): how long the first things take that a user tries.
// Natively and under qemu in a plain chroot; under umwelt cold (no stored translations) and warm (after a run before).
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianRoot } from '../test/debian/root.mjs'

const UMWELT = join(import.meta.dirname, '../bin/umwelt.mjs')
/** One that needs nothing of the root it is copied into. */
const QEMU = '/usr/bin/qemu-x86_64-static'
/** What is put into the root while the benchmark runs. */
const FOLDER = '/tmp/umwelt-bench'
const GCC = ['/usr/bin/gcc', '-O2', `${FOLDER}/hello.c`, '-o', '/tmp/umwelt-bench-hello']
const PROGRAMS = [
  { name: 'python cold', argv: ['/usr/bin/python3', '-c', 'pass'], cold: true },
  { name: 'python warm', argv: ['/usr/bin/python3', '-c', 'pass'] },
  { name: 'bash', argv: ['/bin/bash', '-c', 'true'] },
  // gcc's children run under qemu too only if gcc is told to start them so, and qemu searches no PATH.
  { name: 'gcc', argv: GCC, qemuArgv: [...GCC, '-B/usr/bin/', '-wrapper', `${FOLDER}/qemu`] },
]

/** The wanted workloads, and what to call at the end; or why there are none. */
export function debianWorkloads(wanted) {
  const programs = PROGRAMS.filter(({ name }) => wanted({ group: 'debian', name }))
  if (programs.length === 0) return { workloads: [], end() {} }
  const { folder: root, reason } = debianRoot()
  if (!root) return { workloads: [], reason, end() {} }
  const inside = join(root, FOLDER)
  mkdirSync(inside, { recursive: true })
  writeFileSync(join(inside, 'hello.c'), '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
  const hasQemu = existsSync(QEMU)
  if (hasQemu) copyFileSync(QEMU, join(inside, 'qemu'))
  const workloads = programs.map(({ name, argv, cold, qemuArgv = argv }) => ({
    group: 'debian',
    name,
    commands: {
      native: ['chroot', [root, ...argv]],
      umwelt: [
        process.execPath,
        [UMWELT, 'run', ...(cold ? ['--no-cache'] : []), '--root', root, '--', ...argv],
      ],
      ...(hasQemu ? { qemu: ['chroot', [root, `${FOLDER}/qemu`, ...qemuArgv]] } : {}),
    },
    // Two runs, for the second translates more than the first.
    prepare() {
      if (!cold) for (let i = 0; i < 2; i++) spawnSync(...this.commands.umwelt)
    },
  }))
  const end = () => {
    rmSync(inside, { recursive: true, force: true })
    rmSync(join(root, '/tmp/umwelt-bench-hello'), { force: true })
  }
  return { workloads, end }
}
