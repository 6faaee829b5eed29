import { assert, dictionary, jsonValue, oneof, property, string } from 'fast-check';
import t from 'tap';
import { LiveCommandCodec } from '../../src/codecs/live-command.js';
import { readSharedSchemas } from '../../src/config/shared-schemas.js';
import { schemaRegistry } from '../schemas/load.js';

const codec = new LiveCommandCodec(readSharedSchemas());
const isCommand = schemaRegistry()('https://inlet.example/schemas/live-frames.schema.json#/$defs/command');

await t.test('whatever the text is, it is a command of the schema or refused', (t) => {
  const command = dictionary(string(), jsonValue()).map((filter) => JSON.stringify({ id: 1, subscribe: filter }));
  const text = oneof(
    string(),
    jsonValue().map((value) => JSON.stringify(value)),
    command,
  );
  assert(
    property(text, (text) => {
      const decoded = codec.decode(text);
      if (!('refusal' in decoded) && !isCommand(decoded)) throw new Error(text);
    }),
    { numRuns: 2000 },
  );
  t.end();
});

await t.test('a refusal carries the id of its command where there is one', (t) => {
  t.match(codec.decode('{"id":4,"subscribe":{"devices":1}}'), { id: 4, refusal: { code: 'invalid_filter' } });
  t.match(codec.decode('{"id":4,"dance":{}}'), { id: 4, refusal: { code: 'malformed' } });
  for (const id of ['-1', '1.5', '"4"', 'null', '1e300']) {
    t.match(codec.decode(`{"id":${id},"ping":{}}`), { id: undefined, refusal: { code: 'malformed' } }, id);
  }
  t.end();
});
