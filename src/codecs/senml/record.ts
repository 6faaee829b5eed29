/**
 * One record of a SenML pack as it was sent (RFC 8428 §4): its labels by name, in either of the two forms.
 *
 *     {"bn":"urn:dev:ow:10e2073a01080063:","n":"temperature","u":"Cel","v":23.1}      JSON (§5)
 *     {-2: "urn:dev:ow:10e2073a01080063:", 0: "temperature", 1: "Cel", 2: 23.1}       CBOR (§6)
 *
 * One object serves for all records of a pack, one after the other: looking for sixteen labels in objects that each have
 * others took half of the time.
 */
export class SenmlRecord {
  bver: unknown;
  bn: unknown;
  bt: unknown;
  bu: unknown;
  bv: unknown;
  bs: unknown;
  n: unknown;
  u: unknown;
  v: unknown;
  vs: unknown;
  vb: unknown;
  vd: unknown;
  s: unknown;
  t: unknown;
  ut: unknown;

  /** @returns whether it is a record; a label that must be understood and is not (§4.4) */
  read(sent: unknown): boolean | UnknownLabel {
    this.#clear();
    if (sent instanceof Map) {
      for (const [key, value] of sent as Map<unknown, unknown>) {
        const label = typeof key === 'number' ? labelsOfNumbers[key - firstNumber] : key;
        if (typeof label === 'string' && !this.#set(label, value)) return new UnknownLabel(label);
      }
      return true;
    }
    if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return false;
    const labelled = sent as Record<string, unknown>;
    for (const label in labelled) if (!this.#set(label, labelled[label])) return new UnknownLabel(label);
    return true;
  }

  /** Whether it has nothing but base fields. */
  get isBaseOnly(): boolean {
    const { n, u, v, vs, vb, vd, s, t, ut } = this;
    if (n !== undefined || v !== undefined || vs !== undefined || vb !== undefined) return false;
    return vd === undefined && s === undefined && u === undefined && t === undefined && ut === undefined;
  }

  #clear(): void {
    this.bver = this.bn = this.bt = this.bu = this.bv = this.bs = undefined;
    this.n = this.u = this.v = this.vs = this.vb = this.vd = undefined;
    this.s = this.t = this.ut = undefined;
  }

  /** @returns false for a label that must be understood; others that are not known are left out */
  #set(label: string, value: unknown): boolean {
    switch (label) {
      case 'n':
        this.n = value;
        return true;
      case 'v':
        this.v = value;
        return true;
      case 'vs':
        this.vs = value;
        return true;
      case 'vb':
        this.vb = value;
        return true;
      case 'vd':
        this.vd = value;
        return true;
      case 'u':
        this.u = value;
        return true;
      case 't':
        this.t = value;
        return true;
      case 's':
        this.s = value;
        return true;
      case 'ut':
        this.ut = value;
        return true;
      case 'bn':
        this.bn = value;
        return true;
      case 'bt':
        this.bt = value;
        return true;
      case 'bu':
        this.bu = value;
        return true;
      case 'bv':
        this.bv = value;
        return true;
      case 'bs':
        this.bs = value;
        return true;
      case 'bver':
        this.bver = value;
        return true;
      default:
        return !label.endsWith('_');
    }
  }
}

/** §6, table 4: the labels of the numbers from -6 on. */
const labelsOfNumbers = ['bs', 'bv', 'bu', 'bt', 'bn', 'bver', 'n', 'u', 'v', 'vs', 'vb', 's', 't', 'ut', 'vd'];
const firstNumber = -6;

/** A label that must be understood, and is not. */
export class UnknownLabel {
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }
}
