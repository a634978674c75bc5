/** What is kept of a tree: all of it, as it was at one moment, whatever happens while it is stored. */

import { describe, expect, it } from 'vitest'
import { LayerKeeper } from '../../../src/storage/layer-keeper.ts'
import { CowFs } from '../../../syscalls/fs/cowfs/cowfs.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { topOf } from '../../../syscalls/fs/viewfs/viewfs.ts'
import { fill, operation, randomOf } from '../syscalls/random-changes.ts'
import { TestClock, Tree, testCaller } from '../syscalls/view-trees.ts'
import { MemoryStore, TabClosedError } from './memory-store.ts'

/** Text with one row for each name. */
const lookOf = (tree: Tree): string => [...tree.look()].map(([name, seen]) => `${name} ${seen}`).join('\n')

/** A lower layer that is always the same. */
function belowOf(clock: TestClock): Tmpfs {
  const tree = Tree.inMemory(testCaller(clock))
  fill(tree, true)
  return tree.top.inode.fs as Tmpfs
}

interface Kept {
  keeper: LayerKeeper
  view: Tree
  upper: Tmpfs
}

/** A copy-on-write view with what the store has. */
async function mounted(store: MemoryStore, clock = new TestClock(), base = 'base'): Promise<Kept> {
  const caller = testCaller(clock)
  const keeper = await LayerKeeper.open(store)
  const upper = new Tmpfs(clock as never)
  keeper.restore(upper, caller, base)
  return {
    keeper,
    upper,
    view: Tree.of(new CowFs(clock as never, belowOf(new TestClock()), upper, caller), caller),
  }
}

const copyOf = (store: MemoryStore): MemoryStore => {
  const copy = new MemoryStore()
  for (const [name, bytes] of store.files) copy.files.set(name, [...bytes])
  return copy
}

