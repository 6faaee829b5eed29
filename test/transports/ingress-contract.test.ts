import { cpSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { comparable, ingressContract, labSchema } from '../contracts/ingress.js';
import type { OpenedIngress, Outcome } from '../contracts/ingress/subject.js';
import { startInlet, type InletProcess } from '../servers/inlet.js';
import { mosquittoIsMissing, startMosquitto } from '../servers/mosquitto.js';
import { httpIngress } from './http-ingress.js';
import { brokerIngress, listenerIngress } from './mqtt-ingress.js';
import { streamIngress } from './stream-ingress.js';

const projectTypes = new URL('../../../schemas/types', import.meta.url);

async function start(t: Test, environment: Record<string, string> = {}): Promise<InletProcess> {
  const types = t.testdir({ 'lab.schema.json': JSON.stringify(labSchema) });
  cpSync(projectTypes, path.join(types), { recursive: true });
  return startInlet(t, { INLET_SCHEMA_DIR: types, ...environment });
}

const protocols: [name: string, open: (t: Test) => Promise<OpenedIngress>][] = [
  ['HTTP', async (t) => withIngress(await start(t), ({ url }) => httpIngress(url))],
  ['stream', async (t) => withIngress(await start(t), ({ url }) => streamIngress(url))],
  [
    'MQTT on our own listener',
    async (t) => withIngress(await start(t, { INLET_MQTT_LISTEN: '127.0.0.1:0' }), (s) => listenerIngress(s.mqttUrl)),
  ],
];
if (!mosquittoIsMissing('The ingress contract for MQTT through a broker')) {
  protocols.push([
    'MQTT through a broker',
    async (t) => {
      const mosquitto = await startMosquitto(t);
      const service = await start(t, { INLET_MQTT_URL: mosquitto.url });
      await service.takesFromBroker();
      return withIngress(service, () => brokerIngress(mosquitto.url));
    },
  ]);
}

const answers: Outcome[][] = [];
for (const [name, open] of protocols) {
  await t.test(name, async (t) => {
    answers.push(await ingressContract(t, name, open));
  });
}

await t.test('every protocol gives the same answer to the same bytes, word for word', async (t) => {
  const [first, ...others] = answers.map(comparable);
  for (const other of others) t.same(other, first);
});

async function withIngress(
  service: InletProcess,
  open: (service: InletProcess) => OpenedIngress['ingress'] | Promise<OpenedIngress['ingress']>,
): Promise<OpenedIngress> {
  return { service, ingress: await open(service) };
}
