import { type AccessRecord, hidden, hideSecretValue } from '../log/index.js';

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
    environment: hide(record.environment),
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
