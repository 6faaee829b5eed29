/**
 * Reading types from a directory of JSON Schemas (2020-12): `TYPE.schema.json` holds every reading of that type to
 * itself. The keyword `unit` names the unit of a field; a field's kind is what its `type` says.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isKey, isTypeName, type Kind } from '../domain/reading.js';
import type { ReadingType, TypeCheck } from '../ports/catalog.js';

// A CommonJS module whose default export is the function.
const addFormats = addFormatsModule.default;

const suffix = '.schema.json';
const kinds: Record<string, Kind> = { number: 'float', integer: 'integer', boolean: 'boolean', string: 'string' };

interface FieldSchema {
  type?: string;
  unit?: string;
}

type TypeSchema = Record<string, unknown> & {
  properties?: { fields?: { properties?: Record<string, FieldSchema> } };
};

/** @throws with the file's name and what is wrong with it */
export function loadReadingTypes(directory: string): ReadingType[] {
  const files = readdirSync(directory).filter((name) => name.endsWith(suffix));
  // One for all: each takes 40 ms to make, which a start would wait for.
  const ajv = new Ajv2020({ strict: true, strictRequired: false, keywords: ['unit'] });
  addFormats(ajv);
  return files.sort().map((file) => loadOne(ajv, path.join(directory, file), file.slice(0, -suffix.length)));
}

function loadOne(ajv: Ajv2020, file: string, name: string): ReadingType {
  if (!isTypeName(name)) throw new Error(`${file}: ${JSON.stringify(name)} is not a name that a type may have`);
  try {
    const schema = JSON.parse(readFileSync(file, 'utf8')) as TypeSchema;
    return { name, schema, fields: fieldsOf(schema), check: checkWith(ajv.compile(schema)) };
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

function fieldsOf(schema: TypeSchema): ReadingType['fields'] {
  const properties = schema.properties?.fields?.properties ?? {};
  return Object.entries(properties).flatMap(([name, { type, unit }]) => {
    if (!isKey(name)) throw new Error(`${JSON.stringify(name)} is not a name that a field may have`);
    const kind = type === undefined ? undefined : kinds[type];
    return kind === undefined ? [] : [{ name, kind, unit: unit ?? null }];
  });
}

function checkWith(validate: ValidateFunction): TypeCheck {
  return (reading) => {
    if (validate(reading)) return undefined;
    const [error] = validate.errors as [ErrorObject];
    const path = error.keyword === 'required' ? error.instancePath : errorPath(error);
    const code = error.keyword === 'type' && path.startsWith('/fields/') ? 'field_type' : 'schema';
    return { code, path, message: error.message ?? 'does not fit the schema' };
  };
}

/** The key that should not be there, or the place that does not fit. */
function errorPath(error: ErrorObject): string {
  const extra = (error.params as { additionalProperty?: string; unevaluatedProperty?: string }) ?? {};
  const key = extra.additionalProperty ?? extra.unevaluatedProperty;
  return key === undefined ? error.instancePath : `${error.instancePath}/${key}`;
}
