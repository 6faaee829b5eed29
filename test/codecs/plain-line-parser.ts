/**
 * Line protocol read slowly and obviously: first the text is cut into lines, then each line is read from left to right,
 * one character after the other. What the codec makes of a text has to be the same.
 */
export interface PlainPoint {
  /** The line on which it begins, from 1. */
  line: number;
  measurement: string;
  tags: [key: string, value: string][];
  fields: [key: string, value: number | bigint | boolean | string][];
  time: bigint | undefined;
}

/** A line that is wrong is its number alone. */
export function plainPoints(text: string): (PlainPoint | number)[] {
  const points: (PlainPoint | number)[] = [];
  let number = 1;
  for (const line of cutIntoLines(text)) {
    const content = line.replace(/^[ \t\r]+/, '').replace(/\r?$/, '');
    if (content !== '' && !content.startsWith('#')) points.push(readLine(content, number) ?? number);
    number += line.split('\n').length;
  }
  return points;
}

/** A newline within a string does not end a line, if that string has an end. Comments have no strings. */
function cutIntoLines(text: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest !== '') {
    const end = lineEnd(rest);
    lines.push(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
  return lines;
}

function lineEnd(text: string): number {
  const isComment = /^[ \t\r]*#/.test(text);
  let isInFields = false;
  for (let at = text.search(/[^ \t\r]|$/); at < text.length; at++) {
    if (text[at] === '\n') return at;
    if (isComment) continue;
    if (text[at] === ' ' && text[at - 1] !== '\\') isInFields = true;
    if (isInFields && text[at] === '"' && text[at - 1] === '=' && text[at - 2] !== '\\') {
      const closing = text
        .slice(at + 1)
        .replace(/\\["\\]/g, '..')
        .indexOf('"');
      if (closing >= 0) at += closing + 1;
    }
  }
  return text.length;
}

function readLine(line: string, number: number): PlainPoint | undefined {
  const [series, afterSeries] = until(line, ' ');
  if (afterSeries >= line.length || series.includes('\n')) return undefined;
  const [measurement, ...tagTexts] = cut(series, ',');
  if (measurement === undefined || measurement === '') return undefined;
  const tags: PlainPoint['tags'] = [];
  for (const tag of tagTexts) {
    const [key, value, ...more] = cut(tag, '=');
    if (!key || !value || more.length > 0) return undefined;
    tags.push([unescape(key, ',= '), unescape(value, ',= ')]);
  }
  let rest = line.slice(afterSeries).replace(/^ +/, '');
  const fields: PlainPoint['fields'] = [];
  for (;;) {
    const [key, at] = until(rest, '=');
    if (key === '' || at >= rest.length || cut(key, ',').length > 1 || cut(key, ' ').length > 1 || key.includes('\n')) {
      return undefined;
    }
    const found = valueOf(rest.slice(at + 1));
    if (!found) return undefined;
    fields.push([unescape(key, ',= '), found.value]);
    rest = rest.slice(at + 1 + found.length);
    if (!rest.startsWith(',')) break;
    rest = rest.slice(1);
  }
  if (rest !== '' && !rest.startsWith(' ')) return undefined;
  const time = rest.replace(/^ +/, '').replace(/ +$/, '');
  if (!/^(-?\d{1,20})?$/.test(time)) return undefined;
  return {
    line: number,
    measurement: unescape(measurement, ', '),
    tags,
    fields,
    time: time === '' ? undefined : BigInt(time),
  };
}

function valueOf(text: string): { value: number | bigint | boolean | string; length: number } | undefined {
  if (text.startsWith('"')) {
    let value = '';
    for (let at = 1; at < text.length; at++) {
      if (text[at] === '"') return { value, length: at + 1 };
      if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at++;
      value += text[at];
    }
    return undefined;
  }
  const [word] = /^[^, \n]*/.exec(text) as [string];
  const { length } = word;
  if (/^(t|T|true|True|TRUE)$/.test(word)) return { value: true, length };
  if (/^(f|F|false|False|FALSE)$/.test(word)) return { value: false, length };
  if (/^[+-]?\d{1,20}i$/.test(word) || /^\+?\d{1,20}u$/.test(word)) return { value: BigInt(word.slice(0, -1)), length };
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(word)) return { value: Number(word), length };
  return undefined;
}

/** The text up to the first `mark` without a backslash before it, and the place of that mark. */
function until(text: string, mark: string): [text: string, at: number] {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === mark && text[at - 1] !== '\\') return [text.slice(0, at), at];
  }
  return [text, text.length];
}

function cut(text: string, mark: string): string[] {
  const [first, at] = until(text, mark);
  return at >= text.length ? [first] : [first, ...cut(text.slice(at + 1), mark)];
}

function unescape(text: string, escapable: string): string {
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && at + 1 < text.length && escapable.includes(text[at + 1]!)) at++;
    plain += text[at];
  }
  return plain;
}
