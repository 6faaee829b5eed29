/** Channels on the page of the documentation: where they are, what goes through them, and why they end. */
import type { Channel, Direction } from '../asyncapi/channel.js';
import { escape, inline } from './html.js';

export function channelSections(channels: readonly Channel[]): string {
  return `<h2>Channels</h2>
<p>${inline('What goes through open connections, in both directions. `/asyncapi.json` has the form of every frame and message.')}</p>
${channels.map(channelSection).join('\n')}`;
}

function channelSection(channel: Channel): string {
  const { name, address, title, description, fromClient, fromServer, closeCodes = {} } = channel;
  const codes = Object.entries(closeCodes).map(([code, why]) => `<tr><td><code>${code}</code><td>${inline(why)}`);
  return `<section id="channel-${name}">
<h3><code>${escape(address)}</code></h3>
<p><strong>${inline(title)}.</strong> ${inline(description)}</p>
${direction('Clients send', fromClient)}${direction('Inlet sends', fromServer)}
${codes.length > 0 ? `<p>Close codes:</p><table>${codes.join('')}</table>` : ''}
</section>`;
}

function direction(who: string, what: Direction | undefined): string {
  if (!what) return '';
  const types = what.contentTypes
    ? `, as ${what.contentTypes.map((type) => `<code>${escape(type)}</code>`).join(', ')}`
    : '';
  return `<p>${who}: ${inline(what.summary)}${types}.</p>`;
}
