/**
 * One POST. The client's own way copies the body before it sends it; with batches of 5 MB the copies alone bring the garbage
 * collector again and again. Here the socket gets the bytes as they lie, and once there is an answer it needs them no more.
 */
import { AbortError, HttpError } from '@influxdata/influxdb-client';
import { request as requestHttp, type Agent, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { once } from 'node:events';

export interface Post {
  url: string;
  agent: Agent;
  headers: Record<string, string>;
  body: Uint8Array;
  signal: AbortSignal;
}

const success = 204;
/** An answer in JSON may name each line that is refused; of a page of a proxy the beginning says enough. */
const longestJson = 1024 * 1024;
const longestText = 1000;

/** @throws HttpError for any answer but 204, which InfluxDB gives when it has taken all; or what the network says */
export async function post({ url, agent, headers, body, signal }: Post): Promise<void> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const posted = request(url, {
    method: 'POST',
    agent,
    signal,
    headers: { ...headers, 'content-length': body.length },
  });
  // Whoever waits for something hears of it; after the answer nobody does.
  posted.on('error', () => undefined);
  posted.end(body);
  try {
    const [response] = (await once(posted, 'response')) as [IncomingMessage];
    const said = await textOf(response);
    if (response.statusCode !== success) throw httpError(response, said);
  } catch (error) {
    throw signal.aborted ? new AbortError() : error;
  } finally {
    // Answered before it had everything: what is left of the body must not be sent from memory that others may have by then.
    if (!posted.writableFinished) posted.destroy();
  }
}

function isJson({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('application/json') ?? false;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const longest = isJson(response) ? longestJson : longestText;
  let text = '';
  response.setEncoding('utf8');
  for await (const piece of response) if (text.length < longest) text += piece as string;
  return text.slice(0, longest);
}

const takenInPart = 'InfluxDB took only some of the lines';

/** Whatever else calls itself a success is no InfluxDB's: a page of a proxy, say. */
function httpError({ statusCode = 600, statusMessage, headers }: IncomingMessage, said: string): HttpError {
  if (statusCode < 300)
    return new HttpError(
      statusCode,
      statusCode === 201 ? takenInPart : `a write is answered with 204, not with ${statusCode}`,
    );
  const text = said === '' ? String(headers['x-influxdb-error'] ?? '') : said;
  return new HttpError(
    statusCode,
    statusMessage,
    text,
    headers['retry-after'],
    headers['content-type'],
    undefined,
    headers,
  );
}
