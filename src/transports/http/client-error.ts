/** Answers to what is not HTTP enough to become a request. */
import type { ConnectionError } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '../../domain/refusal.js';
import { problemOf } from './problem.js';

export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return endWith(socket, 408, '');
    case 'HPE_HEADER_OVERFLOW':
      return refuse(socket, new Refusal('headers_too_large', 'the headers are larger than this service takes'));
    default:
      return refuse(socket, new Refusal('malformed', 'this is not a request that HTTP knows'));
  }
}

function refuse(socket: Socket, refusal: Refusal): void {
  endWith(socket, refusal.status, JSON.stringify(problemOf(refusal)));
}

function endWith(socket: Socket, status: number, body: string): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  // Then it is cut, whatever the other side still sends.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}
