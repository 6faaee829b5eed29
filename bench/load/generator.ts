/** The thread of a load: its connections, and the commands that it obeys. */
import { parentPort, workerData } from 'node:worker_threads';
import { Connection, type Talk } from './connection.js';
import { Counter } from './counter.js';
import type { LoadCommand, LoadReport, LoadTask } from './load.js';

/** @param talkOf how the connection of that number speaks */
export function generate(talkOf: (connection: number, task: LoadTask) => Talk): void {
  const port = parentPort;
  if (!port) throw new Error('a load is a thread of its own');
  const task = workerData as LoadTask;
  const acked = new Counter(task.acked);
  let command: LoadCommand = 'go';
  const traffic = {
    window: task.window,
    mayGo: () => command === 'go',
    answered(messages: number) {
      acked.add(messages * task.batch);
      if (command === 'stop') endWhenIdle();
    },
  };
  const connections = Array.from({ length: task.connections }, (_, index) => {
    return new Connection(new URL(task.url), talkOf(index, task), traffic);
  });

  const endWhenIdle = () => {
    if (!connections.every(({ isIdle }) => isIdle)) return;
    for (const connection of connections) connection.stop();
    port.close();
  };

  port.on('message', (next: LoadCommand) => {
    command = next;
    if (command === 'go') for (const connection of connections) connection.fill();
    // What is answered in this turn is counted before it is asked whether all is answered.
    if (command === 'stop') setImmediate(endWhenIdle);
  });
  for (const connection of connections) connection.start();
  const report: LoadReport = 'started';
  port.postMessage(report);
}
