// Starts the messenger without a network: keeps the files of one build, and a page that holds nothing of anybody's.
// What a person sees then is what the page finds in the device's database. `SITE` stands before this text; another build
// has another one, and so is another worker.

// A page that takes longer than this is not waited for, in milliseconds.
const PATIENCE = 3000;
const CACHE = `sixin-${fingerprint(JSON.stringify(SITE))}`;
const ANY = { ignoreVary: true };

addEventListener('install', event => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([new Request(SITE.shell, { cache: 'reload' }), ...SITE.files]);
    await skipWaiting();
  };
  event.waitUntil(keep());
  // What pages ask of the API goes past this worker, which would let it through: a page that ends does not wait for that.
  // Where the browser knows no such routes, it does go through.
  event.waitUntil(event.addRoutes?.({ condition: { urlPattern: { pathname: '/api/*' } }, source: 'network' }).catch(() => undefined));
});

addEventListener('activate', event => {
  const begin = async () => {
    const others = (await caches.keys()).filter(name => name !== CACHE);
    await Promise.all(others.map(name => caches.delete(name)));
    await registration.navigationPreload?.enable();
    await clients.claim();
  };
  event.waitUntil(begin());
});

addEventListener('fetch', event => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate') {
    const messenger = search === '' && /^\/(c\/\d+)?$/.test(pathname);
    event.respondWith(messenger ? page(event) : ahead(event));
  } else if (SITE.files.includes(pathname + search)) {
    event.respondWith(file(request));
  }
});

// The answer that the browser asked for while the worker started. Each navigation must take it: left alone, the browser
// asks again, and some addresses count once.
async function ahead(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

async function page(event) {
  const answer = ahead(event);
  event.waitUntil(answer.catch(() => undefined));
  const late = new Promise(resolve => setTimeout(resolve, PATIENCE));
  const found = await Promise.race([answer.catch(() => undefined), late]);
  // A proxy that finds no server behind it says so with one of these.
  const away = found === undefined || (found.status >= 502 && found.status <= 504);
  return (away && (await caches.match(SITE.shell, ANY))) || found || answer;
}

async function file(request) {
  return (await caches.match(request, ANY)) ?? fetch(request);
}

// Tells builds apart; nothing depends on its strength.
function fingerprint(text) {
  let hash = 0;
  for (const character of text) hash = (Math.imul(hash, 31) + character.codePointAt(0)) >>> 0;
  return hash.toString(36);
}
