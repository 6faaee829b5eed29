import { Histogram, Registry, type Metric } from 'prom-client';
import t from 'tap';
import { RequestSeconds } from '../../../src/transports/http/request-seconds.js';

const observed: [method: string, route: string, status: number, seconds: number][] = [
  ['POST', '/v1/readings', 202, 0],
  ['POST', '/v1/readings', 202, 0.001],
  ['POST', '/v1/readings', 202, 0.0011],
  ['POST', '/v1/readings', 202, 5],
  ['POST', '/v1/readings', 202, 5.1],
  ['POST', '/v1/readings', 400, 0.03],
  ['GET', '/v1/readings', 400, 0.3],
  ['GET', '/v1/devices/:device', 200, 60],
];

await t.test('durations are shown as by the histogram of prom-client, to the letter', async (t) => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const seconds = new RequestSeconds();
  ours.registerMetric(seconds as unknown as Metric);
  const histogram = new Histogram({
    name: 'inlet_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [theirs],
  });
  for (const [method, route, status, duration] of observed) {
    seconds.observe(method, route, status, duration);
    histogram.observe({ method, route, status: String(status) }, duration);
  }
  const text = await ours.metrics();
  t.equal(text, await theirs.metrics());
  t.match(text, 'inlet_http_request_duration_seconds_count{method="POST",route="/v1/readings",status="202"} 5');
});
