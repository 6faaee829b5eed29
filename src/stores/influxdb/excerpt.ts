/** The other side's words, fit for a line of the log and for the quarantine: short, on one line, nothing unprintable. */

const quotedCharacters = 300;
/** A page of a proxy says what it has to say in its title. */
const pageCharacters = 120;
/** Control and format characters, halves of surrogate pairs, and every kind of white space. */
const unprintable = /[\p{C}\p{Z}\s]+/gu;

export function excerpt(words: string, characters = quotedCharacters): string {
  // Long before the cut there may be megabytes.
  const line = words
    .slice(0, characters * 4)
    .replace(unprintable, ' ')
    .trim();
  return line.length > characters ? `${line.slice(0, characters).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}

/** Whether this is a page for people; InfluxDB writes none. */
export function isPage(body: string | undefined, contentType: string | null | undefined): boolean {
  return /^text\/html\b/i.test(contentType ?? '') || /^\s*<(!doctype|html)\b/i.test(body ?? '');
}

/** The page's text in quotes, without its markup. */
export function pageExcerpt(page: string): string {
  const text = page.replace(/<[^>]*>?/g, ' ').replaceAll('>', ' ');
  return JSON.stringify(excerpt(text, pageCharacters));
}
