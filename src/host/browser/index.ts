/** `umwelt` in a browser's Worker: the public API with the browser's clock and random bytes; `/` is an empty tmpfs. */

import { providePlatform } from '../../platform.ts'
import { BrowserHost } from './browser-host.ts'

export * from '../../index.ts'
export { BrowserHost } from './browser-host.ts'

providePlatform({
  makeHost({ diagnostics }) {
    const host = new BrowserHost({ stdout: () => {}, stderr: () => {}, diagnostics })
    return { host, close: async () => {} }
  },
  makeRoot: async () => ({ type: 'tmpfs', options: { mode: '755' } }),
})
