/** Program of a thread: MQTT 3.1.1, QoS 1, a window of messages without a PUBACK on each connection. */
import type { Progress, Talk } from './connection.js';
import { generate } from './generator.js';
import { MessageRing, type Wrapped } from './message-ring.js';

const notMasked = new Uint8Array(4);
const connack = '\x20\x02\x00\x00';
const pubackBytes = 4;
const publishQos1 = 0x32;

/** A string as the packets have it (MQTT 3.1.1 §1.5.3). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >>> 8, bytes.length & 0xff]), bytes]);
}

/** §2.2.3. */
function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  for (let rest = length; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

/** A clean session without keep-alive (§3.1). */
function connect(client: string): Buffer {
  const content = Buffer.concat([text('MQTT'), Buffer.from([4, 2, 0, 0]), text(client)]);
  return Buffer.concat([Buffer.from([0x10]), remainingLength(content.length), content]);
}

function publish(packetId: number, readings: string[]): Wrapped {
  const [device] = /(?<="device":")[^"]+/.exec(readings[0]!) ?? [];
  const head = Buffer.concat([text(`inlet/v1/readings/${device}`), Buffer.from([packetId >>> 8, packetId & 0xff])]);
  const payload = Buffer.from(readings.length === 1 ? readings[0]! : `[${readings.join(',')}]`);
  const length = remainingLength(head.length + payload.length);
  const bytes = Buffer.concat([Buffer.from([publishQos1]), length, head, payload]);
  return { bytes, bodyAt: bytes.length - payload.length, mask: notMasked };
}

class MqttTalk implements Talk {
  readonly opening: string;
  readonly #ring: MessageRing;
  #isOpen = false;

  constructor(client: string, ring: MessageRing) {
    // Its bytes are ASCII, all of them.
    this.opening = connect(client).toString('latin1');
    this.#ring = ring;
  }

  take(count: number): Buffer[] {
    return this.#ring.take(count);
  }

  /** Which messages the PUBACKs are for does not matter: each is for one that is under way. */
  read(text: string): Progress {
    let rest = text;
    if (!this.#isOpen) {
      if (text.length < connack.length) return { answered: 0, rest };
      if (!text.startsWith(connack)) throw new Error(`the server refuses the connection: ${JSON.stringify(text)}`);
      this.#isOpen = true;
      rest = text.slice(connack.length);
    }
    const answered = Math.floor(rest.length / pubackBytes);
    for (let n = 0; n < answered; n++) {
      if (!rest.startsWith('\x40\x02', n * pubackBytes)) throw new Error(`not a PUBACK: ${JSON.stringify(rest)}`);
    }
    return { answered, rest: rest.slice(answered * pubackBytes) };
  }
}

generate((connection, { connections, batch, window, fromMs }): Talk => {
  let packetId = 0;
  // A message keeps its packet identifier: the ring has as many as may be under way, and each only once.
  const wrap = (readings: string[]) => publish(++packetId, readings);
  const ring = new MessageRing({ connection, connections, batch, inFlight: window, wrap, fromMs });
  return new MqttTalk(`load-${connection}`, ring);
});
