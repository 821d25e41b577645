import { parseServerUrl, type ServerUrl } from '../http/index.js';
import type { Here } from './draft.js';

/** Reads the URL of another server; reports what is wrong with it, at the word that it stands in. */
export function takeProxyUrl(
  here: Here,
  url: string,
  word: string = url,
): (ServerUrl & { readonly url: string }) | undefined {
  const parsed = parseServerUrl(url);
  if (parsed.kind === 'url') {
    const { kind: _, ...address } = parsed;
    return { ...address, url };
  }
  here.fail(parsed.message, {
    ...(parsed.kind === 'missing' ? { kind: 'argument-refused' } : {}),
    at: { word },
  });
  return undefined;
}
