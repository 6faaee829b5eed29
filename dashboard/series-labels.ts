/** Names of lines: the field, and as much of its series as it takes to tell it from the others. */
import type { NewestField } from './newest.js';

type Series = Pick<NewestField, 'type' | 'tags'>;

export function seriesLabels(all: readonly Series[]): (field: NewestField) => string {
  const showsType = differ(all.map(({ type }) => type));
  const keys = [...new Set(all.flatMap(({ tags }) => Object.keys(tags)))];
  const shown = keys.filter((key) => differ(all.map(({ tags }) => tags[key])));
  return ({ type, tags, field }) => {
    const labels = shown.flatMap((key) => (key in tags ? [`${key} ${tags[key]}`] : []));
    return [field, ...(showsType ? [type] : []), ...labels].join(' · ');
  };
}

/** Everything that makes the series, whatever the others are. */
export function fullLabel({ type, tags, field }: NewestField): string {
  return [field, type, ...Object.entries(tags).map(([key, value]) => `${key}=${value}`)].join(' · ');
}

function differ(values: readonly unknown[]): boolean {
  return new Set(values).size > 1;
}
