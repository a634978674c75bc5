import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/programs/**', 'test/browser/**'],
    testTimeout: 120_000,
    // By default one processor is left idle, which of two is half.
    maxWorkers: '100%',
    // What runs of the CLI keep of translations is not the user's.
    env: { XDG_CACHE_HOME: join(tmpdir(), 'umwelt-test-cache') },
  },
})
