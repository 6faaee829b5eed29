/** The four recorded sensors of the demonstration. */
import { fileURLToPath } from 'node:url';

export interface Sensor {
  device: string;
  type: string;
  field: string;
  protocol: 'http' | 'ws';
  file: string;
}

/** Seen from dist/simulators/ the data lies in the repository itself. */
function data(name: string): string {
  return fileURLToPath(new URL(`../../simulators/data/${name}.csv`, import.meta.url));
}

export const sensors: readonly Sensor[] = [
  {
    device: 'machine-1',
    type: 'machine',
    field: 'temperature',
    protocol: 'http',
    file: data('machine_temperature_system_failure'),
  },
  {
    device: 'office-1',
    type: 'ambient',
    field: 'temperature',
    protocol: 'http',
    file: data('ambient_temperature_system_failure'),
  },
  { device: 'occupancy-6005', type: 'traffic', field: 'occupancy', protocol: 'ws', file: data('occupancy_6005') },
  { device: 'speed-7578', type: 'traffic', field: 'speed', protocol: 'ws', file: data('speed_7578') },
];
