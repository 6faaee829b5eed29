/** Answers to what is not HTTP enough to become a request. */
import type { ConnectionError } from 'fastify';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../../domain/refusal.js';
import { problemOf } from '../problem.js';

/** Requests whose bodies are read while they come. Whoever reads them has an eye on how they get on. */
const endless = new WeakSet<IncomingMessage>();

/** From here on the request may last longer than others. */
export function letTakeItsTime(request: IncomingMessage): void {
  endless.add(request);
}

export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && mayTakeItsTime(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered(socket)) {
    socket.destroy();
    return;
  }
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuseRaw(socket, new Refusal('request_timeout', 'headers and body have to come faster'));
    case 'HPE_HEADER_OVERFLOW':
      return refuseRaw(socket, new Refusal('headers_too_large', 'the headers are larger than this service takes'));
    default:
      return refuseRaw(socket, new Refusal('malformed', 'this is not a request that HTTP knows'));
  }
}

/** A socket with what Node answers on it; Node's own handler of client errors looks there too. */
type AnsweringSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Whether an answer has begun: another one must not come in the middle of it. */
function isAnswered({ _httpMessage: answer }: AnsweringSocket): boolean {
  return answer?.headersSent === true;
}

function mayTakeItsTime({ _httpMessage: answer }: AnsweringSocket): boolean {
  return answer ? endless.has(answer.req) : false;
}

/** Where there is no reply to send it by. */
export function refuseRaw(socket: Socket, refusal: Refusal, headers: readonly string[] = []): void {
  const { status } = refusal;
  const body = JSON.stringify(problemOf(refusal));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...headers,
  ];
  // Then it is cut, whatever the other side still sends.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}
