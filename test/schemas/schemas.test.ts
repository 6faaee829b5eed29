import t from 'tap';
import { refusals } from '../../src/domain/refusal.js';
import { readSchema, schemaFiles, schemaRegistry } from './load.js';

const validator = schemaRegistry();
const idOf = (name: string) => `https://inlet.example/schemas/${name}.schema.json`;

t.test('every schema compiles, is named after its file and explains itself', async (t) => {
  for (const file of [...schemaFiles(), ...schemaFiles('types/')]) {
    const schema = readSchema(file);
    t.equal(schema.$id, `https://inlet.example/schemas/${file}`);
    t.type(validator(schema.$id), 'function', file);
    t.ok(schema.title && schema.description, `${file} has a title and a description`);
  }
});

t.test('every example in a schema is valid by that schema', async (t) => {
  let examples = 0;
  for (const file of [...schemaFiles(), ...schemaFiles('types/')]) {
    const schema = readSchema(file);
    const places = [['', schema] as const, ...Object.entries(schema.$defs ?? {})];
    for (const [name, place] of places) {
      const validate = validator(name === '' ? schema.$id : `${schema.$id}#/$defs/${name}`);
      for (const example of place.examples ?? []) {
        examples++;
        t.ok(validate(example), `${file} ${name}: ${JSON.stringify(validate.errors)}`);
      }
    }
  }
  t.ok(examples > 20, `${examples} examples`);
});

t.test('the problem schema lists exactly the refusals that there are', async (t) => {
  const validate = validator(idOf('problem'));
  for (const [code, { status, title }] of Object.entries(refusals)) {
    t.ok(validate({ type: 'about:blank', title, status, detail: 'why', code }), code);
  }
  const listed = readSchema('problem.schema.json').$defs?.['code'] as { enum: string[] };
  t.same(listed.enum.toSorted(byCodeUnit), Object.keys(refusals).toSorted(byCodeUnit));
});

t.test('a batch is a reading, readings, or an envelope, and nothing else', async (t) => {
  const validate = validator(idOf('batch'));
  const reading = { device: 'a', fields: { x: 1 } };
  t.ok(validate(reading));
  t.ok(validate([reading, reading]));
  t.ok(validate({ device: 'a', readings: [{ fields: { x: 1 } }] }));
  for (const wrong of [
    [],
    {},
    'reading',
    { readings: [] },
    { device: 'a' },
    { device: 'a', fields: {} },
    { device: 'a', fields: { x: null } },
    { device: 'a', fields: { x: {} } },
    { device: 'a', fields: { time: 1 } },
    { device: '.a', fields: { x: 1 } },
    { device: 'a', fields: { x: 1 }, note: 'unknown key' },
    { device: 'a', ts: '2023-11-14T22:13:20', fields: { x: 1 } },
    { device: 'a', tags: { site: '' }, fields: { x: 1 } },
    { device: 'a', tags: { site: 'a\nb' }, fields: { x: 1 } },
  ]) {
    t.notOk(validate(wrong), JSON.stringify(wrong));
  }
});

t.test('a subscription has the keys of this version only', async (t) => {
  const validate = validator(`${idOf('live-frames')}#/$defs/command`);
  t.ok(validate({ id: 0, subscribe: {} }));
  t.ok(validate({ id: 1, subscribe: { devices: ['*'], types: ['machine'], fields: ['t*'], tags: { a: 'b' } } }));
  const paced = {
    mode: 'latest',
    maxRateHz: 0.5,
    onChange: true,
    snapshot: true,
    presence: true,
    history: { since: '-15m', maxPoints: 5 },
  };
  t.ok(validate({ id: 1, subscribe: paced }));
  t.ok(validate({ id: 1, subscribe: { cursor: 'MTsw', history: { since: 1_700_000_000_000 } } }));
  for (const key of ['history', 'cursor', 'mode', 'maxRateHz', 'device']) {
    t.notOk(validate({ id: 1, subscribe: { [key]: true } }), key);
  }
  t.notOk(validate({ id: 1, subscribe: { presence: 'yes' } }));
  t.notOk(validate({ subscribe: {} }), 'a command has an id');
});

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1;
}
