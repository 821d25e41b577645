import { errorPage, reasonPhrase } from '../http/index.js';
import type { RequestRecord } from './request-record.js';
import type { Refusal } from './site.js';

/** Behind these nothing more of the connection can be trusted, or wanted (as httpd). */
const closingStatuses = new Set([400, 408, 411, 413, 414, 500, 501, 503]);

/** Writes the one page that a refused request gets. The cause stays in the log. */
export function answerRefusal(record: RequestRecord, refusal: Refusal, software: string): void {
  const { reply } = record;
  const { status } = refusal;
  if (closingStatuses.has(status)) reply.closeConnection();
  const page = Buffer.from(errorPage(status, { method: record.method }), 'latin1');
  const hasPage = status !== 304 && status !== 204;
  reply.start(status, reasonPhrase(status), [
    'Server',
    software,
    ...(refusal.headers ?? []),
    ...(hasPage
      ? ['Content-Length', String(page.length), 'Content-Type', 'text/html; charset=iso-8859-1']
      : []),
  ]);
  if (hasPage) reply.write(page);
  reply.end();
}
