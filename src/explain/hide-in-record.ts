import { type AccessRecord, hidden, hideSecretPairs, hideSecretValue } from '../log/index.js';

/** The record as an access log that is shown may tell it: without the values of variables, fields and cookies that nobody should read. */
export function hideInRecord(record: AccessRecord): AccessRecord {
  const hide = (look: ((name: string) => string | undefined) | undefined) => (name: string) => {
    const value = look?.call(record, name);
    return value === undefined ? undefined : hideSecretValue(name, value);
  };
  return {
    ...record,
    requestHeader: (name) =>
      /^cookie$/i.test(name) ? hideCookies(record.requestHeader(name)) : hide(record.requestHeader)(name),
    responseHeader: hide(record.responseHeader),
    environment: (name) => {
      const value = hide(record.environment)(name);
      return value && record.hidesVariable?.(name) ? hidden : value;
    },
    note: hide(record.note),
    requestTrailer: hide(record.requestTrailer),
    responseTrailer: hide(record.responseTrailer),
    tlsVariable: hide(record.tlsVariable),
  };
}

/** Which there are, since a log names one of them. */
function hideCookies(cookies: string | undefined): string | undefined {
  return cookies
    ?.split(';')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? hidden : pair.slice(0, equals + 1) + hidden;
    })
    .join(';');
}

/** name, value, …: without what nobody should read, by its name or because a rule put it there. */
export function hideVariables(pairs: readonly string[], isHidden: (name: string) => boolean): string[] {
  const isSecret = (at: number) => at % 2 === 1 && isHidden(pairs[at - 1] ?? '');
  return hideSecretPairs(pairs).map((text, at) => (isSecret(at) && text !== '' ? hidden : text));
}
