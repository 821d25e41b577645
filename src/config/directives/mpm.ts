import { parseHostAndPort } from '../../http/index.js';
import { honoured, inModule, mainServerOnly, one, oneOrTwo } from '../definition.js';
import type { Here } from '../draft.js';
import { parseInteger, takeDurationOrDefault, takeInteger, takeIntegerOrDefault } from '../values.js';

/** Listening, and how many processes there are. */
export const mpm = inModule('mpm_event', [
  honoured(
    'Listen',
    mainServerOnly,
    oneOrTwo('[address:]port [protocol]'),
    'An address to listen on.',
    addListener,
  ),
  honoured(
    'ListenBacklog',
    mainServerOnly,
    one('count'),
    'Connections that may wait to be accepted.',
    (here, text) => {
      const count = takeInteger(here, text, 1);
      if (count !== undefined) here.draft.global.listenBacklog = count;
    },
    '511',
  ),
  honoured(
    'ServerLimit',
    mainServerOnly,
    one('count'),
    'Number of front-end processes.',
    (here, text) => {
      const count = takeIntegerOrDefault(here, text, 1, 1024);
      if (count !== undefined) here.draft.global.frontEnds = count;
    },
    'processors less daemon processes, at least half of the processors',
  ),
  honoured(
    'GracefulShutdownTimeout',
    mainServerOnly,
    one('seconds'),
    'How long a graceful stop waits; 0: without limit.',
    (here, text) => {
      const time = takeDurationOrDefault(here, text);
      if (time !== undefined) here.draft.global.gracefulShutdownTimeoutMs = time;
    },
    '0',
  ),
]);

function addListener(here: Here, address: string, protocol: string | undefined): void {
  const listener = parseListener(address);
  if (listener === undefined) {
    here.fail(`expected [address:]port with a port from 1 to 65535, not '${address}'`);
    return;
  }
  const twin = here.draft.listeners.find(
    ({ host, port }) => host === listener.host && port === listener.port,
  );
  if (twin !== undefined) {
    here.fail(
      `the same address and port as in ${twin.position.file}:${twin.position.line}; expected each once`,
      { kind: 'declared-twice' },
    );
    return;
  }
  here.draft.listeners.push({
    ...listener,
    ...(protocol === undefined ? {} : { protocol: protocol.toLowerCase() }),
    position: here.place.position,
  });
}

function parseListener(text: string): { host?: string; port: number } | undefined {
  if (/^\d+$/.test(text)) {
    const port = parseInteger(text, 1, 65535);
    return port === undefined ? undefined : { port };
  }
  const parts = parseHostAndPort(text);
  if (parts?.port === undefined) return undefined;
  return parts.host === '*' ? { port: parts.port } : { host: parts.host, port: parts.port };
}
