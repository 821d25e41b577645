import { GenuineResponse } from './genuine.js';

/** Where Node before 24 keeps what a Response was made of; undefined where nobody can reach it. */
const responseState = Object.getOwnPropertySymbols(new GenuineResponse('')).find(
  (symbol) => symbol.description === 'state',
);

interface ResponseState {
  readonly body?: { readonly source?: unknown } | null;
}

/**
 * The whole body of a Response that was made of a text or of bytes, without the detour through its stream; the body counts as used then. Undefined for any
 * other body, and where Node does not tell.
 */
export function takeKnownBody(response: Response): Uint8Array | undefined {
  if (responseState === undefined || !(response instanceof GenuineResponse)) return undefined;
  const state = (response as unknown as Record<symbol, ResponseState | undefined>)[responseState];
  const source = state?.body?.source;
  const bytes = typeof source === 'string' ? Buffer.from(source, 'utf8') : source;
  if (!(bytes instanceof Uint8Array) || response.bodyUsed || response.body?.locked !== false)
    return undefined;
  response.body.cancel().catch(() => {});
  return bytes;
}
