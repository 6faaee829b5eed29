/** Figures for Prometheus: requests, sockets and messages as they happen, readings and lags when they are asked for. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Operations, Stats } from '../../ports/operations.js';

/** WebSockets, event streams and polls that wait. */
export type SocketKind = 'stream' | 'live' | 'events' | 'poll';

/** Which figure of the stats becomes which metric. */
const readings: [name: string, help: string, key: Exclude<keyof Stats, 'bus'>][] = [
  ['inlet_readings_received', 'Readings that got a receipt.', 'received'],
  ['inlet_readings_accepted', 'Readings that are or were durable in the spool.', 'accepted'],
  ['inlet_readings_rejected', 'Readings that were refused at the door.', 'rejected'],
  ['inlet_readings_stored', 'Readings delivered to the store.', 'stored'],
  ['inlet_readings_quarantined', 'Readings that the store refused for good.', 'quarantined'],
  ['inlet_readings_discarded', 'Readings deleted from quarantine.', 'discarded'],
  ['inlet_readings_pending', 'Readings in the spool that the store does not have yet.', 'pending'],
  ['inlet_readings_damaged', 'Readings whose record in the spool was found damaged.', 'damaged'],
  ['inlet_spool_bytes', 'Bytes of the spool on disk.', 'spoolBytes'],
  ['inlet_in_flight_bytes', 'Bytes taken in and not yet acknowledged.', 'inFlightBytes'],
  ['inlet_devices', 'Devices known.', 'devices'],
  ['inlet_series', 'Series known.', 'series'],
];

export class Metrics {
  readonly #registry = new Registry();
  readonly #requestSeconds: Histogram<'method' | 'route' | 'status'>;
  /** The histogram's parts by method, status and route; finding one by its labels costs more than what it counts. */
  readonly #requests = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>();
  readonly #openSockets: Gauge<'socket'>;
  readonly #messages: Counter<'socket' | 'direction'>;
  readonly #sessionSeconds: Histogram<'socket'>;

  constructor(operations: Operations) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requestSeconds = new Histogram({
      name: 'inlet_http_request_duration_seconds',
      help: 'Time from the request to the end of its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#openSockets = new Gauge({
      name: 'inlet_open_sockets',
      help: 'Open WebSockets, event streams and waiting polls.',
      labelNames: ['socket'],
      registers,
    });
    this.#messages = new Counter({
      name: 'inlet_socket_messages_total',
      help: 'Messages on WebSockets and event streams.',
      labelNames: ['socket', 'direction'],
      registers,
    });
    this.#sessionSeconds = new Histogram({
      name: 'inlet_socket_session_seconds',
      help: 'How long WebSockets and event streams were open, and polls waited.',
      labelNames: ['socket'],
      buckets: [1, 10, 60, 600, 3600, 6 * 3600, 86_400],
      registers,
    });
    for (const [name, help, key] of readings) {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(operations.stats()[key] ?? 0) });
    }
    const lag: Gauge = new Gauge({
      name: 'inlet_store_lag_seconds',
      help: 'Age of the oldest reading that the store does not have yet; 0 when it has all.',
      registers,
      collect: () => lag.set((operations.stats().oldestPendingMs ?? 0) / 1000),
    });
  }

  /** For the figures of other transports. */
  get registry(): Registry {
    return this.#registry;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    return this.#registry.metrics();
  }

  request(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${status} ${route}`;
    let seen = this.#requests.get(key);
    if (!seen) this.#requests.set(key, (seen = this.#requestSeconds.labels(method, route, String(status))));
    seen.observe(seconds);
  }

  socketOpened(socket: SocketKind): void {
    this.#openSockets.inc({ socket });
  }

  socketClosed(socket: SocketKind, seconds: number): void {
    this.#openSockets.dec({ socket });
    this.#sessionSeconds.observe({ socket }, seconds);
  }

  messages(socket: SocketKind, direction: 'in' | 'out', count = 1): void {
    this.#messages.inc({ socket, direction }, count);
  }
}
