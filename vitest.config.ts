import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/programs/**', 'test/browser/**'],
    testTimeout: 120_000,
  },
})
