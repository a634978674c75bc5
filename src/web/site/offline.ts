/** Makes the site work without its server from its second load on. Path: the site's pages. */

export async function workOffline(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js')
    // Browsers look for a newer build by themselves, but not when pages follow each other closely.
    await registration.update()
  } catch {
    // None in private windows of some browsers, nor without https: the site only needs its server then. Or it has none now.
  }
}
