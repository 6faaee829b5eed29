/** How a delivery state goes on: `low` behind what was delivered in order, a range over what was delivered ahead of it. */
import type { DeliveryState } from '../ports/delivery-state.js';

/** The state once everything before `end` that a lane is concerned with is delivered. */
export type Passing = (state: DeliveryState, end: number) => DeliveryState;

export function passInOrder(state: DeliveryState, end: number): DeliveryState {
  return { ...state, low: end, ranges: state.ranges.filter(([, to]) => to > end) };
}

/** @param from where the stretch that is delivered ahead begins; all of it before `end` is in the newest range, or will be */
export function passAhead(from: number): Passing {
  return (state, end) => {
    const ranges = [...state.ranges];
    const newest = ranges.at(-1);
    if (newest && newest[1] >= from) ranges[ranges.length - 1] = [newest[0], end];
    else ranges.push([Math.max(from, state.low), end]);
    return { ...state, ranges };
  };
}
