/**
 * PUBACKs of one connection, in the order of the messages (MQTT 5 [MQTT-4.6.0-2]), whatever the order in which these
 * became durable. Those that are ready together go out as one piece.
 */

interface Expected {
  packetId: number;
  state: 'open' | 'ready' | 'withheld';
}

/** §3.4: type, remaining length, packet identifier. By MQTT 5 too, where no reason stands for success. */
const pubackBytes = 4;

export class Pubacks {
  readonly #expected: Expected[] = [];

  /** Messages that have no PUBACK yet. */
  get size(): number {
    return this.#expected.length;
  }

  /** @returns what to call once: with false where there is to be no PUBACK, ever */
  expect(packetId: number): (isTaken: boolean) => void {
    const expected: Expected = { packetId, state: 'open' };
    this.#expected.push(expected);
    return (isTaken) => {
      expected.state = isTaken ? 'ready' : 'withheld';
    };
  }

  /** The packets that may go now; undefined when there are none. */
  take(): Buffer | undefined {
    let settled = this.#expected.findIndex(({ state }) => state === 'open');
    if (settled < 0) settled = this.#expected.length;
    const ready = this.#expected.splice(0, settled).filter(({ state }) => state === 'ready');
    if (ready.length === 0) return undefined;
    const bytes = Buffer.alloc(ready.length * pubackBytes);
    for (const [index, { packetId }] of ready.entries()) {
      bytes.writeUInt16BE(0x40_02, index * pubackBytes);
      bytes.writeUInt16BE(packetId, index * pubackBytes + 2);
    }
    return bytes;
  }
}
