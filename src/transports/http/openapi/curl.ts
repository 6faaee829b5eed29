/** A request as a line for a shell, from the examples that the operation has. */
import type { OpenApiOperation } from './document.js';

export interface Request {
  path: string;
  method: string;
  operation: OpenApiOperation;
  origin: string;
}

export function curlOf({ path, method, operation, origin }: Request): string {
  const { parameters = [], requestBody } = operation;
  const exampleOf = (name: string) =>
    encodeURIComponent(String(parameters.find((one) => one.name === name)?.example ?? name));
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) => exampleOf(name));
  const query = parameters.filter((one) => one.in === 'query' && one.example !== undefined);
  const search = query.map(({ name }) => `${name}=${exampleOf(name)}`).join('&');
  const [mediaType, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return [
    'curl -s',
    // With a body, curl posts.
    ...(method === 'get' || body ? [] : [`-X ${method.toUpperCase()}`]),
    quoted(`${origin}${place}${search === '' ? '' : `?${search}`}`),
    ...(mediaType === undefined ? [] : [`\\\n  -H ${quoted(`content-type: ${mediaType}`)}`]),
    ...(body === undefined ? [] : [`\\\n  ${dataOf(body.example)}`]),
  ].join(' ');
}

/** Text goes as it is, anything else as its JSON. */
function dataOf(example: unknown): string {
  return typeof example === 'string' ? `--data-binary ${quoted(example)}` : `-d ${quoted(JSON.stringify(example))}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
