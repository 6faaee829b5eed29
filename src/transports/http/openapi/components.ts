/**
 * The shared schemas as components of one document. A schema gets the name that its title has among the generated types
 * (`Sent reading` is `SentReading`), comes without what identifies it as a file, and brings those that it refers to.
 */
import type { Schema } from './operation.js';

/** Name of the file, without `.schema.json`, to its content. */
export type SharedSchemas = Readonly<Record<string, Schema>>;

const fileReference = /^([a-z-]+)\.schema\.json(?:#\/\$defs\/(\w+))?$/;
const localReference = /^#\/\$defs\/(\w+)$/;
const notInComponents = new Set(['$schema', '$id', '$defs']);

export class Components {
  readonly #shared: SharedSchemas;
  readonly #schemas = new Map<string, Schema>();
  /** Reference to a file, to the name of the component. */
  readonly #names = new Map<string, string>();

  constructor(shared: SharedSchemas) {
    this.#shared = shared;
  }

  /** All that were referred to so far, by name. */
  get schemas(): Record<string, Schema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The same value, with every reference to a shared schema turned into one to its component. */
  resolve<Value>(value: Value): Value {
    return this.#rewrite(value, undefined) as Value;
  }

  /** @param file where `value` stands, for references within it */
  #rewrite(value: unknown, file: string | undefined): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#rewrite(item, file));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) => {
      const isReference = key === '$ref' && typeof inner === 'string';
      return [key, isReference ? this.#refer(inner, file) : this.#rewrite(inner, file)] as const;
    });
    return Object.fromEntries(entries);
  }

  #refer(reference: string, from: string | undefined): string {
    const local = localReference.exec(reference);
    const [, file, definition] =
      local && from !== undefined ? [local[0], from, local[1]] : (fileReference.exec(reference) ?? []);
    if (file === undefined) return reference;
    const key = `${file}#${definition ?? ''}`;
    const name = this.#names.get(key) ?? this.#add(key, file, definition);
    return `#/components/schemas/${name}`;
  }

  #add(key: string, file: string, definition: string | undefined): string {
    const whole = this.#shared[file];
    const schema =
      definition === undefined ? whole : (whole?.['$defs'] as Record<string, Schema> | undefined)?.[definition];
    if (typeof schema?.['title'] !== 'string') throw new Error(`there is no schema with a title at ${key}`);
    const name = typeName(schema['title']);
    if (this.#schemas.has(name)) throw new Error(`two schemas have the title ${name}`);
    this.#names.set(key, name);
    this.#schemas.set(name, {}); // Its place is taken before it is looked into: schemas may refer to each other.
    const content = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !notInComponents.has(keyword)));
    this.#schemas.set(name, this.#rewrite(content, file) as Schema);
    return name;
  }
}

function typeName(title: string): string {
  return title.replace(/(?:^|\s)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
