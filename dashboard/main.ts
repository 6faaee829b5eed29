/** The dashboard: the page's parts, wired to one live feed. The address's fragment names the picked device. */
import { FeedClient } from '../src/client/index.js';
import { Connection } from './connection.js';
import { DeviceList } from './device-list.js';
import { DevicePage } from './device-page.js';
import { byId, setText } from './element.js';
import { Units } from './units.js';
import { Welcome } from './welcome.js';

const connection = new Connection();
const welcome = new Welcome();
const units = new Units();

const feed = new FeedClient({
  url: location.origin,
  onState: (state, reason) => connection.show(state, reason?.message, Date.now()),
});
const page = new DevicePage(feed, units, (message) => showTrouble('device', message));
const list = new DeviceList(feed, units, { onListed: showParts, onTrouble: (message) => showTrouble('list', message) });
const troubles = new Map<string, string>();

let anyDevice = false;

function pickedDevice(): string | undefined {
  const name = location.hash.slice(1); // the characters of a device's name need no escapes in a fragment
  return name === '' ? undefined : name;
}

function showPicked(): void {
  const device = pickedDevice();
  document.title = device === undefined ? 'Inlet' : `${device} · Inlet`;
  document.body.toggleAttribute('data-picked', device !== undefined);
  byId('pick').hidden = device !== undefined || !anyDevice;
  list.pick(device);
  void page.open(device);
}

function showParts(count: number, searching: boolean): void {
  anyDevice = anyDevice || count > 0;
  const isNew = !anyDevice && !searching && pickedDevice() === undefined;
  welcome.show(isNew);
  byId('devices').hidden = isNew;
  byId('pick').hidden = pickedDevice() !== undefined || !anyDevice;
}

function showTrouble(part: string, message: string | null): void {
  if (message === null) troubles.delete(part);
  else troubles.set(part, message);
  const notice = byId('notice');
  notice.hidden = troubles.size === 0;
  setText(notice, [...new Set(troubles.values())].join(' '));
}

welcome.start();
page.start();
list.start();
feed.start();
addEventListener('hashchange', showPicked);
showPicked();
