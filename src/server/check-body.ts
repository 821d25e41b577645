import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';

/** Apache's default for LimitRequestBody, in bytes. */
const defaultLimitRequestBody = 1_073_741_824;

/** LimitRequestBody, as far as the head tells; what comes without a length is counted while it is read. */
export function checkBody({ record, settings, virtualHost, body }: Exchange): Refusal | undefined {
  record.reply.setTimeout(virtualHost.settings.timeoutMs);
  if (body === undefined) return undefined;
  const limit = settings.limitRequestBody ?? defaultLimitRequestBody;
  if (limit > 0 && (body.length ?? 0) > limit) {
    return refuse(
      413,
      'core',
      `the request body of ${body.length} bytes is larger than ${limit} (LimitRequestBody)`,
    );
  }
  body.setLimit(limit);
  body.setTimeout(virtualHost.settings.timeoutMs);
  body.setReadLimit(virtualHost.settings.readTimeouts.body);
  return undefined;
}
