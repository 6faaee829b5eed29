import type { DeliveryState, HistoryWriter, WriteBatch, WriteResult } from '../../src/ports/history-store.js';

export interface Line {
  position: number;
  text: string;
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
    const texts = Buffer.from(batch.payload).toString().split('\n').slice(0, -1);
    const positions = batch.runs.flatMap(({ position, count }) =>
      Array.from({ length: count }, (_, k) => position + k),
    );
    const lines = positions.map((position, index) => ({ position, text: texts[index]! }));
    const result = (batch.count > 0 && (await this.answer(lines, state))) || { outcome: 'stored' as const };
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
