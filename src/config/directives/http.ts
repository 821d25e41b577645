import { flag, honoured, inModule, one, outsideSections } from '../definition.js';
import { takeDuration, takeIntegerOrDefault } from '../values.js';

/** Persistent connections. */
export const http = inModule('http', [
  honoured(
    'KeepAlive',
    outsideSections,
    flag,
    'Whether a connection may serve several requests.',
    (here, on) => {
      here.server.settings.keepAlive = on;
    },
    'On',
  ),
  honoured(
    'KeepAliveTimeout',
    outsideSections,
    one('seconds'),
    'Wait for the next request.',
    (here, text) => {
      const time = takeDuration(here, text);
      if (time !== undefined) here.server.settings.keepAliveTimeoutMs = time;
    },
    '5',
  ),
  honoured(
    'MaxKeepAliveRequests',
    outsideSections,
    one('count'),
    'Requests of one connection; 0: any number.',
    (here, text) => {
      const count = takeIntegerOrDefault(here, text);
      if (count !== undefined) here.server.settings.maxKeepAliveRequests = count;
    },
    '100',
  ),
]);
