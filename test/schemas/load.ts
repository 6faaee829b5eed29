import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export interface Schema {
  $id: string;
  title: string;
  description?: string;
  examples?: unknown[];
  properties?: Record<string, unknown>;
  $defs?: Record<string, { title?: string; examples?: unknown[] }>;
}

const directory = new URL('../../../schemas/', import.meta.url);

export function schemaFiles(below = ''): string[] {
  return readdirSync(new URL(below, directory))
    .filter((file) => file.endsWith('.schema.json'))
    .map((file) => `${below}${file}`);
}

export function readSchema(file: string): Schema {
  return JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as Schema;
}

/** Every schema of the project, strictly compiled. */
export function schemaRegistry(): (id: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  for (const keyword of ['unit', 'x-kind', 'x-minimum', 'x-maximum', 'x-available']) ajv.addKeyword(keyword);
  for (const file of [...schemaFiles(), ...schemaFiles('types/')]) ajv.addSchema(readSchema(file));
  return (id) => {
    const validate = ajv.getSchema(id);
    if (!validate) throw new Error(`no schema ${id}`);
    return validate;
  };
}
