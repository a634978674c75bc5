/** Takes vitest's place in a page: the same cases by the same words, run one by one from outside. */

import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect'
import * as chai from 'chai'

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin)
export const expect = chai.expect

interface Case {
  readonly name: string
  run(): Promise<void>
}

export const cases: Case[] = []
const around: string[] = []
const after: (() => Promise<void>)[] = []

export function describe(name: string, define: () => void): void {
  around.push(name)
  define()
  around.pop()
}

export function it(name: string, run: () => Promise<void>): void {
  const finish = async (): Promise<void> => {
    for (const step of after) await step()
  }
  cases.push({ name: [...around, name].join(': '), run: () => run().finally(finish) })
}

export const afterEach = (step: () => Promise<void>): void => void after.push(step)
