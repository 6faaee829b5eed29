import { readFileSync } from 'node:fs';
import t from 'tap';
import { readSchema, schemaFiles, schemaRegistry } from './load.js';

interface TypeSchema {
  properties: { type: { const: string }; fields: { properties: Record<string, { type: string; unit?: string }> } };
}

const validator = schemaRegistry();

t.test('a type is named by its file, and each of its numbers has a unit', async (t) => {
  for (const file of schemaFiles('types/')) {
    const { properties } = readSchema(file) as unknown as TypeSchema;
    t.equal(`types/${properties.type.const}.schema.json`, file);
    for (const [field, { type, unit }] of Object.entries(properties.fields.properties)) {
      t.match(type, /^(number|integer|boolean|string)$/, `${file} ${field} has a kind`);
      if (type === 'number' || type === 'integer') t.ok(unit, `${file} ${field} has a unit`);
    }
  }
});

t.test('what real devices measured passes', async (t) => {
  for (const [type, field, file] of [
    ['machine', 'temperature', 'machine_temperature_system_failure'],
    ['ambient', 'temperature', 'ambient_temperature_system_failure'],
    ['traffic', 'occupancy', 'occupancy_6005'],
    ['traffic', 'speed', 'speed_7578'],
  ] as const) {
    const validate = validator(`https://inlet.example/schemas/types/${type}.schema.json`);
    const values = columnOfValues(file);
    const refused = values.filter((value) => !validate({ type, fields: { [field]: value } }));
    t.ok(values.length > 1000, `${file} has ${values.length} values`);
    t.same(refused, [], `${type} takes them all`);
  }
});

t.test('a type says no to what cannot be', async (t) => {
  for (const [type, fields] of [
    ['machine', { temperature: 'hot' }],
    ['machine', { temperature: -500 }],
    ['traffic', { lanes: 3 }],
    ['traffic', { occupancy: 101 }],
    ['environment', { humidity: -1 }],
    ['power', { energy: 1.5 }],
    ['tracker', { latitude: 45.7 }],
    ['tracker', { latitude: 91, longitude: 0 }],
  ] as const) {
    const validate = validator(`https://inlet.example/schemas/types/${type}.schema.json`);
    t.notOk(validate({ type, fields }), `${type} ${JSON.stringify(fields)}`);
  }
});

t.test('a type takes fields that its schema does not name', async (t) => {
  for (const file of schemaFiles('types/')) {
    const schema = readSchema(file);
    const [example] = schema.examples as [{ fields: object }];
    const reading = { ...example, fields: { ...example.fields, firmware: '1.2' } };
    t.ok(validator(schema.$id)(reading), file);
  }
});

function columnOfValues(file: string): number[] {
  const text = readFileSync(new URL(`../../../simulators/data/${file}.csv`, import.meta.url), 'utf8');
  const [, ...rows] = text.trim().split(/\r?\n/);
  return rows.map((row) => Number(row.split(',')[1]));
}
