/** Requests that bring every answer of the HTTP interface that a healthy service gives. */

export interface Asked {
  route: string;
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

const reading = {
  device: 'boiler-7',
  type: 'machine',
  ts: Date.now(),
  tags: { site: 'lyon' },
  fields: { temperature: 73.9 },
};
const wrong = { device: 'boiler-7', type: 'machine', fields: { temperature: 'hot' } };

export const requests: Asked[] = [
  { route: 'POST /v1/readings', status: 202, body: JSON.stringify([reading]) },
  {
    route: 'POST /v1/readings?ack=store&timeout=20',
    status: 200,
    body: JSON.stringify({ id: 'b-1', readings: [reading] }),
  },
  { route: 'POST /v1/readings', status: 207, body: JSON.stringify([reading, wrong]) },
  { route: 'POST /v1/readings', status: 422, body: JSON.stringify(wrong) },
  { route: 'POST /v1/readings', status: 400, body: '{' },
  { route: 'POST /v1/readings', status: 400, body: '[]' },
  { route: 'POST /v1/readings?ack=never', status: 400, body: '{}' },
  { route: 'POST /v1/readings', status: 413, body: JSON.stringify('x'.repeat(1_100_000)) },
  { route: 'POST /v1/readings', status: 413, body: JSON.stringify(Array.from({ length: 10_001 }, () => 0)) },
  { route: 'POST /v1/readings', status: 415, body: 'x', headers: { 'content-type': 'text/csv' } },
  {
    route: 'POST /v1/readings',
    status: 202,
    body: `${JSON.stringify(reading)}\n`,
    headers: { 'content-type': 'application/x-ndjson' },
  },
  { route: 'POST /api/v2/write?bucket=b&org=o', status: 204, body: 'machine,host=gw-1 temperature=1' },
  { route: 'POST /api/v2/write', status: 400, body: 'machine,host=gw-1 temperature="hot"' },
  { route: 'POST /api/v2/write', status: 413, body: 'x'.repeat(1_100_000) },
  { route: 'POST /write?db=d&precision=h', status: 204, body: 'machine,host=gw-1 temperature=1' },
  { route: 'POST /write?precision=d', status: 400, body: 'machine,host=gw-1 temperature=1' },
  { route: 'POST /write', status: 415, body: 'x', headers: { 'content-encoding': 'br' } },
  { route: 'GET /ping', status: 204 },
  { route: 'GET /health', status: 200 },
  { route: 'POST /v1/schemas/machine/check', status: 200, body: JSON.stringify([reading, wrong]) },
  { route: 'POST /v1/schemas/machine/check', status: 400, body: '[]' },
  { route: 'POST /v1/schemas/nothing/check', status: 404, body: JSON.stringify(reading) },
  { route: 'GET /v1/devices', status: 200 },
  { route: 'GET /v1/devices?limit=0', status: 400 },
  { route: 'GET /v1/devices?cursor=%3F', status: 400 },
  { route: 'GET /v1/devices/boiler-7', status: 200 },
  { route: 'GET /v1/devices/nobody', status: 404 },
  { route: 'GET /v1/devices/boiler-7/latest', status: 200 },
  { route: 'GET /v1/devices/nobody/latest', status: 404 },
  { route: 'GET /v1/schemas', status: 200 },
  { route: 'GET /v1/schemas/machine', status: 200 },
  { route: 'GET /v1/schemas/nothing', status: 404 },
  { route: 'GET /v1/tags', status: 200 },
  { route: 'GET /v1/tags/site', status: 200 },
  { route: 'GET /v1/quarantine', status: 200 },
  { route: 'GET /v1/quarantine?limit=0', status: 400 },
  { route: 'GET /v1/quarantine?cursor=mine', status: 400 },
  { route: 'GET /v1/quarantine/reasons', status: 200 },
  { route: 'POST /v1/quarantine/replay', status: 200 },
  { route: 'POST /v1/quarantine/replay', status: 400, body: '[]' },
  { route: 'DELETE /v1/quarantine/41', status: 404 },
  { route: 'GET /v1/history?devices=boiler-*&from=-1h', status: 200 },
  { route: 'GET /v1/history?from=-1h&to=-30m', status: 200 },
  { route: 'GET /v1/history?every=5m&fn=mean,max&fill=null', status: 200 },
  { route: 'GET /v1/history?from=0&to=1', status: 304, headers: { 'if-none-match': '*' } },
  { route: 'GET /v1/history?from=yesterday', status: 400 },
  { route: 'GET /v1/history?cursor=mine', status: 400 },
  { route: 'GET /v1/live/poll', status: 200 },
  { route: 'GET /v1/live/poll?snapshot=true&since=-15m', status: 200 },
  { route: 'GET /v1/live/poll?wait=61', status: 400 },
  { route: 'GET /v1/live/poll?cursor=mine', status: 400 },
  { route: 'DELETE /v1/devices/nobody', status: 404 },
  { route: 'DELETE /v1/devices/boiler-7', status: 204 },
  { route: 'GET /healthz', status: 200 },
  { route: 'GET /readyz', status: 200 },
  { route: 'GET /v1/stats', status: 200 },
  { route: 'GET /metrics', status: 200 },
  { route: 'GET /openapi.json', status: 200 },
  { route: 'GET /asyncapi.json', status: 200 },
  { route: 'GET /docs', status: 200 },
];

export function init({ body, headers }: Pick<Asked, 'body' | 'headers'>): RequestInit {
  if (body === undefined) return headers ? { headers } : {};
  return { body, headers: { 'content-type': 'application/json', ...headers } };
}
