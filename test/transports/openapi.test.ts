import { Ajv2020 } from 'ajv/dist/2020.js';
import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { Service } from '../../src/app/service.js';
import { readSettings } from '../../src/config/settings.js';
import { refusals } from '../../src/domain/refusal.js';
import type { OpenApiDocument } from '../../src/transports/http/openapi/document.js';
import { init, requests } from './asked.js';

/** Every route that the service registers, whatever it says of itself. */
const registered: string[] = [];
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    registered.push(...[method].flat().map((one) => `${one} ${url.replace(/:(\w+)/g, '{$1}')}`));
  });
});

const service = new Service(readSettings({ INLET_PORT: '0', INLET_DATA_DIR: t.testdir(), INLET_LOG_LEVEL: 'silent' }));
await service.start();
t.teardown(() => service.stop());

const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApiDocument;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'openapi');

t.test('every route is in the document, and nothing else is', async (t) => {
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  const expected = registered.filter((route) => !route.startsWith('HEAD ') && route !== 'GET /*');
  t.same(sorted(described), sorted(expected));
  t.ok(expected.length >= 15, `${expected.length} routes`);
  t.ok(registered.includes('GET /*'), 'the files of the dashboard are the only exception');
});

t.test('the document is OpenAPI 3.1: what has to be there is there', async (t) => {
  t.match(document, { openapi: /^3\.1\.\d$/, info: { title: String, version: String }, servers: [{ url: '/' }] });
  const ids = operations.map(({ operation }) => operation.operationId);
  t.equal(new Set(ids).size, ids.length, 'operation ids are unique');
  const groups = document.tags.map(({ name }) => name);
  for (const { path, operation } of operations) {
    const { operationId, tags, summary, parameters = [], responses } = operation;
    t.match(path, /^\//);
    t.ok(summary && tags.every((tag) => groups.includes(tag)), operationId);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((one) => one.in === 'path');
    t.same(
      inPath,
      declared.map(({ name }) => name),
      `${operationId} declares the parameters of its path`,
    );
    t.ok(declared.every(({ required }) => required));
    t.ok(
      parameters.every(({ description, schema }) => description && schema),
      `${operationId} explains its parameters`,
    );
    t.ok(Object.keys(responses).length > 0 && Object.keys(responses).every((status) => /^[1-5]\d\d$/.test(status)));
    t.ok(
      Object.values(responses).every(({ description }) => description),
      `${operationId} explains its answers`,
    );
  }
});

t.test('every reference leads somewhere, and no component is idle', async (t) => {
  const text = JSON.stringify(document);
  const references = new Set([...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference!));
  for (const reference of references) t.ok(resolve(reference), reference);
  for (const name of Object.keys(document.components.schemas)) {
    t.ok(references.has(`#/components/schemas/${name}`), `${name} is referred to`);
  }
  t.notMatch(text, /\.schema\.json|\$defs/, 'nothing of the files shows');
});

t.test('every schema compiles and every example is valid by its own', async (t) => {
  for (const [name, { examples }] of Object.entries(document.components.schemas)) {
    const validate = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
    for (const example of (examples ?? []) as unknown[]) t.ok(validate(example), `${name} ${said(validate.errors)}`);
  }
  const body = document.paths['/v1/readings']!['post']!.requestBody!.content['application/json']!;
  t.ok(ajv.validate({ $ref: 'openapi#/components/schemas/Batch' }, body.example));
});

t.test('every refusal is documented, with an example of its own', async (t) => {
  const problem = ajv.compile({ $ref: 'openapi#/components/schemas/Problem' });
  t.same(Object.keys(document.components.examples), Object.keys(refusals));
  for (const [code, { value }] of Object.entries(document.components.examples)) {
    t.ok(problem(value), `${code} ${said(problem.errors)}`);
    t.match(value, { code, status: refusals[code as keyof typeof refusals].status });
  }
});

t.test('what a running service answers is what the document says', async (t) => {
  const seen = new Set<string>();
  for (const { route, status, ...request } of requests) {
    const [method, target] = route.split(' ') as [string, string];
    const response = await fetch(service.url + target, { method, ...init(request) });
    const where = `${method.toLowerCase()} ${placeOf(method, target)}`;
    t.equal(response.status, status, route);
    t.ok(checked(where, response, await response.text()), `${route} is answered as the document says`);
    seen.add(where);
  }
  const asked = operations.filter(({ operation }) => !operation['x-frames']);
  t.same(
    asked.filter(({ method, path }) => !seen.has(`${method} ${path}`)).map(({ operation }) => operation.operationId),
    [],
    'every operation was asked',
  );
});

t.test('a WebSocket address says that it is one', async (t) => {
  for (const { path, operation } of operations.filter(({ operation }) => operation['x-frames'])) {
    const response = await fetch(service.url + path);
    t.equal(response.status, 426);
    t.ok(checked(`get ${path}`, response, await response.text()), path);
    for (const frame of Object.values(operation['x-frames']!)) t.ok(resolve(frame['$ref'] as string));
  }
});

t.test('the page shows every operation, refusal and schema, and needs nothing from elsewhere', async (t) => {
  const response = await fetch(`${service.url}/docs`);
  const page = await response.text();
  t.match(response.headers.get('content-security-policy'), "default-src 'none'");
  t.notMatch(page, /<script|<link|<img|src=|url\(/);
  for (const { operation } of operations) t.match(page, `<section id="${operation.operationId}">`);
  for (const name of Object.keys(document.components.schemas)) t.match(page, `<section id="schema-${name}">`);
  for (const code of Object.keys(refusals)) t.match(page, `<code>${code}</code>`);
  for (const channel of ['stream', 'live']) t.match(page, `<section id="channel-${channel}">`);
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const dead = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id).filter((id) => !ids.has(id));
  t.same(dead, [], 'every link within it leads somewhere');
});

/** The path in the document that a request is for. */
function placeOf(method: string, target: string): string {
  const [path] = target.split('?') as [string];
  const fits = operations.filter((one) => one.method === method.toLowerCase());
  const pattern = (template: string) => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`);
  return fits.find((one) => one.path === path || pattern(one.path).test(path))?.path ?? path;
}

/** Whether the document has this answer, and its body is as it says. */
function checked(where: string, response: Response, body: string): boolean {
  const [method, path] = where.split(' ') as [string, string];
  const answer = document.paths[path]?.[method]?.responses[response.status];
  if (!answer) return false;
  if (!answer.content) return body === '';
  const mediaType = response.headers.get('content-type')?.split(';')[0] ?? '';
  if (!answer.content[mediaType]) return false;
  const place = ['paths', path, method, 'responses', String(response.status), 'content', mediaType, 'schema'];
  const validate = ajv.compile({ $ref: `openapi#/${place.map(pointerSegment).join('/')}` });
  const isValid = validate(mediaType.endsWith('json') ? JSON.parse(body) : body);
  if (!isValid) t.comment(where, said(validate.errors));
  return isValid;
}

/** As it stands in a reference: a JSON Pointer within a URI. */
function pointerSegment(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function resolve(reference: string): unknown {
  let place: unknown = document;
  for (const key of reference.split('/').slice(1)) place = (place as Record<string, unknown> | undefined)?.[key];
  return place;
}

function said(errors: unknown): string {
  return JSON.stringify(errors ?? []);
}

function sorted(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : 1));
}
