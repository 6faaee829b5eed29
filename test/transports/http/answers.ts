import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import type { Problem } from '../../../src/domain/generated/problem.js';
import type { Receipt } from '../../../src/domain/refusal.js';
import { schemaRegistry } from '../../schemas/load.js';

const schemas = schemaRegistry();
const isProblem = schemas('https://inlet.example/schemas/problem.schema.json');
const isReceipt = schemas('https://inlet.example/schemas/receipt.schema.json');

/** A batch as bytes, with whatever headers. */
export async function postBytes(
  url: string,
  body: string | Uint8Array | undefined,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body: (body ?? null) as Uint8Array<ArrayBuffer> | null });
}

/** Holds an answer to RFC 9457 and our schema of it. */
export async function isRefused(
  t: Test,
  response: Response,
  status: number,
  code: string,
  what = code,
): Promise<Problem> {
  t.equal(response.status, status, what);
  t.match(response.headers.get('content-type'), /^application\/problem\+json/, `${what}: as a problem`);
  const problem = (await response.json()) as Problem;
  t.ok(isProblem(problem), `${what}: of the schema`, { problem, errors: isProblem.errors });
  t.match(problem, { status, code });
  return problem;
}

export async function isAnswered(
  t: Test,
  response: Response,
  status: number,
  receipt: object,
  what = 'the status',
): Promise<Receipt> {
  t.equal(response.status, status, what);
  t.match(response.headers.get('content-type'), /^application\/json/);
  const answer = (await response.json()) as Receipt;
  t.ok(isReceipt(answer), 'a receipt of the schema', { answer, errors: isReceipt.errors });
  t.match(answer, receipt);
  return answer;
}

/** What the service answers to bytes that no HTTP library would send; all of it, once it closes or `untilMs` is over. */
export async function sendRaw(url: string, request: string, untilMs = 2000): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = createConnection({ host: hostname, port: Number(port) });
  const timer = setTimeout(() => socket.end(), untilMs);
  socket.write(request);
  try {
    return await text(socket);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
