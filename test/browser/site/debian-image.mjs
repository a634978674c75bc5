// The Debian root as an archive with an index, beside the root, made once.
import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, statSync } from 'node:fs'
import { debianRoot } from '../../debian/root.mjs'
import { UMWELT } from '../../debian/runners.mjs'

export const TAR = '/debian.tar'

/** What a case needs is not here, and why. */
export class Unavailable extends Error {}

/** Both at addresses of the server. Throws Unavailable. */
export function serveRoot(server) {
  const { folder, reason } = debianRoot()
  if (!folder) throw new Unavailable(reason)
  const tar = `${folder}.tar`
  if (!existsSync(`${tar}.index`)) {
    const kept = ['proc', 'sys', 'dev', 'tmp', 'run'].map((name) => `--exclude=./${name}/*`)
    execFileSync('tar', ['-C', folder, '--numeric-owner', ...kept, '-cf', `${tar}.new`, '.'])
    renameSync(`${tar}.new`, tar)
    execFileSync(process.execPath, [UMWELT, 'index', tar])
  }
  server.addFile(TAR, tar).addFile(`${TAR}.index`, `${tar}.index`)
  return { folder, size: statSync(tar).size }
}
