import type { DeliveryState, HistoryWriter, WriteBatch, WriteResult } from '../../src/ports/history-store.js';

export interface Line {
  position: number;
  text: string;
}

function linesOf({ payload, runs }: WriteBatch): Line[] {
  const texts = Buffer.from(payload).toString().split('\n').slice(0, -1);
  const positions = runs.flatMap(({ position, count }) => Array.from({ length: count }, (_, k) => position + k));
  return positions.map((position, index) => ({ position, text: texts[index]! }));
}

/** A store that takes the lines that are not bad. */
export class ScriptedWriter implements HistoryWriter {
  readonly keepsDeliveryState: boolean;
  readonly stored = new Map<number, string>();
  state: DeliveryState | null = null;
  writes = 0;
  /** Told of each batch that it took, in order. */
  onStored: (lines: Line[], state: DeliveryState) => void = () => undefined;
  /** What it says of the lines; undefined to take them. */
  answer: (lines: Line[], state: DeliveryState) => WriteResult | undefined | Promise<WriteResult | undefined> = () =>
    undefined;

  constructor(keepsDeliveryState: boolean) {
    this.keepsDeliveryState = keepsDeliveryState;
  }

  async deliveryState(): Promise<DeliveryState | null> {
    return this.state;
  }

  prepare(): void {
    // There is nothing to get ready.
  }

  async write(batch: WriteBatch, state: DeliveryState): Promise<WriteResult> {
    this.writes++;
    const result = (batch.count > 0 && (await this.answer(linesOf(batch), state))) || { outcome: 'stored' as const };
    // Looked at again, as a store does that sends it piece by piece: it has to be there until the answer.
    const lines = linesOf(batch);
    const refused = new Set(result.outcome === 'partial' ? result.refused.map(({ index }) => index) : []);
    if (result.outcome === 'stored' || result.outcome === 'partial') {
      for (const [index, { position, text }] of lines.entries())
        if (!refused.has(index)) this.stored.set(position, text);
      this.onStored(
        lines.filter((_, index) => !refused.has(index)),
        state,
      );
    }
    if (result.outcome === 'stored' && this.keepsDeliveryState) this.state = state;
    return result;
  }

  async remove(): Promise<{ outcome: 'removed' }> {
    return { outcome: 'removed' };
  }

  async retain(): Promise<void> {
    // Keeps everything.
  }
}
