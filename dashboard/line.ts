/** A line in the chart. */
import type { Points } from './points.js';

export interface Line {
  label: string;
  unit: string | undefined;
  /** Which of the page's line colours, from 0. */
  colour: number;
  /** A value that holds until the next one, as a boolean does. */
  stepped: boolean;
  points: Points;
}

/** How many line colours the page has (theme.css). */
export const lineColours = 6;
