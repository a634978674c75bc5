/** Makes the site work without its server from its second load on. Path: the site's pages. */

export function workOffline(): void {
  // Not in private windows of some browsers, nor without https: the site only needs its server then.
  navigator.serviceWorker?.register('service-worker.js').catch(() => {})
}
