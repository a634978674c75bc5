/** Makes the site work without its server from its second load on. Path: the site's pages. */

/** The first time its files are fetched when the page is `ready`, which does not need them. */
export async function workOffline(ready: Promise<unknown>): Promise<void> {
  try {
    if (!navigator.serviceWorker.controller) await ready
    const registration = await navigator.serviceWorker.register('service-worker.js')
    // Browsers look for a newer build by themselves, but not when pages follow each other closely.
    await registration.update()
  } catch {
    // None in private windows of some browsers, nor without https; or the server is away, and this is what it is for.
  }
}
