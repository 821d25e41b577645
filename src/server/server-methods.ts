import type { HeaderList } from '../http/index.js';
import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';
import { varyBy } from './start-answer.js';

/**
 * The methods that are the server's own, answered before any path is looked up (and so without any authentication, as in httpd):
 * TRACE, `OPTIONS *`. (CONNECT ends in the listener.)
 */
export function answerWithoutRoute(exchange: Exchange): 'continue' | Refusal | undefined {
  const { record, path } = exchange;
  switch (record.method) {
    case 'TRACE':
      return answerTrace(exchange);
    case 'OPTIONS':
      if (path !== '*') return 'continue';
      record.reply.start(200, '', [
        'Server',
        exchange.site.software,
        ...earlyFields(exchange),
        'Content-Length',
        '0',
      ]);
      record.reply.end();
      return undefined;
    default:
      return path === '*' ? refuse(400, 'core', '* is a target for OPTIONS only') : 'continue';
  }
}

/** RFC 9110 section 9.3.8, but without the fields that hold credentials: the client knows them already. */
function answerTrace(exchange: Exchange): Refusal | undefined {
  const { record, virtualHost, site } = exchange;
  if (virtualHost.settings.traceEnable === 'off') {
    return { ...refuse(405, 'core', 'TRACE (TraceEnable Off)', 'info'), headers: ['Allow', ''] };
  }
  if (record.body.isPresent) return refuse(413, 'core', 'TRACE with a body', 'info');
  const lines = [`TRACE ${record.target} HTTP/${record.httpVersion}`];
  const { headers: received } = exchange;
  for (let at = 0; at < received.length; at += 2) {
    const name = received[at] as string;
    if (!/^(authorization|proxy-authorization|cookie)$/i.test(name))
      lines.push(`${name}: ${received[at + 1]}`);
  }
  const body = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const headers = [
    'Server',
    site.software,
    ...earlyFields(exchange),
    'Content-Type',
    'message/http',
    'Content-Length',
    String(body.length),
  ];
  record.reply.start(200, '', headers);
  record.reply.write(body);
  record.reply.end();
  return undefined;
}

/** What sections and Header without `early` say comes too late for these methods. */
function earlyFields({ earlyAnswer, headersRead }: Exchange): HeaderList {
  return [...earlyAnswer.always, ...earlyAnswer.onsuccess, ...varyBy(headersRead)];
}
