import { describe, expect, it } from 'vitest';
import type { ServerTarget } from '../../src/config/model.js';
import { findObstacle, planConnection } from '../../src/gateway/index.js';

const targetOf = (scheme: ServerTarget['scheme']): ServerTarget => ({
  url: `${scheme}://inner`,
  scheme,
  host: 'inner',
  port: 1,
  authority: 'inner',
  path: '',
  parameters: {},
  isRaw: false,
  dropsQuery: false,
});

describe('a connection to another server', () => {
  it.each(['https', 'wss'] as const)('of %s has TLS, and is not made without SSLProxyEngine', (scheme) => {
    const target = targetOf(scheme);
    const tls = { isOn: true };
    const plan = { target, tls, tlsName: 'inner', connectTimeoutMs: 5 };
    expect(planConnection(plan)).toEqual(plan);
    expect(findObstacle(target, tls)).toBeUndefined();
    for (const off of [undefined, {}, { isOn: false }])
      expect(findObstacle(target, off)).toBe('TLS is needed, and SSLProxyEngine is not On');
  });

  it.each(['http', 'ws', 'uwsgi', 'fcgi', 'scgi'] as const)(
    'of %s has none, whatever is said of it',
    (scheme) => {
      const target = targetOf(scheme);
      expect(planConnection({ target, tls: { isOn: true }, tlsName: 'x', connectTimeoutMs: 5 })).toEqual({
        target,
        tlsName: '',
        connectTimeoutMs: 5,
      });
      expect(findObstacle(target, {})).toBeUndefined();
    },
  );
});
