/** The promises of INLET_SENML_NAMES and INLET_SENML_SEPARATORS: `bn` and `n` to device and field. */
import t from 'tap';
import { SenmlCodec } from '../../src/codecs/senml/codec.js';
import { usualNames, type NameRule } from '../../src/codecs/senml/names.js';
import { Rejected } from '../../src/domain/rejected.js';
import { Refusal } from '../../src/domain/refusal.js';

type Named = [device: string, field: string] | 'device_invalid';

function named(rule: NameRule, bn: string | undefined, n: string | undefined): Named {
  const codec = new SenmlCodec('json', { now: () => 0 }, rule);
  const pack = [{ ...(bn === undefined ? {} : { bn }), ...(n === undefined ? {} : { n }), v: 1 }];
  const batch = codec.decode(Buffer.from(JSON.stringify(pack)), { numbered: false }, 10);
  if (batch instanceof Refusal) throw batch;
  const [reading] = batch.readings as (Rejected | { device: string; fields: object })[];
  if (reading instanceof Rejected) return reading.code as 'device_invalid';
  return [reading!.device, Object.keys(reading!.fields)[0]!];
}

const split: NameRule = { rule: 'split', separators: ':/' };
const whole: NameRule = { rule: 'whole', separators: ':/' };
const ow = 'urn:dev:ow:10e2073a01080063';

const cases: [bn: string | undefined, n: string | undefined, base: Named, split: Named, whole: Named][] = [
  [`${ow}:`, 'temp', [ow, 'temp'], [ow, 'temp'], [`${ow}:temp`, 'value']],
  [ow, ':temp', [ow, '_temp'], [ow, 'temp'], [`${ow}:temp`, 'value']],
  [undefined, `${ow}:temp`, [`${ow}:temp`, 'value'], [ow, 'temp'], [`${ow}:temp`, 'value']],
  ['', `${ow}:temp`, [`${ow}:temp`, 'value'], [ow, 'temp'], [`${ow}:temp`, 'value']],
  [`${ow}:`, undefined, [ow, 'value'], [ow, 'value'], [`${ow}:`, 'value']],
  ['boiler-7', undefined, ['boiler-7', 'value'], ['boiler-7', 'value'], ['boiler-7', 'value']],
  ['boiler-7', 'a', ['boiler-7', 'a'], ['boiler-7a', 'value'], ['boiler-7a', 'value']],
  ['gw/7/', '3303/0/5700', ['gw_7', '_3303_0_5700'], ['gw_7_3303_0', '_5700'], ['gw_7_3303_0_5700', 'value']],
  [':', undefined, 'device_invalid', 'device_invalid', ['d:', 'value']],
  [undefined, ':a', ['d:a', 'value'], 'device_invalid', ['d:a', 'value']],
  [undefined, undefined, 'device_invalid', 'device_invalid', 'device_invalid'],
];

await t.test('bn and n name the device and the field, as the setting says', async (t) => {
  for (const [bn, n, ...expected] of cases) {
    const found = [usualNames, split, whole].map((rule) => named(rule, bn, n));
    t.same(found, expected, `${bn} and ${n}`);
  }
});

await t.test('separators are those that the setting has, and no others', async (t) => {
  const devUrn = 'urn:dev:ow:264437f5000000ed';
  const own = (rule: NameRule['rule']): NameRule => ({ rule, separators: '_' });
  t.same(named(own('base'), `${devUrn}_`, 'humidity'), [devUrn, 'humidity']);
  t.same(named(own('split'), undefined, `${devUrn}_humidity`), [devUrn, 'humidity']);
  t.same(named(own('base'), `${devUrn}:`, 'humidity'), [`${devUrn}:`, 'humidity']);
  t.same(named(own('split'), undefined, 'urn:dev:humidity'), ['urn:dev:humidity', 'value']);
});

await t.test('a base name holds for the records behind it, whatever the rule', async (t) => {
  for (const [rule, expected] of [
    [usualNames, ['boiler-7 a,b', 'boiler-8 a']],
    [split, ['boiler-7 a,b', 'boiler-8 a']],
    [whole, ['boiler-7:a value', 'boiler-7:b value', 'boiler-8:a value']],
  ] as const) {
    const codec = new SenmlCodec('json', { now: () => 0 }, rule);
    const pack = [
      { bn: 'boiler-7:', bt: 1.7e9, n: 'a', v: 1 },
      { n: 'b', v: 2 },
      { bn: 'boiler-8:', n: 'a', v: 3 },
    ];
    const batch = codec.decode(Buffer.from(JSON.stringify(pack)), { numbered: false }, 10);
    const readings = (batch as { readings: { device: string; fields: object }[] }).readings;
    t.same(
      readings.map(({ device, fields }) => `${device} ${Object.keys(fields).join()}`),
      expected,
      rule.rule,
    );
  }
});
