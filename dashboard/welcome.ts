/** The page before the first reading: how to send one. */
import { byId } from './element.js';

export class Welcome {
  readonly #section = byId('welcome');

  start(): void {
    const reading = JSON.stringify({
      device: 'boiler-7',
      type: 'machine',
      fields: { temperature: 73.9, running: true },
    });
    const command = `curl ${location.origin}/v1/readings -H 'content-type: application/json' -d '${reading}'`;
    byId('command').textContent = command;
    const copy = byId('copy');
    // Browsers give the clipboard to secure pages only.
    copy.hidden = navigator.clipboard === undefined;
    copy.addEventListener('click', () => {
      void navigator.clipboard.writeText(command).then(() => (copy.textContent = 'Copied'));
    });
  }

  show(visible: boolean): void {
    this.#section.hidden = !visible;
  }
}
