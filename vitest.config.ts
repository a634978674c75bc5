import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The long files first, so that no processor waits at the end for the other. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => /\/test\/(abi|isa)\//.test(moduleId)
    return [...files.filter(isLong), ...(await super.sort(files.filter((file) => !isLong(file))))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/programs/**', 'test/browser/**'],
    testTimeout: 120_000,
    // By default one processor is left idle, which of two is half.
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    // What runs of the CLI keep of translations is not the user's.
    env: { XDG_CACHE_HOME: join(tmpdir(), 'umwelt-test-cache') },
  },
})
