/** The embedded userland's programs in views of directories. */

import * as nodeFs from 'node:fs'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Machine, viewfs } from '../../src/host/node/index.ts'
import type { HostFiles } from '../../syscalls/fs/hostfs/host-files.ts'

async function shell(machine: Machine, script: string): Promise<string> {
  const process = await machine.spawn('sh', ['-c', script])
  const text = await new Response(process.stdout).text()
  expect(await new Response(process.stderr).text()).toBe('')
  expect(await process.exited).toEqual({ code: 0, signal: null })
  return text
}

describe('the embedded userland in a view', () => {
  it('changes, archives, unpacks and removes; the host’s directory stays as it was until commit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'umwelt-viewfs-'))
    try {
      writeFileSync(join(folder, 'text'), 'one two\n')
      writeFileSync(join(folder, 'gone'), '')
      const view = viewfs({ cow: '/' })
      await using machine = await Machine.create({
        mounts: [{ at: '/work', fs: { files: nodeFs as unknown as HostFiles, directory: folder } }],
        engines: [view],
      })
      const text = await shell(
        machine,
        `cd /work; sed -i s/one/ONE/ text; rm gone; mkdir -p d/e; touch d/e/f; mv d moved
         tar -cf t.tar moved text; rm -r moved; tar -xf t.tar; rm t.tar; ls -R; cat text`,
      )
      expect(text).toBe('.:\nmoved\ntext\n\n./moved:\ne\n\n./moved/e:\nf\nONE two\n')
      expect(readFileSync(join(folder, 'text'), 'utf8')).toBe('one two\n')
      const changes = (await view.diff()).map(({ kind, path }) => `${kind} ${path}`)
      expect(changes).toEqual([
        'C /work',
        'D /work/gone',
        'A /work/moved',
        'A /work/moved/e',
        'A /work/moved/e/f',
        'C /work/text',
      ])
      await view.commit()
      expect(await view.diff()).toEqual([])
      expect(readFileSync(join(folder, 'text'), 'utf8')).toBe('ONE two\n')
      expect(readFileSync(join(folder, 'moved/e/f'), 'utf8')).toBe('')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('somebody who is not root changes what is root’s, in his view', async () => {
    await using machine = await Machine.create({ uid: 1000, gid: 1000 })
    const text = await shell(
      machine,
      `mkdir -m 700 /tmp/mine; (echo x > /etc/motd) 2>/dev/null || echo refused
       um run viewfs,cow=/,upper=/tmp/mine -- sh -c 'rm /etc/hosts; echo x > /etc/motd; cat /etc/motd; um diff'
       ls /etc/hosts; ls -l /tmp/mine/etc | grep -c ' user .* motd$'
       um run id,fakeroot viewfs,cow=/ -- sh -c 'touch /etc/r; chmod 4700 /etc/hosts; ls -l /etc/r /etc/hosts | cut -c1-19'
       um run viewfs,cow=/ -- sh -c 'um commit; touch /etc/x; um commit; echo $?' 2>&1`,
    )
    expect(text).toBe(
      [
        'refused',
        'x',
        'C /etc',
        'D /etc/hosts',
        'C /etc/motd',
        '/etc/hosts',
        '1',
        '-rws------ 1 root r',
        '-rw-r--r-- 1 root r',
        'um: viewfs: /etc: Permission denied',
        '1',
        '',
      ].join('\n'),
    )
  })

  it('a view in a view has changes of its own', async () => {
    await using machine = await Machine.create()
    const text = await shell(
      machine,
      `um run viewfs,cow=/ -- sh -c 'echo a > /etc/a; um run viewfs,cow=/ -- sh -c "rm /etc/a; echo b > /etc/b; um diff"
       um diff; cat /etc/a; um rm viewfs; ls /etc/a || echo gone' 2>&1`,
    )
    expect(text).toBe(
      'C /etc\nD /etc/a\nA /etc/b\nC /etc\nA /etc/a\na\nls: /etc/a: No such file or directory\ngone\n',
    )
  })

  it('what holds it is named', async () => {
    await using machine = await Machine.create()
    const text = await shell(
      machine,
      `um run viewfs,cow=/ -- sh -c 'mkdir /x; cd /x; um rm viewfs; um drop; cd /; exec 5>/x/y; um rm viewfs; um drop
       exec 5>&-; um drop && um rm viewfs && ls -d /x' 2>&1 | sed 's/process [0-9]*/process N/'`,
    )
    expect(text).toBe(
      [
        'um: viewfs: process N stands in /x',
        'um: viewfs: process N stands in /x, which would be gone',
        'um: viewfs: process N has open /x/y',
        'um: viewfs: process N has open /x/y, which would be gone',
        'ls: /x: No such file or directory',
        '',
      ].join('\n'),
    )
  })
})
