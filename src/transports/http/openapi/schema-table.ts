/** Schemas in words: the type in a line, an object's properties as a table. */
import { escape, inline } from './html.js';
import type { Schema } from './operation.js';

const component = '#/components/schemas/';

/** `string`, `Receipt` with a link to it, `array of DeviceSummary`, `ok` … */
export function typeOf(schema: Schema): string {
  const { $ref, type, enum: choices, const: constant, anyOf, items } = schema;
  if (typeof $ref === 'string') {
    const name = escape($ref.slice(component.length));
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (constant !== undefined) return `<code>${escape(constant)}</code>`;
  if (Array.isArray(choices)) return choices.map((choice) => `<code>${escape(choice)}</code>`).join(' ');
  if (Array.isArray(anyOf)) return (anyOf as Schema[]).map(typeOf).join(' or ');
  if (type === 'array' && items) return `array of ${typeOf(items as Schema)}`;
  if (Array.isArray(type)) return escape(type.join(' or '));
  return typeof type === 'string' ? escape(type) : 'any';
}

export function schemaTable(schema: Schema): string {
  const { description, properties, examples } = schema;
  const required = new Set(schema['required'] as string[] | undefined);
  const rows = Object.entries((properties ?? {}) as Record<string, Schema>).map(([name, property]) => {
    const need = required.has(name) ? '' : ' <span class="quiet">optional</span>';
    return `<tr><td><code>${escape(name)}</code><td>${typeOf(property)}${need}<td>${inline(wordsOf(property))}`;
  });
  const example = Array.isArray(examples) ? `<pre>${escape(JSON.stringify(examples[0], null, 1))}</pre>` : '';
  const own = properties ? '' : `<p>${typeOf(schema)}${patternOf(schema)}</p>`;
  const said = typeof description === 'string' ? `<p>${inline(description)}</p>` : '';
  return `${said}${own}${rows.length > 0 ? `<table>${rows.join('')}</table>` : ''}${example}`;
}

function wordsOf({ description }: Schema): string {
  return typeof description === 'string' ? description : '';
}

function patternOf({ pattern }: Schema): string {
  return typeof pattern === 'string' ? ` <code>${escape(pattern)}</code>` : '';
}
