/** The spool's files on a real disk. */
import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { nodeFiles } from '../../src/spool/files.js';

/** The flags with which this process has a file open, as the kernel tells them. */
function flagsOf(file: string): number {
  const descriptor = readdirSync('/proc/self/fd').find((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === file;
    } catch {
      // That of the directory that was just read.
      return false;
    }
  });
  const [, octal] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))!;
  return Number.parseInt(octal!, 8);
}

for (const how of ['create', 'open'] as const) {
  t.test(
    `a write to a file from \`${how}\` returns when the disk has it: the kernel holds it open with O_DSYNC`,
    async (t) => {
      const file = path.join(t.testdir({ 'old.seg': '' }), how === 'open' ? 'old.seg' : 'new.seg');
      const log = await nodeFiles[how](file);
      t.equal(flagsOf(file) & constants.O_DSYNC, constants.O_DSYNC);
      await log.close();
    },
  );
}

t.test('what the kernel takes a part of at a time is written whole, in order', async (t) => {
  const file = path.join(t.testdir(), 'new.seg');
  const log = await nodeFiles.create(file);
  const handle = await open(file);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its handle below
  const { writev } = prototype;
  t.teardown(() => {
    prototype.writev = writev;
  });
  const mostBytes = 7;
  prototype.writev = async function (this: FileHandle, buffers: NodeJS.ArrayBufferView[], position?: number) {
    return writev.call(this, [Buffer.concat(buffers as Uint8Array[]).subarray(0, mostBytes)], position);
  } as FileHandle['writev'];
  const text = 'first, second and third, which is the longest of them';
  const [first, second] = [text.slice(0, 7), text.slice(7, 25)];
  await log.write(
    [first, second, text.slice(25)].map((part) => Buffer.from(part)),
    0,
  );
  await log.close();
  t.equal(readFileSync(file, 'utf8'), text);
});
