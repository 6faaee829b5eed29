// Keeps the README's table of settings as schemas/config.schema.json describes them, between the two marks below. With
// --check it writes nothing and fails when the table is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './prepare.mjs';

const readme = path.join(root, 'README.md');
const begin = '<!-- settings: generated from schemas/config.schema.json -->';
const end = '<!-- /settings -->';

/** What this version does not have yet is left out: setting it is refused. */
function settingsTable() {
  const { properties } = JSON.parse(readFileSync(path.join(root, 'schemas', 'config.schema.json'), 'utf8'));
  const rows = Object.entries(properties)
    .filter(([, setting]) => setting['x-available'] !== false)
    .map(([name, setting]) => `| \`${name}\` | ${defaultOf(setting)} | ${escapeCell(describe(setting))} |`);
  return ['| variable | default | |', '|---|---|---|', ...rows].join('\n');
}

function defaultOf({ default: value }) {
  return value === undefined ? 'none' : `\`${value}\``;
}

function describe({ description, enum: choices, 'x-kind': kind }) {
  return kind === 'choice'
    ? `${description} One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`
    : description;
}

function escapeCell(text) {
  return text.replaceAll('|', '\\|');
}

async function withTable(text) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no "${begin}" … "${end}"`);
  const filled = `${text.slice(0, from + begin.length)}\n\n${settingsTable()}\n\n${text.slice(to)}`;
  return format(filled, { ...(await resolveConfig(readme)), parser: 'markdown' });
}

if (existsSync(readme)) {
  const before = readFileSync(readme, 'utf8');
  const after = await withTable(before);
  if (!process.argv.includes('--check')) writeFileSync(readme, after);
  else if (after !== before) {
    console.error('the settings in README.md are stale; run `npm run generate`');
    process.exitCode = 1;
  }
}
