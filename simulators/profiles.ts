/**
 * What simulated devices measure. A profile makes one signal a device; a signal is asked for its fields at rising times
 * and keeps what has to be continuous: a drift, a counter, a place.
 */
import type { Random } from './random.js';

export type Fields = Record<string, number | boolean | string>;

export interface Signal {
  fields(atMs: number): Fields;
}

export const profiles = { environment, power, tracker, machine } as const satisfies Record<
  string,
  (random: Random) => Signal
>;

export type ProfileName = keyof typeof profiles;

/** A room: warm in the afternoon, damp at night, stuffy during office hours. */
function environment(random: Random): Signal {
  const mean = random.between(19, 23);
  const pressure = drift(random, random.between(1005, 1022), 0.02);
  return {
    fields(atMs) {
      const day = daily(atMs, 15);
      const co2 = 430 + 380 * Math.max(0, daily(atMs, 13)) + random.noise(12);
      return {
        temperature: round(mean + 2.5 * day + random.noise(0.08), 2),
        humidity: round(clamp(48 - 9 * day + random.noise(0.6), 5, 95), 1),
        pressure: round(pressure(), 2),
        co2: Math.round(co2),
      };
    },
  };
}

/** An electricity meter: a load with a morning and an evening peak, and a counter of watt hours that never goes back. */
function power(random: Random): Signal {
  const base = random.between(150, 400);
  let energyWh = Math.floor(random.between(10_000, 5_000_000));
  let unbilledWh = 0;
  let lastMs: number | undefined;
  return {
    fields(atMs) {
      const peaks = Math.max(0, daily(atMs, 8)) ** 6 + 1.6 * Math.max(0, daily(atMs, 19)) ** 6;
      const activePower = Math.max(20, base + 1800 * peaks + random.noise(40));
      const voltage = 230 + random.noise(0.9);
      unbilledWh += (activePower * (atMs - (lastMs ?? atMs))) / 3_600_000;
      lastMs = atMs;
      energyWh += Math.floor(unbilledWh);
      unbilledWh -= Math.floor(unbilledWh);
      return {
        voltage: round(voltage, 1),
        current: round(activePower / voltage, 3),
        active_power: round(activePower, 1),
        energy: energyWh,
      };
    },
  };
}

const lyon = { latitude: 45.76, longitude: 4.84 };
const kmPerDegree = 111.32;

/** A vehicle around Lyon that turns a little, stops now and then, and turns back when it is far out. Speed in km/h. */
function tracker(random: Random): Signal {
  let latitude = lyon.latitude + random.noise(0.05);
  let longitude = lyon.longitude + random.noise(0.05);
  let heading = random.between(0, 2 * Math.PI);
  let speed = random.between(0, 90);
  let lastMs: number | undefined;
  return {
    fields(atMs) {
      const km = (speed * (atMs - (lastMs ?? atMs))) / 3_600_000;
      lastMs = atMs;
      latitude += (Math.cos(heading) * km) / kmPerDegree;
      longitude += (Math.sin(heading) * km) / (kmPerDegree * Math.cos((lyon.latitude * Math.PI) / 180));
      speed = random.chance(0.02) ? 0 : clamp(speed + random.noise(3), 0, 130);
      heading += random.noise(0.1);
      const [north, east] = [lyon.latitude - latitude, lyon.longitude - longitude];
      if (Math.hypot(north, east) > 0.3) heading = Math.atan2(east, north);
      return { latitude: round(latitude, 6), longitude: round(longitude, 6), speed: round(speed, 1) };
    },
  };
}

/** A machine that warms up while it runs and cools down while it is idle. Temperature in degrees Fahrenheit. */
function machine(random: Random): Signal {
  const warm = random.between(85, 98);
  let temperature = random.between(66, warm);
  let state: 'ok' | 'idle' | 'fault' = 'ok';
  return {
    fields() {
      if (random.chance(0.01)) state = random.chance(0.1) ? 'fault' : state === 'ok' ? 'idle' : 'ok';
      const running = state === 'ok';
      temperature += ((running ? warm : 66) - temperature) * 0.02 + random.noise(0.15);
      return { temperature: round(temperature, 2), running, state };
    },
  };
}

/** From -1 to 1 over a day in UTC, with the top at `peakHour`. */
function daily(atMs: number, peakHour: number): number {
  return Math.cos(2 * Math.PI * (atMs / 86_400_000 - peakHour / 24));
}

/** A value that wanders and is drawn back to where it began. */
function drift(random: Random, home: number, step: number): () => number {
  let value = home;
  return () => (value += random.noise(step) + (home - value) * 0.001);
}

function clamp(value: number, from: number, to: number): number {
  return Math.min(to, Math.max(from, value));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
