/** Which methods an address has, asked where a request found no route: the address may have others. */
import type { FastifyInstance } from 'fastify';

/** @returns what to ask with a path; call it before the routes are added */
export function watchMethods(app: FastifyInstance): (path: string) => string[] {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ method, url }) => {
    // The dashboard's files: whatever is not one of them is not there.
    if (url.endsWith('*')) return;
    let route = routes.get(url);
    if (!route) routes.set(url, (route = { pattern: patternOf(url), methods: new Set() }));
    for (const one of [method].flat()) route.methods.add(one);
  });
  return (path) =>
    [...routes.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? [...methods] : [])).sort();
}

/** `/v1/devices/:device` stands for every path with something in the place of the name. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
