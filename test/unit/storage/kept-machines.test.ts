/** Machines that are kept: the public API over a store in memory in place of a browser's. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { messagePortChannel } from '../../../src/channels.ts'
import { LocalMachine } from '../../../src/local-machine.ts'
import { type Platform, platform, providePlatform } from '../../../src/platform.ts'
import { serveMachine } from '../../../src/remote/machine-server.ts'
import { RemoteMachine } from '../../../src/remote/remote-machine.ts'
import '../../../src/host/node/index.ts'
import type { Machine, MachineOptions } from '../../../src/api.ts'
import { KeptTranslations } from '../../../src/storage/kept-translations.ts'
import { pause, said, until } from '../../api/cases/machines.ts'
import { ARCHIVE } from '../../api/cases/mounts.ts'
import { MemoryStore } from './memory-store.ts'

let node: Platform
let store = new MemoryStore()
let translations = new MemoryStore()
let isTaken = false

beforeAll(() => {
  node = platform()
  providePlatform({
    ...node,
    async openStore() {
      if (isTaken) return 'another one has it'
      isTaken = true
      return { blobs: store, release: () => (isTaken = false) }
    },
    openTranslations: () => KeptTranslations.open(translations, 'build'),
  })
})
afterAll(() => providePlatform(node))
beforeEach(() => {
  store = new MemoryStore()
  translations = new MemoryStore()
})

const remote = (options: MachineOptions): Promise<Machine> => {
  const { port1, port2 } = new MessageChannel()
  serveMachine(messagePortChannel(port2), (received) => LocalMachine.create(received))
  return RemoteMachine.connect(messagePortChannel(port1), options)
}
const kept = { persist: 'mine' }

for (const [where, create] of [
  ['here', (options: MachineOptions) => LocalMachine.create(options)],
  ['at the other end of a channel', remote],
] as const)
  describe(`a machine that is kept ${where}`, () => {
    it('goes on where the last one was, and begins anew when it is to', async () => {
      {
        await using on = await create(kept)
        expect(
          await said(
            on,
            'echo text > /root/a; rm /etc/hostname; mv /root /home; ln -s a /home/b; ls /etc | wc -l',
          ),
        ).not.toBe('')
        await on.save()
      }
      {
        await using on = await create(kept)
        expect(await said(on, 'cat /home/b; ls /root /etc/hostname 2>&1 | wc -l')).toBe('text\n2\n')
        await on.fs.writeFile('/home/a', 'more')
      }
      {
        // What was not asked for was stored when the machine ended.
        await using on = await create(kept)
        expect(await on.fs.readFile('/home/a', 'utf8')).toBe('more')
      }
      await using on = await create({ persist: { name: 'mine', fresh: true } })
      expect(await said(on, 'ls -d /root /home 2>/dev/null')).toBe('/root\n')
    })

    it('says whether all is stored, by itself and to each listener', async () => {
      await using on = await create(kept)
      // The directories of its mounts.
      await on.save()
      const states: string[] = []
      on.on('storage', (state) => states.push(state))
      await until(async () => states.length === 1)
      await on.fs.writeFile('/a', 'b')
      await until(async () => states.at(-1) === 'saved' && states.length > 1)
      expect(states).toEqual(['saved', 'changed', 'saved'])
      store.quota = store.sizeBytes
      await on.fs.writeFile('/b', 'b'.repeat(500_000))
      await expect(on.save()).rejects.toThrow(/no room left/)
      expect(states.at(-1)).toBe('failed')
      await on.fs.unlink('/b')
      await on.save()
      expect(states.at(-1)).toBe('saved')
    })

    it('forgets what was kept, and goes on', async () => {
      {
        await using on = await create(kept)
        await on.fs.writeFile('/a', 'contents')
      }
      {
        await using on = await create(kept)
        await on.forget()
        expect(await on.fs.readFile('/a', 'utf8')).toBe('contents')
        await on.fs.writeFile('/b', 'b')
        await expect(on.save()).rejects.toThrow(/forgotten/)
        expect(store.files.size).toBe(0)
      }
      await using on = await create(kept)
      await expect(on.fs.stat('/a')).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('is one at a time; another runs, and says that it is not kept', async () => {
      await using _one = await create(kept)
      await using on = await create(kept)
      const told: string[][] = []
      on.on('storage', (...state) => told.push(state))
      await until(async () => told.length > 0)
      expect(told).toEqual([['off', 'another one has it']])
      await expect(on.save()).rejects.toThrow(/another one has it/)
      expect(await said(on, 'echo runs')).toBe('runs\n')
    })

    it('is one over an archive as well', async () => {
      const root = { image: new Uint8Array(await ARCHIVE.arrayBuffer()) }
      {
        await using on = await create({ ...kept, root })
        await on.fs.appendFile('/docs/three', 'and more\n')
        await on.fs.unlink('/docs/two')
        await on.fs.rename('/docs', '/texts')
      }
      {
        await using on = await create({ ...kept, root })
        expect((await on.fs.readdir('/texts')).sort()).toEqual(['one', 'three'])
        expect(await on.fs.readFile('/texts/one', 'utf8')).toBe('from the archive\nand more\n')
      }
      const other = { image: new Blob([ARCHIVE.slice(0, 1024), new Uint8Array(1024)]) }
      await expect(create({ ...kept, root: other })).rejects.toMatchObject({ code: 'ESTALE' })
      await expect(create({ ...kept, root: { ...root, mode: 'ro' } })).rejects.toMatchObject({
        code: 'EINVAL',
      })
    })

    it('is refused over another root, or one that may change by itself', async () => {
      {
        await using on = await create(kept)
        await on.fs.writeFile('/a', 'b')
      }
      const other = { entries: [{ name: '/file', data: 'one' }] }
      await expect(create({ ...kept, root: other })).rejects.toMatchObject({ code: 'ESTALE' })
      await expect(create({ ...kept, root: { files: {} as never } })).rejects.toMatchObject({
        code: 'EINVAL',
      })
      await expect(create({ persist: 'a/b' })).rejects.toMatchObject({ code: 'EINVAL' })
      // The store is free again.
      await using on = await create(kept)
      expect(await on.fs.readFile('/a', 'utf8')).toBe('b')
    })
  })

it('a machine that is not kept says so', async () => {
  await using on = await LocalMachine.create()
  await expect(on.save()).rejects.toThrow(/not asked for/)
  await on.forget()
})

it('code that one machine translated is there for the next', async () => {
  const loop = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; echo $i'
  {
    await using on = await LocalMachine.create(kept)
    for (let i = 0; i < 3; i++) expect(await said(on, loop)).toBe('3000\n')
    await pause(20)
  }
  expect(translations.sizeBytes).toBeGreaterThan(1000)
  const again = await KeptTranslations.open(translations, 'build')
  const [program] = [...translations.files.keys()].map((name) => name.split('.')[1]!)
  expect(again.load(program!)!.length).toBeGreaterThan(1000)
  {
    await using on = await LocalMachine.create(kept)
    expect(await said(on, loop)).toBe('3000\n')
  }
  // Another build begins anew.
  await KeptTranslations.open(translations, 'newer')
  expect(translations.sizeBytes).toBe(0)
})

it('what is added to a program’s code again and again becomes one blob', async () => {
  const code = await KeptTranslations.open(translations, 'build')
  for (let i = 0; i < 20; i++) {
    code.append('program', [Uint8Array.of(i, i), Uint8Array.of(i)])
    await pause(2)
  }
  expect(translations.files.size).toBeLessThan(10)
  const again = await KeptTranslations.open(translations, 'build')
  expect([...again.load('program')!]).toEqual(Array.from({ length: 60 }, (_, i) => Math.floor(i / 3)))
  expect(again.load('other')).toBe(null)
})
