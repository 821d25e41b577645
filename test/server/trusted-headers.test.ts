import { describe, expect, it } from 'vitest';
import { presentForwarded } from '../../src/server/trusted-headers.js';

const position = { file: 'site.conf', line: 1 };
const proxies = [{ address: '10.0.0.0', prefixLength: 8 }];

function present(names: string, headers: readonly string[], ranges: typeof proxies | undefined = proxies) {
  return presentForwarded(headers, '10.0.0.9', { names: names.split(' '), position }, ranges);
}

describe('X-Forwarded-For with a list of proxies', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, 192.0.2.2', '192.0.2.2', '192.0.2.2'],
    ['192.0.2.1, 192.0.2.2, 10.0.0.1', '192.0.2.2', '192.0.2.2, 10.0.0.1'],
    ['10.0.0.2, 10.0.0.1', '10.0.0.2', '10.0.0.2, 10.0.0.1'],
    ['192.0.2.1, word, 10.0.0.1', 'word', 'word, 10.0.0.1'],
    ['192.0.2.1,, 10.0.0.1,', '192.0.2.1', '192.0.2.1, 10.0.0.1'],
    ['192.0.2.1, ::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1, ::ffff:10.0.0.1'],
    ['192.0.2.1, 012.0.0.1', '012.0.0.1', '012.0.0.1'],
  ])('%s', (value, address, left) => {
    expect(present('X-Forwarded-For', ['X-Forwarded-For', value])).toEqual({
      headers: ['X-Forwarded-For', left],
      variables: ['REMOTE_ADDR', address],
      believed: ['x-forwarded-for'],
    });
  });

  it('may come in several fields', () => {
    const headers = ['x-forwarded-for', '192.0.2.1', 'Host', 'a', 'X-Forwarded-For', '10.0.0.1'];
    expect(present('X-Forwarded-For', headers).headers).toEqual([
      'Host',
      'a',
      'X-Forwarded-For',
      '192.0.2.1, 10.0.0.1',
    ]);
  });
});

it('takes the first address where everybody is believed, and leaves the field alone', () => {
  const headers = ['X-Forwarded-For', ', 192.0.2.1, 192.0.2.2'];
  const { variables, headers: left } = presentForwarded(
    headers,
    '198.51.100.1',
    { names: ['X-Forwarded-For'], position },
    undefined,
  );
  expect([variables, left]).toEqual([['REMOTE_ADDR', '192.0.2.1'], headers]);
});

describe('what is not believed', () => {
  const headers = ['X-Forwarded-For', '192.0.2.1', 'X-Real-IP', '192.0.2.2', 'X-Forwarded-Proto', 'https'];

  it('is taken away with all that speaks of the same, and with what passes for it', () => {
    const trusted = { names: ['X-Real-IP'], position };
    expect(
      presentForwarded([...headers, 'X_Client_IP', '1.1.1.1'], '192.0.2.9', trusted, proxies).headers,
    ).toEqual(['X-Forwarded-Proto', 'https']);
    expect(presentForwarded(headers, '192.0.2.9', trusted, []).headers).toEqual([
      'X-Forwarded-Proto',
      'https',
    ]);
  });

  it('is what stands beside the last one that is listed', () => {
    expect(present('X-Forwarded-For X-Real-IP', headers)).toEqual({
      headers: ['X-Real-IP', '192.0.2.2', 'X-Forwarded-Proto', 'https'],
      variables: ['REMOTE_ADDR', '192.0.2.2'],
      believed: ['x-real-ip'],
    });
  });

  it.each([
    ['X-Forwarded-Host', 'a, b'],
    ['X-Forwarded-Server', 'a b'],
    ['X-Forwarded-Port', 'http'],
    ['X-Script-Name', 'relative'],
    ['X-Forwarded-Proto', 'https, http'],
    ['X-Forwarded-SSL', 'maybe'],
  ])('is what makes no sense: %s: %s', (name, value) => {
    expect(present(name, [name, value])).toEqual({ headers: [], variables: [], believed: [] });
  });
});

it.each([
  ['X-Forwarded-Proto', 'HTTPS', ['HTTPS', 'on']],
  ['X-Forwarded-Scheme', 'http', ['HTTPS', '']],
  ['X-HTTPS', 'On', ['HTTPS', 'on']],
  ['X-Forwarded-SSL', '0', ['HTTPS', '']],
  ['X-Forwarded-Port', '8443', ['SERVER_PORT', '8443']],
  ['X-Forwarded-Server', 'a.example', ['SERVER_NAME', 'a.example']],
  ['X-Script-Name', '/mount', ['SCRIPT_NAME', '/mount', 'mod_wsgi.mount_point', '/mount']],
])('%s: %s', (name, value, variables) => {
  expect(present(name, [name, value]).variables).toEqual(variables);
});

it('puts the forwarded host into the place of Host', () => {
  expect(present('X-Forwarded-Host', ['Host', 'inside', 'X-Forwarded-Host', 'a.example:81']).headers).toEqual(
    ['X-Forwarded-Host', 'a.example:81', 'Host', 'a.example:81'],
  );
});
