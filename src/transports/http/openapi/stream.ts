import { shared, type Operation } from './operation.js';

export const switching = { 101: { description: 'The connection is a WebSocket from here on.' } };

export const openStream: Operation = {
  group: 'Live',
  summary: 'A device’s stream of readings (WebSocket)',
  description:
    'Each text frame is a batch, with an optional rising `seq`. Where the subprotocol `inlet.v1.senml+cbor` is agreed, a ' +
    'binary frame is a SenML pack, whose first record may have the label `seq`. The server speaks first: what it takes. It acknowledges ' +
    'frames in their order, several at once where nothing was rejected; an ack means durable. With too many frames ' +
    'unanswered it stops reading and drops nothing. Close codes: 1003 binary without that, 1009 too large, 1012 restart, 4400 protocol ' +
    'error, 4408 no pong.',
  answers: switching,
  refusals: ['forbidden', 'upgrade_required'],
  frames: { fromClient: shared('stream-frames', 'deviceFrame'), fromServer: shared('stream-frames', 'serverFrame') },
};
