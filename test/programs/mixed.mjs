// i386 programs and x86-64 ones in one machine: each starts the other, also in one pipeline; how a 32-bit process looks to
// a 64-bit one; what is refused.
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianPackage } from './debian.mjs'

/** By its name in the folder: package and file. */
const PROGRAMS = {
  bash32: ['bash-static:i386', 'bin/bash-static'],
  bash64: ['bash-static', 'bin/bash-static'],
  busybox32: ['busybox-static:i386', 'bin/busybox'],
  busybox64: ['busybox-static', 'bin/busybox'],
}
/** a.out's magic numbers: OMAGIC and ZMAGIC, on an i386. */
const AOUT = { 'aout-omagic': 0o407, 'aout-zmagic': 0o413 }

/** A process by its file, its auxiliary vector's words (PAGESZ, CLKTCK), its stack and its words. */
const LOOK = (
  bits,
  size,
) => `coproc bash${bits} -c 'echo ready; read x'; pid=$COPROC_PID; read -u $COPROC; echo $REPLY
busybox64 od -An -tx1 -j4 -N1 /proc/$pid/exe
busybox64 od -An -v -w${2 * size} -td${size} /proc/$pid/auxv | busybox64 awk '$1 == 6 || $1 == 17'
busybox64 grep -c stack /proc/$pid/maps; busybox64 tr '\\0' ' ' < /proc/$pid/cmdline; kill $pid`

const mixed = (name, program, script, long) => ({
  name: `mixed ${name}`,
  program,
  args: ['-c', script],
  long,
})
const CASES = [
  mixed(
    'pipeline from i386',
    'bash32',
    'seq 500 | busybox64 sort -rn | busybox32 head -n 3 | bash64 -c "cat"',
  ),
  mixed(
    'pipeline from x86-64',
    'bash64',
    'seq 500 | busybox32 sort -rn | busybox64 head -n 3 | bash32 -c "cat"',
    true,
  ),
  mixed(
    'exec back and forth',
    'bash32',
    'export X=1; exec bash64 -c \'X=$X$X; exec bash32 -c "echo \\$X \\$0; exec busybox64 env" name\' | busybox32 grep -v [A-WYZ]=',
  ),
  mixed(
    'personality',
    'bash64',
    `busybox64 uname -m; busybox32 uname -m; for b in 32 64; do busybox$b linux32 busybox64 uname -m; busybox$b linux32 busybox32 uname -m
busybox$b linux32 busybox$b linux64 busybox32 uname -m; done; linux32 bash32 -c 'bash64 -c "busybox32 uname -m"'`,
  ),
  mixed(
    'signals and statuses',
    'bash32',
    `bash64 -c 'kill -SEGV $$'; echo $?; trap 'echo parent' USR1
bash64 -c 'trap "echo child; exit 5" USR1; kill -USR1 $PPID; while :; do :; done' & wait; kill -USR1 $!; wait $!; echo $?
bash64 -c 'exec busybox32 false'; echo $?`,
  ),
  mixed('an i386 process seen by x86-64', 'bash64', LOOK(32, 4)),
  mixed('an x86-64 process seen by i386', 'bash32', LOOK(64, 8)),
  mixed(
    'a.out',
    'bash32',
    'for a in omagic zmagic; do aout-$a; echo $?; bash64 -c aout-$a; echo $?; done 2>&1',
  ),
]

/** The cases; where the programs cannot be had they have a `reason`. */
export function mixedCases(folder) {
  const reason = prepare(folder)
  return CASES.map((one) => ({
    ...one,
    ...(reason ? { reason } : { path: folder, program: join(folder, one.program) }),
  }))
}

function prepare(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, [packageName, file]] of Object.entries(PROGRAMS)) {
    const { folder: from, reason } = debianPackage(packageName)
    if (!from) return reason
    copyFileSync(join(from, file), join(folder, name))
  }
  for (const name of ['seq', 'cat', 'linux32']) copyFileSync(join(folder, 'busybox32'), join(folder, name))
  for (const [name, magic] of Object.entries(AOUT)) {
    const file = Buffer.alloc(4096)
    file.writeUInt32LE((100 << 16) | magic)
    writeFileSync(join(folder, name), file)
    chmodSync(join(folder, name), 0o755)
  }
  return null
}
