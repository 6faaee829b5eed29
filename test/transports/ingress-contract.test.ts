import { cpSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { ingressContract, labSchema } from '../contracts/ingress.js';
import type { Ingress, OpenedIngress, Outcome } from '../contracts/ingress/subject.js';
import { startInlet } from '../servers/inlet.js';
import { httpIngress } from './http-ingress.js';
import { streamIngress } from './stream-ingress.js';

const protocols: [name: string, ingress: (url: string) => Ingress][] = [
  ['HTTP', httpIngress],
  ['stream', streamIngress],
];
const projectTypes = new URL('../../../schemas/types', import.meta.url);

t.setTimeout(120_000);

const answers: Outcome[][] = [];
for (const [name, ingress] of protocols) {
  await t.test(name, async (t) => {
    answers.push(await ingressContract(t, name, (t) => open(t, ingress)));
  });
}

await t.test('every protocol gives the same answer to the same bytes, word for word', async (t) => {
  const [first, ...others] = answers;
  for (const other of others) t.same(other, first);
});

async function open(t: Test, ingress: (url: string) => Ingress): Promise<OpenedIngress> {
  const types = t.testdir({ 'lab.schema.json': JSON.stringify(labSchema) });
  cpSync(projectTypes, path.join(types), { recursive: true });
  const service = await startInlet(t, { INLET_SCHEMA_DIR: types });
  return { service, ingress: ingress(service.url) };
}
