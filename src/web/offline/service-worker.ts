/**
 * The site without its server: a service worker that has all files of one build and answers with them first.
 * Path: the site's pages register it (site/offline.ts); scripts/bundle-browser.mjs says which files there are.
 *
 * Pages never get files of two builds: each file is fetched by its hash, and a newer build waits until no page of the
 * older one is open but the one that is being loaded anew.
 */

declare const self: ServiceWorkerGlobalScope
/** The files by name, with what `integrity` says of each; and a name for all of it. */
declare const SITE_FILES: Readonly<Record<string, string>>
declare const SITE_BUILD: string

const CACHES = 'umwelt-site-'
const CACHE = CACHES + SITE_BUILD
const TAKE_OVER = 'take over'

self.addEventListener('install', (event) => {
  const requests = Object.entries(SITE_FILES).map(
    ([name, integrity]) => new Request(name, { integrity, cache: 'reload' }),
  )
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)))
})

self.addEventListener('activate', (event) => event.waitUntil(forgetOtherBuilds()))

self.addEventListener('message', ({ data }) => {
  if (data === TAKE_OVER) void self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const name = request.method === 'GET' ? fileOf(new URL(request.url)) : null
  if (name === null) return
  event.respondWith(request.mode === 'navigate' ? page(name, event) : answer(name, request))
})

/** The name of the site's file at an address. */
function fileOf({ origin, pathname }: URL): string | null {
  const { origin: own, pathname: scope } = new URL(self.registration.scope)
  if (origin !== own || !pathname.startsWith(scope)) return null
  const name = pathname.slice(scope.length) || 'index.html'
  return Object.hasOwn(SITE_FILES, name) ? name : null
}

async function answer(name: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(name)) ?? fetch(request)
}

/** With a newer build at hand and no other page open, the page is loaded anew, from that. */
async function page(name: string, event: FetchEvent): Promise<Response> {
  const { waiting } = self.registration
  if (!waiting || (await self.clients.matchAll()).length > 1) {
    event.waitUntil(leaveIfReplaced(event.resultingClientId))
    return answer(name, event.request)
  }
  waiting.postMessage(TAKE_OVER)
  // A browser may let this worker finish what it does first: so nothing comes for a while.
  return new Response('', { headers: { Refresh: '1' } })
}

async function forgetOtherBuilds(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith(CACHES) && name !== CACHE) await caches.delete(name)
}

/** Another site may have come to this address, as happens on localhost: then that is what a person gets. */
async function leaveIfReplaced(page: string): Promise<void> {
  const response = await fetch(self.location.href, { cache: 'no-store' }).catch(() => null)
  if (response?.status !== 404) return
  await self.registration.unregister()
  await caches.delete(CACHE)
  const client = (await self.clients.get(page)) as WindowClient | undefined
  await client?.navigate(client.url)
}
