import type { DirectorySettings, ExpiryRule } from '../config/model.js';
import { formatHttpDate, type HeaderList, headerValue } from '../http/index.js';

/**
 * mod_expires: says how long an answer that is no error stays good, before Header has its say; an application that says so itself is not
 * contradicted. `type`: the media type where the fields do not tell it (304).
 */
export function addExpiry(
  settings: DirectorySettings,
  status: number,
  headers: HeaderList,
  type?: string,
): HeaderList {
  if (settings.expiresActive !== true || status >= 400) return headers;
  if (headerValue(headers, 'expires') !== undefined) return headers;
  const now = Date.now();
  const rule = selectRule(settings, type ?? headerValue(headers, 'content-type'));
  const base = rule?.base === 'modification' ? Date.parse(headerValue(headers, 'last-modified') ?? '') : now;
  if (rule === undefined || Number.isNaN(base)) return headers;
  const end = base + rule.seconds * 1000;
  const age = `max-age=${Math.max(0, Math.floor((end - now) / 1000))}`;
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === 'cache-control');
  const controlled =
    at < 0
      ? [...headers, 'Cache-Control', age]
      : headers.map((text, index) => (index === at + 1 ? `${text}, ${age}` : text));
  return [...controlled, 'Expires', formatHttpDate(end)];
}

function selectRule(
  { expiresByType, expiresDefault }: DirectorySettings,
  type: string | undefined,
): ExpiryRule | undefined {
  const [essence = ''] = (type ?? '').split(';', 1);
  const name = essence.trim().toLowerCase();
  return expiresByType?.get(name) ?? expiresByType?.get(`${name.split('/', 1)[0] ?? ''}/*`) ?? expiresDefault;
}
