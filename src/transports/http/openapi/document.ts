/** The document at /openapi.json (OpenAPI 3.1), made of what the routes say of themselves and of the shared schemas. */
import { Refusal, refusals, type RefusalCode } from '../../../domain/refusal.js';
import { problemOf } from '../../problem.js';
import { Components, type SharedSchemas } from './components.js';
import { shared, type Answer, type Operation, type Parameter, type Schema } from './operation.js';

export interface DescribedRoute {
  method: string;
  /** As Fastify has it: `/v1/devices/:device`. */
  url: string;
  operation: Operation;
}

/** The parts of OpenAPI that are used here. */
export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, Schema>; examples: Record<string, { summary: string; value: unknown }> };
}

export interface OpenApiOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: (Parameter & { required: boolean })[];
  requestBody?: {
    required: boolean;
    description: string;
    content: Record<string, { schema: Schema; example?: unknown }>;
  };
  responses: Record<string, OpenApiResponse>;
  'x-frames'?: Operation['frames'];
}

export interface OpenApiResponse {
  description: string;
  headers?: Record<string, { description: string; schema: Schema }>;
  content?: Record<string, { schema: Schema; examples?: Record<string, { $ref: string }> }>;
}

const info = {
  title: 'Inlet',
  version: '1',
  description:
    'Readings of devices in, durable once acknowledged; live feeds and history out. Times in answers are milliseconds ' +
    'since 1970, UTC. What is refused as a whole is answered with application/problem+json.',
};

const groups: [Operation['group'], string][] = [
  ['Readings', 'What devices send.'],
  ['InfluxDB', 'For Telegraf and clients of InfluxDB: its addresses for writing, and its answers.'],
  ['Live', 'Persistent connections: devices that stream, dashboards that follow.'],
  ['History', 'What was stored, as rows or in buckets.'],
  ['Inventory', 'What is known of devices, types and fields.'],
  ['Operation', 'For those who run it.'],
];

/** What any request may be refused with; and one that changes something, when a page of another site sends it. */
const anyRequest: readonly RefusalCode[] = ['internal', 'too_many_connections'];
const anyChange: readonly RefusalCode[] = ['forbidden', ...anyRequest];

export function openApiDocument(routes: readonly DescribedRoute[], schemas: SharedSchemas): OpenApiDocument {
  const components = new Components(schemas);
  const paths: OpenApiDocument['paths'] = {};
  for (const { method, url, operation } of routes) {
    const path = url.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[method.toLowerCase()] = components.resolve(describe(method, url, operation));
  }
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    tags: groups.map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: components.schemas, examples: problemExamples() },
  };
}

function describe(method: string, url: string, operation: Operation): OpenApiOperation {
  const { group, summary, description, parameters, body, answers, refusals = [], frames } = operation;
  return {
    operationId: operationId(method, url),
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters ? { parameters: parameters.map((one) => ({ ...one, required: one.in === 'path' })) } : {}),
    ...(body ? { requestBody: bodyOf(body) } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      ...problemResponses([...refusals, ...alwaysPossible(method, answers)], answers),
    },
    ...(frames ? { 'x-frames': frames } : {}),
  };
}

function alwaysPossible(method: string, answers: Operation['answers']): RefusalCode[] {
  const codes = method === 'GET' ? anyRequest : anyChange;
  return codes.filter((code) => !(refusals[code].status in answers));
}

/** `GET /v1/devices/:device/latest` is `getDevicesDeviceLatest`. */
function operationId(method: string, url: string): string {
  const words = url.split(/[^A-Za-z]+/).filter((word) => word !== '' && word !== 'v');
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function bodyOf({
  description,
  schema,
  example,
  optional,
  mediaType = 'application/json',
  otherForms = {},
}: NonNullable<Operation['body']>): NonNullable<OpenApiOperation['requestBody']> {
  return { required: !optional, description, content: { [mediaType]: { schema, example }, ...otherForms } };
}

function responseOf(answer: Answer): OpenApiResponse {
  const { description, schema, mediaType = 'application/json', otherForms = {}, headers } = answer;
  const others = Object.entries(otherForms).map(([type, form]) => [type, { schema: form }]);
  return {
    description,
    ...(headers ? { headers: headersOf(headers) } : {}),
    ...(schema ? { content: { [mediaType]: { schema }, ...Object.fromEntries(others) } } : {}),
  };
}

function headersOf(headers: Readonly<Record<string, string>>): NonNullable<OpenApiResponse['headers']> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, description]) => [name, { description, schema: { type: 'string' } }]));
}

/** One response for each status, with an example for each code. */
function problemResponses(
  codes: readonly RefusalCode[],
  answers: Operation['answers'],
): Record<string, OpenApiResponse> {
  const byStatus = new Map<number, RefusalCode[]>();
  for (const code of new Set(codes)) {
    const { status } = refusals[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      if (status in answers) throw new Error(`status ${status} is both an answer and a refusal`);
      const response: OpenApiResponse = {
        description: codes.map((code) => `\`${code}\`: ${refusals[code].title}.`).join(' '),
        ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
        content: {
          'application/problem+json': {
            schema: shared('problem'),
            examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
          },
        },
      };
      return [status, response];
    }),
  );
}

const retryAfter = {
  'Retry-After': { description: 'Seconds to wait before trying again.', schema: { type: 'integer' } },
};

function problemExamples(): OpenApiDocument['components']['examples'] {
  const codes = Object.keys(refusals) as RefusalCode[];
  return Object.fromEntries(
    codes.map((code) => {
      const { title } = refusals[code];
      return [code, { summary: title, value: problemOf(new Refusal(code, 'what was wrong this time')) }];
    }),
  );
}
