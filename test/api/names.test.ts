/** A program for a page runs in Node unchanged: Node's library has every name of the page's. */

import { expect, it } from 'vitest'
import * as page from '../../src/host/browser/index.ts'
import * as node from '../../src/host/node/index.ts'

it('names on a page are names in Node', () => {
  const missing = Object.keys(page).filter((name) => !(name in node))
  expect(missing).toEqual([])
  expect(Object.keys(page)).toContain('Machine')
})

it('a page in Node is told that it is none', async () => {
  await expect(page.Machine.create()).rejects.toMatchObject({ name: 'StartError', code: 'EIO' })
})