describe('what is kept of a tree', () => {
  for (const seed of [1, 2, 3, 4])
    it(`comes back as it was, after random changes in several lives (seed ${seed})`, async () => {
      const random = randomOf(seed)
      const store = new MemoryStore()
      const clock = new TestClock()
      let changed = 0
      for (let life = 0; life < 6; life++) {
        const { keeper, view } = await mounted(store, clock)
        const handles = new Map()
        for (let save = 0; save < 5; save++) {
          for (let i = 0; i < 40; i++) {
            clock.sec++
            if (operation(random)(view, handles) >= 0) changed++
          }
          await keeper.save()
          const again = await mounted(copyOf(store), new TestClock())
          expect(lookOf(again.view)).toBe(lookOf(view))
        }
      }
      expect(changed).toBeGreaterThan(150)
      // What nobody needs is gone.
      expect(store.files.size).toBeLessThan(20)
    })

  it('is the older or the newer state wherever a save ends', async () => {
    const random = randomOf(9)
    const before = new MemoryStore()
    const first = await mounted(before)
    for (let i = 0; i < 60; i++) operation(random)(first.view, new Map())
    first.view.create('/large', 'x'.repeat(300_000))
    await first.keeper.save()
    const older = lookOf(first.view)
    const change = (tree: Tree): void => {
      const again = randomOf(10)
      for (let i = 0; i < 60; i++) operation(again)(tree, new Map())
      tree.write('/large', 'yy', 5000)
    }
    const seen = new Set<string>()
    for (let steps = 0; ; steps++) {
      const store = copyOf(before)
      const { keeper, view } = await mounted(store)
      change(view)
      const newer = lookOf(view)
      expect(newer).not.toBe(older)
      store.stepsLeft = steps
      const ended = await keeper.save().catch((error: Error) => error)
      store.stepsLeft = Infinity
      const found = lookOf((await mounted(store)).view)
      expect([older, newer]).toContain(found)
      seen.add(found === older ? 'older' : 'newer')
      if (!ended) break
      expect(ended).toBeInstanceOf(TabClosedError)
    }
    expect(seen.size).toBe(2)
  })

  it('writes only what changed', async () => {
    const store = new MemoryStore()
    const { keeper, view } = await mounted(store)
    view.create('/large', 'x'.repeat(1_000_000))
    await keeper.save()
    store.written = 0
    view.create('/small', 'y')
    view.append('/large', 'z'.repeat(1000))
    await keeper.save()
    expect(store.written).toBeLessThan(10_000)
    const { view: again } = await mounted(store)
    expect(again.read('/large')).toBe('x'.repeat(1_000_000) + 'z'.repeat(1000))
  })

  it('takes no more room than it needs, however often it is stored', async () => {
    const store = new MemoryStore()
    const { keeper, view } = await mounted(store)
    for (let i = 0; i < 60; i++) {
      view.unlink('/again')
      view.create('/again', String(i).repeat(20_000))
      view.create(`/file${i}`, 'x'.repeat(2000))
      await keeper.save()
    }
    const needed = 60 * 2000 + 40_000
    expect(store.sizeBytes).toBeLessThan(needed * 3 + (256 << 10))
    expect((await mounted(store)).view.read('/again')).toBe('59'.repeat(20_000))
  })

  it('keeps files open that were removed, and holes that nobody wrote to', async () => {
    const store = new MemoryStore()
    const first = await mounted(store)
    first.view.create('/removed', 'still here')
    first.view.create('/sparse', 'begin')
    first.view.write('/sparse', 'end', 5_000_000)
    await first.keeper.save()
    expect(store.written).toBeLessThan(400_000)
    const { keeper, view, upper } = await mounted(store)
    const file = view.open('/removed')
    if (typeof file === 'number') throw new Error('it is not there')
    view.unlink('/removed')
    for (let i = 0; i < 5; i++) {
      view.create(`/new${i}`, 'x'.repeat(5000))
      await keeper.save()
    }
    const bytes = new Uint8Array(10)
    expect(file.readAt(view.caller, 0, bytes, 0, 10)).toBe(10)
    expect(Buffer.from(bytes).toString()).toBe('still here')
    view.append('/sparse', '!')
    expect(upper.used).toBeLessThan(100_000)
    expect(String(view.read('/sparse')).replace(/\0+/, '…')).toBe('begin…end!')
  })

  it('has nothing of what was only on its way', async () => {
    const store = new MemoryStore()
    const { keeper, view, upper } = await mounted(store)
    view.unlink('/a')
    const tree = new Tree(topOf(upper), view.caller)
    tree.create('/.-/-new.7', 'half a copy')
    await keeper.save()
    const again = await mounted(store)
    expect(new Tree(topOf(again.upper), view.caller).names('/.-')).toEqual(['a', '-'])
  })

  it('is refused over something else, and where it is damaged', async () => {
    const store = new MemoryStore()
    const { keeper, view } = await mounted(store)
    view.create('/file1', 'x'.repeat(50_000))
    await keeper.save()
    view.create('/file2', 'x')
    await keeper.save()
    await expect(mounted(store, new TestClock(), 'other')).rejects.toMatchObject({ code: 'ESTALE' })
    const [oldest] = [...store.files.keys()].filter((name) => /^\d+$/.test(name)).sort()
    store.files.delete(oldest!)
    await expect(LayerKeeper.open(store)).rejects.toMatchObject({ code: 'EUCLEAN' })
  })

  it('stays as it was when there is no room, and is stored when something was deleted', async () => {
    const store = new MemoryStore()
    const { keeper, view } = await mounted(store)
    view.create('/kept', 'k'.repeat(100_000))
    await keeper.save()
    const older = lookOf(view)
    store.quota = store.sizeBytes + 2000
    view.create('/much', 'm'.repeat(900_000))
    await expect(keeper.save()).rejects.toMatchObject({ name: 'QuotaExceededError' })
    expect(lookOf((await mounted(copyOf(store))).view)).toBe(older)
    // Nothing is lost in the machine that runs.
    expect(view.read('/much')).toBe('m'.repeat(900_000))
    // To the brim: even the list of files has no room but the reserve.
    store.quota = store.sizeBytes
    view.unlink('/much')
    view.unlink('/kept')
    view.create('/little', 'small')
    await keeper.save()
    const { view: again } = await mounted(copyOf(store))
    expect(lookOf(again)).toBe(lookOf(view))
    view.create('/more', 'm'.repeat(50_000))
    await keeper.save()
    expect((await mounted(store)).view.read('/more')).toBe('m'.repeat(50_000))
  })
})
