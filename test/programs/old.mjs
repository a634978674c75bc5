// A program of Linux 2.4's time: 7-Zip's for i386, linked for GNU/Linux 2.0.30, with threads, by today's dynamic loader.
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { debianPackage } from './debian.mjs'
import { npmPackage } from './npm.mjs'

const LIBRARIES = ['ld-linux.so.2', 'libc.so.6', 'libpthread.so.0']

/** It names the CPU. The archive is made of the same two files in each run, whose times are in it. */
const script = (folder, options) => `touch -d @1000000000 text bin
z() { { ld-linux.so.2 --library-path ${folder} ${folder}/7za "$@" -bd; echo $?; } | grep -v CPU; }
z a ${options} t.7z text bin; z l t.7z; z t t.7z; z x -oout t.7z; md5sum t.7z out/text out/bin
echo damage >> text; dd if=bin of=t.7z bs=1 seek=5000 count=9 conv=notrunc; z t t.7z; z l text`
const CASES = [
  { name: 'i386 7za of 2.4: one thread', options: '-mx=1 -mmt=off', long: true },
  { name: 'i386 7za of 2.4: two threads', options: '-mx=1 -mmt=2' },
]

/** The cases; where the programs cannot be had they have a `reason`. */
export function oldCases(folder) {
  const reason = prepare(folder)
  return CASES.map(({ name, options, long }) => ({
    ...{ name, long },
    ...(reason
      ? { reason }
      : { path: folder, program: join(folder, 'sh'), args: ['-c', script(folder, options)] }),
  }))
}

function prepare(folder) {
  const archiver = npmPackage('7zip-bin', '5.2.0')
  const libc = debianPackage('libc6:i386')
  const busybox = debianPackage('busybox-static:i386')
  const reason = archiver.reason ?? libc.reason ?? busybox.reason
  if (reason) return reason
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(archiver.folder, 'linux/ia32/7za'), join(folder, '7za'))
  chmodSync(join(folder, '7za'), 0o755)
  for (const name of LIBRARIES)
    copyFileSync(join(libc.folder, 'lib/i386-linux-gnu', name), join(folder, name))
  for (const name of ['sh', 'touch', 'md5sum', 'dd', 'grep'])
    copyFileSync(join(busybox.folder, 'bin/busybox'), join(folder, name))
  return null
}
