/**
 * MQTT 3.1.1 without a broker: devices connect to Inlet itself. aedes speaks the protocol; what is published goes to the
 * pipeline while aedes asks whether it may be published, which is before its PUBACK. So a PUBACK says "on disk".
 *
 * A connection is read on only when all that was read of it before is answered: TCP holds the device back. Held back for
 * longer than its keep-alive allows, it is cut, comes again and sends again; nothing is lost by that.
 *
 * Sessions live as long as their connection: nothing is kept for a device that is away. It publishes again what had no
 * PUBACK, and subscribes again to its receipts.
 */
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket, type Subscription } from 'aedes';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { callbackify } from 'node:util';
import type { Receipt, Refusal } from '../../domain/refusal.js';
import type { Inventory } from '../../ports/catalog.js';
import type { Log } from '../../ports/log.js';
import { OpenDevices } from '../open-devices.js';
import { answerOf, isWorthTelling } from './answer.js';
import { FramedConnection } from './framed-connection.js';
import type { Intake } from './intake.js';
import type { CutReason, MqttMetrics } from './metrics.js';
import { deviceOfReadings, isReceiptsTopic, receiptsTopic } from './topics.js';

export interface ListenerRooms {
  intake: Intake;
  inventory: Inventory;
  metrics: MqttMetrics;
  log: Log;
  host: string;
  port: number;
  maxPayloadBytes: number;
  maxConnections: number;
}

/** Receipts that one connection subscribes to: a gateway's devices. */
const maxSubscriptions = 1000;
/** A payload a little over the limit is answered, with `too_large`; what is longer is not read at all. */
const packetAllowanceBytes = 128 * 1024;
const connectWithinMs = 10_000;
/** How long a device has to take what was sent to it. */
const drainWithinMs = 30_000;
/** Half-open connections of devices without keep-alive are found by TCP. */
const tcpKeepAliveMs = 60_000;

/** Why a connection is ended by us. */
class Cut extends Error {
  readonly reason: CutReason;

  constructor(reason: CutReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Session {
  gone: AbortController;
  receipts: Set<string>;
  devices: OpenDevices;
}

export class MqttListener {
  readonly #rooms: ListenerRooms;
  readonly #sessions = new WeakMap<Client, Session>();
  #broker: Aedes | undefined;
  #server: Server | undefined;

  constructor(rooms: ListenerRooms) {
    this.#rooms = rooms;
  }

  /** @returns where it listens */
  async start(): Promise<string> {
    const { host, port, maxConnections, metrics } = this.#rooms;
    const broker = (this.#broker = await Aedes.createBroker({
      // 0 is without a bound: a device that does not read its receipts must not use up what the others publish with.
      concurrency: 0,
      connectTimeout: connectWithinMs,
      drainTimeout: drainWithinMs,
      // Nothing is kept for a session that is not there: it is made a clean one, and CONNACK says so.
      preConnect: (_, packet, done) => {
        packet.clean = true;
        done(null, true);
      },
      authorizePublish: callbackify((client: Client | null, packet: PublishPacket) => this.#published(client, packet)),
      authorizeSubscribe: (client, subscription, done) => done(null, this.#subscribed(client, subscription)),
      authorizeForward: (client, packet) => this.#forwarded(client, packet),
    }));
    broker.on('unsubscribe', (topics, client) => {
      for (const topic of topics) this.#sessions.get(client)?.receipts.delete(topic);
    });
    const countCut = (_: Client, error: Error) => metrics.cut(error instanceof Cut ? error.reason : 'error');
    broker.on('clientError', countCut);
    broker.on('connectionError', countCut);
    const server = (this.#server = createServer((socket) => this.#admit(broker, socket)));
    server.maxConnections = maxConnections;
    server.on('drop', () => metrics.cut('bound'));
    server.listen(port, host);
    await once(server, 'listening');
    const { address, port: bound } = server.address() as AddressInfo;
    return `mqtt://${address.includes(':') ? `[${address}]` : address}:${bound}`;
  }

  /** Devices get the PUBACK of what is being made durable, and none for what is held. */
  async stop(): Promise<void> {
    this.#server?.close();
    await this.#rooms.intake.stop();
    // What was settled just now is still to be written.
    await new Promise(setImmediate);
    await new Promise<void>((resolve) => (this.#broker ? this.#broker.close(resolve) : resolve()));
  }

  #admit(broker: Aedes, socket: Socket): void {
    const { metrics, log, maxPayloadBytes, inventory } = this.#rooms;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    const connection = new FramedConnection(socket, maxPayloadBytes + packetAllowanceBytes, () => {
      metrics.cut('too_large');
      log.warn({ peer: socket.remoteAddress }, 'an MQTT packet was too large; its connection was cut');
    });
    const client = broker.handle(connection);
    const session: Session = {
      gone: new AbortController(),
      receipts: new Set(),
      devices: new OpenDevices(inventory),
    };
    this.#sessions.set(client, session);
    metrics.connectionsChanged('listener', 1);
    connection.once('close', () => {
      session.gone.abort();
      session.devices.close();
      metrics.connectionsChanged('listener', -1);
    });
  }

  /** @throws to have the connection cut without a PUBACK */
  async #published(client: Client | null, packet: PublishPacket): Promise<void> {
    const { intake, log } = this.#rooms;
    const device = deviceOfReadings(packet.topic);
    if (device === undefined || !client) {
      log.warn(
        { topic: packet.topic, client: client?.id },
        'an MQTT client published where it may not; it was cut off',
      );
      throw new Cut('topic', 'this topic is not one to publish to');
    }
    // Nobody subscribes to readings here, and nothing is kept of them.
    packet.retain = false;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const { gone, devices } = this.#sessions.get(client)!;
    const outcome = await new Promise<Receipt | Refusal | undefined>((settle) => {
      intake.take({ device, payload, gone: gone.signal, settle });
    });
    if (outcome === undefined) throw new Cut('not_kept', 'nothing of it was kept');
    devices.note(device);
    if (isWorthTelling(outcome)) await this.#tell(device, outcome);
  }

  /** Before the PUBACK, so that a device still knows what it is about. */
  async #tell(device: string, outcome: Receipt | Refusal): Promise<void> {
    const { payload } = answerOf(outcome);
    const topic = receiptsTopic(device);
    this.#broker?.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => undefined);
    // aedes writes it in the next turn of the event loop; nobody waits until a slow reader has taken it.
    await new Promise(setImmediate);
  }

  #subscribed(client: Client, subscription: Subscription): Subscription | null {
    const session = this.#sessions.get(client);
    const { topic } = subscription;
    if (!session || !isReceiptsTopic(topic) || session.receipts.size >= maxSubscriptions) return null;
    session.receipts.add(topic);
    return subscription;
  }

  #forwarded(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (!client.conn.writableNeedDrain) return packet;
    this.#rooms.metrics.lostReceipt('listener');
    return null;
  }
}
