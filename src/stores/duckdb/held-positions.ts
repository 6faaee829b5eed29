/** Positions before which somebody asks for readings, for as long as they do. */
export class HeldPositions {
  readonly #counts = new Map<number, number>();

  /** @returns to be called when it is held no longer */
  add(position: number): () => void {
    this.#counts.set(position, (this.#counts.get(position) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(position);
      isHeld = false;
    };
  }

  get lowest(): number | undefined {
    return this.#counts.size === 0 ? undefined : Math.min(...this.#counts.keys());
  }

  #release(position: number): void {
    const count = this.#counts.get(position)! - 1;
    if (count === 0) this.#counts.delete(position);
    else this.#counts.set(position, count);
  }
}
