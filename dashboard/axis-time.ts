/** Labels of the time axis: the time of day, with the day where it begins. */
import type uPlot from 'uplot';

const minutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const seconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

export function formatAxisTime(_: uPlot, splits: number[], _axis: number, _space: number, stepMs: number): string[] {
  return splits.map((ts) => {
    const at = new Date(ts);
    if (at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0) return days.format(at);
    return (stepMs < 60_000 ? seconds : minutes).format(at);
  });
}
