/**
 * PUBACKs of one connection, in the order of the messages (MQTT 5 [MQTT-4.6.0-2]), whatever the order in which these
 * became durable. Those that are ready together go out as one piece.
 */

/** A message of QoS 1, from when it came. */
export interface Expected {
  readonly packetId: number;
  /** `withheld`: it is never to have a PUBACK. */
  state: 'open' | 'ready' | 'withheld';
}

/** §3.4: type, remaining length, packet identifier. By MQTT 5 too, where no reason stands for success. */
const pubackBytes = 4;
const typeAndLength = 0x40_02;

export class Pubacks {
  readonly #expected: Expected[] = [];

  /** Messages that have no PUBACK yet. */
  get size(): number {
    return this.#expected.length;
  }

  expect(message: Expected): void {
    this.#expected.push(message);
  }

  /** The packets that may go now; undefined when there are none. */
  take(): Buffer | undefined {
    const expected = this.#expected;
    let settled = 0;
    let ready = 0;
    for (; settled < expected.length && expected[settled]!.state !== 'open'; settled++) {
      if (expected[settled]!.state === 'ready') ready++;
    }
    if (settled === 0) return undefined;
    const bytes = Buffer.allocUnsafe(ready * pubackBytes);
    let at = 0;
    for (const { packetId, state } of expected.splice(0, settled)) {
      if (state !== 'ready') continue;
      at = bytes.writeUInt16BE(packetId, bytes.writeUInt16BE(typeAndLength, at));
    }
    return ready > 0 ? bytes : undefined;
  }
}
