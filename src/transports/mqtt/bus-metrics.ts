/** Figures of the live bus for Prometheus, when they are asked for. */
import { Gauge, type Registry } from 'prom-client';
import type { BusOperations, Stats } from '../../ports/operations.js';

type Bus = NonNullable<Stats['bus']>;

const figures: [name: string, help: string, valueOf: (bus: Bus) => number][] = [
  ['inlet_bus_connected', 'Whether the broker of the live bus is there.', ({ connected }) => Number(connected)],
  ['inlet_bus_peers', 'Other instances that this one has heard of.', ({ peers }) => peers.length],
  [
    'inlet_bus_peers_online',
    'Those of them that are there.',
    ({ peers }) => peers.filter(({ online }) => online).length,
  ],
  [
    'inlet_bus_behind_readings',
    'Readings that other instances have accepted and that have not come here.',
    ({ peers }) => peers.reduce((sum, { behind }) => sum + behind, 0),
  ],
  ['inlet_bus_refused_peers', 'Instances that a cursor has no room for.', ({ refused }) => refused],
  ['inlet_bus_published_readings', 'Sent to other instances as they were accepted.', ({ published }) => published],
  ['inlet_bus_unsent_readings', 'Not sent so: other instances fetch them.', ({ unsent }) => unsent],
  ['inlet_bus_received_readings', 'Of other instances, as they were accepted.', ({ received }) => received],
  ['inlet_bus_fetched_readings', 'Of other instances, asked for afterwards.', ({ fetched }) => fetched],
  ['inlet_bus_gaps', 'How often readings of other instances could not be had.', ({ gaps }) => gaps],
  ['inlet_bus_malformed_messages', "Messages that are not of the bus's form.", ({ malformed }) => malformed],
  ['inlet_republished_readings', 'Published for other programs.', ({ republished }) => republished],
  [
    'inlet_republish_dropped_readings',
    'Not published for other programs: the broker was away or too slow.',
    ({ republishDropped }) => republishDropped,
  ],
];

export function addBusMetrics(registry: Registry, operations: BusOperations): void {
  for (const [name, help, valueOf] of figures) {
    const collect = () => gauge.set(valueOf(operations.bus()));
    const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect });
  }
}
