/** Runs a program under strace, which makes its system calls fail or wait; the program stays a child of its own. */
import { spawnSync } from 'node:child_process';

/** @param inject what `strace --inject` takes, such as `fdatasync:error=EIO:when=3` */
export function straced(inject: string): string[] {
  const [calls] = inject.split(':');
  // -D: the tracer is a grandchild. With --seccomp-bpf, calls that are not traced cost nothing.
  return [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qqq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${inject}`,
  ];
}

/** As `influxdIsMissing`: said loudly, and an error where `CI` is set. */
export function straceIsMissing(suite: string): boolean {
  if (spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0) return false;
  const message = `${suite} DID NOT RUN: there is no strace on this machine, or it may not trace`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n\n`);
  return true;
}
