// Writes src/domain/generated/*.ts from schemas/*.schema.json: the schema owns the type. A reference into another
// schema becomes an import, by the title that it has there. With --check it writes nothing and fails when a file is
// stale.
import { compile } from 'json-schema-to-typescript';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const schemaDirectory = path.join(root, 'schemas');
const typeDirectory = path.join(root, 'src', 'domain', 'generated');
const suffix = '.schema.json';

/** @returns {Promise<Map<string, string>>} file name and text of every type file */
async function generate() {
  const names = readdirSync(schemaDirectory).filter((file) => file.endsWith(suffix));
  const files = names.map(async (file) => [file.replace(suffix, '.ts'), await typesOf(file)]);
  return new Map(await Promise.all(files));
}

async function typesOf(file) {
  const imports = new Map();
  const schema = importReferences(readSchema(file), imports);
  const types = await compile(schema, schema.title, {
    bannerComment: `// Generated from schemas/${file}; change it there and run \`npm run generate\`.`,
    additionalProperties: true,
    ignoreMinAndMaxItems: true,
    strictIndexSignatures: false,
    unknownAny: true,
    style: JSON.parse(readFileSync(path.join(root, '.prettierrc.json'), 'utf8')),
  });
  const [banner, ...declarations] = types.split('\n');
  const lines = [...imports].map(([from, names]) => {
    return `import type { ${[...names].join(', ')} } from './${from.replace(suffix, '.js')}';`;
  });
  return [banner, ...lines, ...declarations].join('\n');
}

/** The same schema, with each reference into another file replaced by the name of its type. */
function importReferences(node, imports) {
  if (Array.isArray(node)) return node.map((item) => importReferences(item, imports));
  if (typeof node !== 'object' || node === null) return node;
  if (typeof node.$ref === 'string' && !node.$ref.startsWith('#')) {
    const [file, pointer = ''] = node.$ref.split('#');
    const name = typeName(resolvePointer(readSchema(file), pointer).title);
    imports.set(file, (imports.get(file) ?? new Set()).add(name));
    return { tsType: name };
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, importReferences(value, imports)]));
}

function readSchema(file) {
  return JSON.parse(readFileSync(path.join(schemaDirectory, file), 'utf8'));
}

/** None of our keys needs the escapes of RFC 6901. */
function resolvePointer(schema, pointer) {
  return pointer
    .split('/')
    .slice(1)
    .reduce((node, key) => node[key], schema);
}

/** `Sent reading` is `SentReading`. */
function typeName(title) {
  return title.replace(/(?:^|\s)(\w)/g, (_, letter) => letter.toUpperCase());
}

function staleFiles(files) {
  const there = existsSync(typeDirectory) ? readdirSync(typeDirectory) : [];
  const changed = [...files].filter(([name, text]) => {
    return !there.includes(name) || readFileSync(path.join(typeDirectory, name), 'utf8') !== text;
  });
  return [...changed.map(([name]) => name), ...there.filter((name) => !files.has(name))];
}

const files = await generate();
if (process.argv.includes('--check')) {
  const stale = staleFiles(files);
  if (stale.length > 0) {
    console.error(`stale in src/domain/generated: ${stale.join(', ')}; run \`npm run generate\``);
    process.exitCode = 1;
  }
} else {
  rmSync(typeDirectory, { recursive: true, force: true });
  mkdirSync(typeDirectory, { recursive: true });
  for (const [name, text] of files) writeFileSync(path.join(typeDirectory, name), text);
}
