/** A headless Chromium that stays on this machine. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { isMissing } from '../servers/missing.js';

const executablePath = '/usr/bin/chromium';

export function chromiumIsMissing(suite: string): boolean {
  return isMissing(suite, executablePath, existsSync(executablePath));
}

export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
