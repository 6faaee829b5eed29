import t from 'tap';
import { readArguments, WrongArgument } from '../../simulators/arguments.js';
import { formats } from '../../simulators/format.js';

const replay = ['--replay', 'x.csv', '--type', 'machine', '--device', 'm-1', '--field', 'temperature'];

await t.test('without arguments a small fleet sends to the local service', (t) => {
  t.match(readArguments([]), {
    url: 'http://127.0.0.1:8080',
    protocol: 'http',
    batch: 100,
    source: { kind: 'fleet', devices: 10, rateHz: 1, profile: 'environment', durationMs: 30_000, seed: 1 },
  });
  t.end();
});

await t.test('every option arrives where it belongs', (t) => {
  const fleet =
    '--protocol ws --devices 100 --rate 0.5 --profile power --duration 2m --seed 7 --batch 5 --record r.ndjson';
  t.match(readArguments([...fleet.split(' '), '--url', 'https://inlet.example', '--token', 'secret']), {
    url: 'https://inlet.example',
    token: 'secret',
    protocol: 'ws',
    batch: 5,
    record: 'r.ndjson',
    source: { devices: 100, rateHz: 0.5, profile: 'power', durationMs: 120_000, seed: 7 },
  });
  t.match(readArguments(['--protocol', 'mqtt']), { protocol: 'mqtt', url: 'mqtt://127.0.0.1:1883', batch: 1 });
  t.match(readArguments([...replay, '--speed', '3600', '--shift-to-now']), {
    batch: 500,
    source: {
      kind: 'replay',
      file: 'x.csv',
      type: 'machine',
      device: 'm-1',
      field: 'temperature',
      speed: 3600,
      shiftToNow: true,
    },
  });
  t.match(readArguments([...replay, '--speed', 'max']), { source: { speed: 0, shiftToNow: false } });
  t.equal(readArguments(['-h']), 'help');
  t.end();
});

await t.test('a wrong argument is named, with its value and what was expected', (t) => {
  const cases: [string[], RegExp][] = [
    [['--rate', 'fast'], /^--rate "fast" should be a number from 0.001 to 1000$/],
    [['--devices', '0'], /^--devices "0" should be an integer from 1 to 10000$/],
    [['--devices', '1.5'], /^--devices "1.5" should be an integer/],
    [['--devices', ''], /^--devices "" should be an integer/],
    [['--protocol', 'coap'], /^--protocol "coap" should be one of http, ws, mqtt, auto$/],
    [['--profile', 'cow'], /^--profile "cow" should be one of environment, power, tracker, machine$/],
    [['--profile', '__proto__'], /^--profile "__proto__" should be one of/],
    [['--duration', '30'], /^--duration "30" should be a time such as/],
    [['--duration', '0s'], /^--duration "0s" should be a time such as/],
    [['--url', 'ftp://x'], /^--url "ftp:\/\/x" is not an http or https address$/],
    [['--url', 'mqtt://x'], /^--url "mqtt:\/\/x" is not an http or https address$/],
    [['--protocol', 'mqtt', '--url', 'http://x'], /^--url "http:\/\/x" is not an mqtt or mqtts address$/],
    [['--replay', 'x.csv'], /^--replay needs --type$/],
    [['--replay', 'x.csv', '--type', '7'], /^--type "7" is not a name that Inlet takes$/],
    [[...replay.slice(0, -1), 'ts'], /^--field "ts" is not a name/],
    [[...replay, '--devices', '3'], /^--devices does not go with --replay$/],
    [['--stream-share', '0.5'], /^--stream-share goes with --protocol auto only$/],
    [['--protocol', 'auto', '--stream-share', '2'], /^--stream-share "2" should be a number from 0 to 1$/],
    [['--speed', '3'], /^--speed goes with --replay only$/],
    [[...replay, '--speed=-1'], /^--speed "-1" should be a number/],
    [['--colour', 'red'], /^Unknown option '--colour'$/],
    [['boiler'], /^Unexpected argument 'boiler'/],
  ];
  for (const [args, message] of cases) t.throws(() => readArguments(args), { constructor: WrongArgument, message });
  t.end();
});

await t.test('a format is one of those that there are, and that the protocol has a place for', (t) => {
  t.match(readArguments(['--format', 'senml-cbor']), { format: 'senml-cbor' });
  t.match(readArguments([]), { format: 'json' });
  t.throws(() => readArguments(['--format', 'xml']), /--format "xml" should be one of json, ndjson/);
  for (const format of formats) {
    for (const protocol of ['http', 'mqtt'])
      t.match(readArguments(['--protocol', protocol, '--format', format]), { format });
    for (const protocol of ['ws', 'auto']) {
      const read = () => readArguments(['--protocol', protocol, '--format', format]);
      if (format === 'json' || format === 'senml-cbor') t.match(read(), { format });
      else
        t.throws(read, {
          message: `--format ${format} goes over http and mqtt; over ${protocol} json and senml-cbor do`,
        });
    }
  }
  t.end();
});
