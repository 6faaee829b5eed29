/** Answers to what is not HTTP enough to become a request. */
import type { ConnectionError } from 'fastify';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../../domain/refusal.js';
import { problemOf } from '../problem.js';

export function answerClientError(error: ConnectionError, socket: Socket): void {
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

/** Whether an answer has begun: another one must not come in the middle of it. Node's own handler looks there too. */
function isAnswered({ _httpMessage: answer }: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  return answer?.headersSent === true;
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
