/** /docs: the document as one page, without scripts and without anything from elsewhere. */
import type { Channel } from '../asyncapi/channel.js';
import type { OpenApiDocument, OpenApiOperation, OpenApiResponse } from './document.js';
import type { Parameter, Schema } from './operation.js';
import { curlOf } from './curl.js';
import { escape, inline } from './html.js';
import { channelSections } from './channel-section.js';
import { pageStyle } from './page-style.js';
import { schemaTable, typeOf } from './schema-table.js';

/** @param origin where the service is asked, for the examples */
export function documentationPage(document: OpenApiDocument, channels: readonly Channel[], origin: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map(({ name, description }) => ({
    name,
    description,
    operations: operations.filter(({ operation }) => operation.tags.includes(name)),
  }));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(document.info.title)} API</title>
<style>${pageStyle}</style>
<nav>
  <a class="home" href="/">${escape(document.info.title)}</a>
  ${groups.map((group) => navigation(group.name, group.operations)).join('\n  ')}
  <b>Channels</b>${channels.map(({ name, address }) => `<a href="#channel-${name}">${escape(address)}</a>`).join('')}
  <b>Reference</b>
  <a href="#refusals">Refusals</a>
  <a href="#schemas">Schemas</a>
  <a href="/openapi.json">openapi.json</a>
  <a href="/asyncapi.json">asyncapi.json</a>
</nav>
<main>
<h1>${escape(document.info.title)} API <small>v${escape(document.info.version)}</small></h1>
<p>${inline(document.info.description)}</p>
${groups.map((group) => groupSection(group, origin)).join('\n')}
${channelSections(channels)}
${refusalSection(document)}
${schemaSection(document.components.schemas)}
</main>
</html>
`;
}

interface PlacedOperation {
  path: string;
  method: string;
  operation: OpenApiOperation;
}

function navigation(name: string, operations: readonly PlacedOperation[]): string {
  const links = operations.map(({ path, operation }) => `<a href="#${operation.operationId}">${escape(path)}</a>`);
  return `<b>${escape(name)}</b>${links.join('')}`;
}

function groupSection(
  { name, description, operations }: { name: string; description: string; operations: PlacedOperation[] },
  origin: string,
): string {
  return `<h2>${escape(name)}</h2>
<p>${inline(description)}</p>
${operations.map((placed) => operationSection(placed, origin)).join('\n')}`;
}

function operationSection({ path, method, operation }: PlacedOperation, origin: string): string {
  const { operationId, summary, description, parameters, requestBody, responses, 'x-frames': frames } = operation;
  const body = requestBody && Object.entries(requestBody.content)[0];
  return `<section id="${operationId}">
<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${escape(path)}</code></h3>
<p><strong>${inline(summary)}.</strong> ${inline(description ?? '')}</p>
${parameters ? parameterTable(parameters) : ''}
${body ? `<p>Body, <code>${escape(body[0])}</code>, ${typeOf(body[1].schema)}: ${inline(requestBody.description)}</p>` : ''}
${frames ? `<p>The client sends ${typeOf(frames.fromClient)}, the server ${typeOf(frames.fromServer)}.</p>` : ''}
<table>${Object.entries(responses).map(responseRow).join('')}</table>
${frames ? '' : `<pre>${escape(curlOf({ path, method, operation, origin }))}</pre>`}
</section>`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, description, schema }) => {
    const preset =
      'default' in schema ? ` <span class="quiet">default <code>${escape(schema['default'])}</code></span>` : '';
    return `<tr><td><code>${escape(name)}</code><td>${typeOf(schema)}<td>${inline(description)}${preset}`;
  });
  return `<table>${rows.join('')}</table>`;
}

function responseRow([status, { description, headers, content }]: [string, OpenApiResponse]): string {
  const forms = Object.entries(content ?? {}).map(([mediaType, { schema }]) =>
    '$ref' in schema ? typeOf(schema) : `<code>${escape(mediaType)}</code>`,
  );
  const named = Object.entries(headers ?? {}).map(
    ([name, header]) => `<br><code>${escape(name)}</code>: ${inline(header.description)}`,
  );
  const kind = status.startsWith('4') || status.startsWith('5') ? 'refused' : 'fine';
  return `<tr><td><code class="${kind}">${status}</code><td>${forms.join(' ')}<td>${inline(description)}${named.join('')}`;
}

function refusalSection({ components }: OpenApiDocument): string {
  const rows = Object.entries(components.examples).map(([code, { summary, value }]) => {
    const { status } = value as { status: number };
    return `<tr><td><code class="refused">${status}</code><td><code>${escape(code)}</code><td>${escape(summary)}`;
  });
  return `<h2 id="refusals">Refusals</h2>
<p>A request that is refused as a whole is answered with ${typeOf(components.schemas['Problem'] ? { $ref: '#/components/schemas/Problem' } : {})}, and nothing of it is kept.</p>
<table>${rows.join('')}</table>`;
}

function schemaSection(schemas: Readonly<Record<string, Schema>>): string {
  return `<h2 id="schemas">Schemas</h2>
${Object.entries(schemas)
  .map(([name, schema]) => `<section id="schema-${name}"><h3>${name}</h3>${schemaTable(schema)}</section>`)
  .join('\n')}`;
}
