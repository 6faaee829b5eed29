/**
 * Publishing to inlet/v1/readings/DEVICE, as the contract of every way in sees it. Through a broker by MQTT 5, with a
 * response topic, where each message is answered; on our own listener by 3.1.1, where an answer comes before the PUBACK
 * when something was not accepted, and the PUBACK alone means that all was.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import type { Problem } from '../../src/domain/generated/problem.js';
import type { Receipt } from '../../src/domain/refusal.js';
import { isDevice } from '../../src/domain/reading.js';
import type { Ingress, Outcome } from '../contracts/ingress/subject.js';
import { Inbox } from './inbox.js';

const answers = 'test/answers';
/** Of a batch that names no device. */
const nobody = 'nobody';

export async function brokerIngress(url: string): Promise<Ingress> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  const inbox = new Inbox<{ number: string; answer: Buffer }>();
  client.on('message', (_, answer, { properties }) => {
    inbox.put({ number: String(properties?.correlationData), answer });
  });
  await client.subscribeAsync(answers, { qos: 1 });
  let sent = 0;
  return {
    refusals: { notUtf8: 'malformed', tooLarge: 'too_large' },
    namesDevice: true,
    async send(bytes) {
      const number = String(++sent);
      const properties = { responseTopic: answers, correlationData: Buffer.from(number) };
      await client.publishAsync(`inlet/v1/readings/${deviceOf(bytes)}`, bytes, { qos: 1, properties });
      const answered = await inbox.take();
      if (answered.number !== number) throw new Error(`answer ${answered.number} came for message ${number}`);
      return outcomeOf(answered.answer);
    },
    close: () => end(client),
  };
}

export async function listenerIngress(url: string): Promise<Ingress> {
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  const receipts: { topic: string; answer: Buffer }[] = [];
  const subscribed = new Set<string>();
  client.on('message', (topic, answer) => void receipts.push({ topic, answer }));
  return {
    refusals: { notUtf8: 'malformed', tooLarge: 'too_large' },
    namesDevice: true,
    isSilent: true,
    async send(bytes) {
      const device = deviceOf(bytes);
      const topic = `inlet/v1/receipts/${device}`;
      if (!subscribed.has(topic)) await client.subscribeAsync(topic);
      subscribed.add(topic);
      await client.publishAsync(`inlet/v1/readings/${device}`, bytes, { qos: 1 });
      const [receipt, ...others] = receipts.splice(0);
      if (others.length > 0 || (receipt && receipt.topic !== topic)) throw new Error('a receipt that nobody waits for');
      return receipt ? outcomeOf(receipt.answer) : { receipt: { accepted: countOf(bytes), rejected: 0 } };
    },
    close: () => end(client),
  };
}

async function end(client: MqttClient): Promise<void> {
  await client.endAsync();
}

function outcomeOf(answer: Buffer): Outcome {
  const value = JSON.parse(answer.toString()) as Receipt | Problem;
  return 'code' in value ? { refused: value.code } : { receipt: value };
}

interface Sent {
  device?: unknown;
  readings?: unknown;
}

function parsed(bytes: Buffer): Sent | Sent[] | undefined {
  try {
    return JSON.parse(bytes.toString().replace('\ufeff', '')) as Sent | Sent[];
  } catch {
    return undefined;
  }
}

/** The first device that the batch names properly: whose topic a device would publish it to. */
function deviceOf(bytes: Buffer): string {
  const value = parsed(bytes);
  const readings = Array.isArray(value) ? value : Array.isArray(value?.readings) ? (value.readings as unknown[]) : [];
  const named = [...readings, value].map((one) => (one as Sent | null | undefined)?.device);
  return named.find(isDevice) ?? nobody;
}

function countOf(bytes: Buffer): number {
  const value = parsed(bytes);
  if (Array.isArray(value)) return value.length;
  return Array.isArray(value?.readings) ? value.readings.length : 1;
}
