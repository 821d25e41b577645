import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { RequestFacts } from '../../../../src/daemon/node/environ.js';
import { GenuineRequest } from '../../../../src/daemon/node/fetch/genuine.js';
import { installLightFetch } from '../../../../src/daemon/node/fetch/install.js';
import { lightStateOf } from '../../../../src/daemon/node/fetch/light-members.js';
import { LightRequest } from '../../../../src/daemon/node/fetch/light-request.js';
import { RequestAborted, RequestBody } from '../../../../src/daemon/node/request-body.js';
import { readWords } from '../../../../src/wire/index.js';
import { createRandom, observe } from './observe.js';
import { requestCases, type Sent } from './request-cases.js';

// The genuine class says what is right: everything is done with it first, and then once more.
const genuine = new Map<string, unknown>();
for (const [name, [sent, use]] of Object.entries(requestCases))
  genuine.set(name, await observe(() => use(createGenuine(sent))));
const randomTargets = Array.from({ length: 5000 }, (_, seed) => createTarget(createRandom(seed)));
installLightFetch();

it.each(Object.entries(requestCases))('%s', async (name, [sent, use]) => {
  expect(await observe(() => use(createLight(sent)))).toEqual(genuine.get(name));
});

it('the address of five thousand targets', () => {
  for (const target of randomTargets)
    expect([target, createLight({ target }).url]).toEqual([target, createGenuine({ target }).url]);
});

it('is light where it can be', () => {
  expect(lightStateOf(createLight({ method: 'POST', body: 'x' }))).toBeDefined();
  expect(lightStateOf(createLight({ method: 'PROPFIND' }))).toBeUndefined();
});

it('is an instance of the genuine class, and the other way round', () => {
  expect(globalThis.Request).not.toBe(GenuineRequest);
  expect(createLight({})).toBeInstanceOf(GenuineRequest);
  expect(new GenuineRequest('http://h/')).toBeInstanceOf(Request);
});

it.each(['text', 'json', 'arrayBuffer', 'blob'] as const)(
  '%s() fails when the client leaves',
  async (name) => {
    const { light, body } = createLightRequest({ method: 'POST', body: 'begun' }, false);
    const read = observe(() => light.toRequest()[name]());
    light.end('gone', body);
    body.break(new RequestAborted('left'));
    expect(await read).toMatchObject({ error: 'RequestAborted', message: 'left' });
  },
);

it.each([
  ['early', true],
  ['late', false],
])('its signal, looked at %s, is aborted when the client leaves', (_, isEarly) => {
  const { light, body } = createLightRequest({});
  const request = light.toRequest();
  if (isEarly) expect(request.signal.aborted).toBe(false);
  const copy = isEarly ? request.clone() : undefined;
  light.end('gone', body);
  expect(request.signal.aborted).toBe(true);
  expect(copy?.signal.aborted ?? true).toBe(true);
});

it('its body comes in pieces, and is read whole', async () => {
  const { light, body } = createLightRequest({ method: 'POST', body: 'caf\xc3' }, false);
  const text = light.toRequest().text();
  body.receive(Buffer.from([0xa9]));
  body.receive(Buffer.alloc(40_000, 'x'));
  body.finish();
  expect(await text).toBe(`café${'x'.repeat(40_000)}`);
});

it.each([
  ['nobody wanted is dropped', false],
  ['somebody reads comes to its end', true],
])('a body that %s, after the answer', async (_, isWanted) => {
  const { light, body } = createLightRequest({ method: 'POST', body: 'begun' }, false);
  const text = isWanted ? light.toRequest().text() : undefined;
  light.end('ended', body);
  body.receive(Buffer.from(' and ended'));
  expect(body.ended).toBe(false);
  body.finish();
  expect(body.ended).toBe(true);
  expect(await text).toBe(isWanted ? 'begun and ended' : undefined);
});

/** As a front end sends it. */
function createLight(sent: Sent): Request {
  return createLightRequest(sent).light.toRequest();
}

function createLightRequest(sent: Sent, isWhole = true): { light: LightRequest; body: RequestBody } {
  const { method = 'GET', target = '/', host = 'site.example', headers = [], body: text = '' } = sent;
  const pairs = ['REQUEST_METHOD', method, 'modhost.url', target, 'REQUEST_URI', target];
  const facts = new RequestFacts({ words: readWords(pairs), environ: pairs });
  const body = new RequestBody(text !== '', () => {});
  if (text !== '') body.receive(Buffer.from(text, 'latin1'));
  if (text !== '' && isWhole) body.finish();
  return { light: new LightRequest(facts, ['Host', host, ...headers], body), body };
}

/** What a Request was before there were light ones. */
function createGenuine(sent: Sent): Request {
  const { method = 'GET', target = '/', host = 'site.example', headers = [], body = '' } = sent;
  const fields = new Headers([['Host', host]]);
  for (let at = 0; at + 1 < headers.length; at += 2)
    fields.append(headers[at] as string, headers[at + 1] as string);
  return new GenuineRequest(`http://${host}${target === '*' ? '/*' : target}`, {
    method,
    headers: fields,
    ...(body === ''
      ? {}
      : { body: Readable.toWeb(Readable.from([Buffer.from(body, 'latin1')])), duplex: 'half' }),
  } as RequestInit);
}

function createTarget(random: (below: number) => number): string {
  const parts = [
    'a',
    'B9',
    '.',
    '..',
    '%2e',
    '%2E.',
    '/',
    '//',
    '?',
    '&x=',
    '%',
    '%zz',
    '%41',
    '#',
    '\\',
    ' ',
    '"',
  ];
  parts.push(
    "'",
    '<',
    '>',
    '`',
    '{',
    '}',
    '|',
    '^',
    '~',
    '!$()*+,;=:@-_',
    '\xe9',
    '\x7f',
    '\t',
    ':80',
    '/.',
    '/./',
  );
  let target = '/';
  for (let count = random(6); count > 0; count -= 1) target += parts[random(parts.length)];
  return target;
}
