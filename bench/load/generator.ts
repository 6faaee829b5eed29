/** The thread of a load: its connections, and the commands that it obeys. */
import { parentPort, workerData } from 'node:worker_threads';
import { Connection, type Talk } from './connection.js';
import { Counter } from './counter.js';
import { Latencies } from './latencies.js';
import type { LoadCommand, LoadReport, LoadTask } from './load.js';
import { Pacer } from './pacer.js';

/** @param talkOf how the connection of that number speaks */
export function generate(talkOf: (connection: number, task: LoadTask) => Talk): void {
  const port = parentPort;
  if (!port) throw new Error('a load is a thread of its own');
  const task = workerData as LoadTask;
  const acked = new Counter(task.acked);
  const latencies = new Latencies(task.latencies);
  let command: LoadCommand = 'go';
  let pacer: Pacer | undefined;
  const traffic = {
    window: task.window,
    hasRoom(connection: Connection) {
      if (command === 'go') connection.send(Infinity, performance.now());
      else pacer?.send();
    },
    took: (milliseconds: number, messages: number) => latencies.add(milliseconds, messages),
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
    pacer?.stop();
    pacer = typeof command === 'object' ? new Pacer(connections, command.messagesPerSecond) : undefined;
    pacer?.start();
    if (command === 'go') for (const connection of connections) traffic.hasRoom(connection);
    // What is answered in this turn is counted before it is asked whether all is answered.
    if (command === 'stop') setImmediate(endWhenIdle);
  });
  for (const connection of connections) connection.start();
  const report: LoadReport = 'started';
  port.postMessage(report);
}
