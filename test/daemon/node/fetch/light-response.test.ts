import { expect, it } from 'vitest';
import { GenuineResponse } from '../../../../src/daemon/node/fetch/genuine.js';
import { installLightFetch } from '../../../../src/daemon/node/fetch/install.js';
import { lightStateOf } from '../../../../src/daemon/node/fetch/light-members.js';
import { createRandom, observe } from './observe.js';
import { responseCases } from './response-cases.js';

// The genuine class says what is right: everything is done with it first, and then once more.
const genuine = new Map<string, unknown>();
for (const [name, make] of Object.entries(responseCases)) genuine.set(name, await observe(make));
const randomRecords = Array.from({ length: 3000 }, (_, seed) => createRecord(createRandom(seed)));
const genuineRecords = await Promise.all(randomRecords.map((headers) => observe(() => respondWith(headers))));
const early = new Response('early');
installLightFetch();

it.each(Object.entries(responseCases))('%s', async (name, make) => {
  expect(await observe(make)).toEqual(genuine.get(name));
});

it('headers of three thousand plain objects, good and bad', async () => {
  for (const [at, headers] of randomRecords.entries())
    expect([headers, await observe(() => respondWith(headers))]).toEqual([headers, genuineRecords[at]]);
});

it('is light where it can be', () => {
  const light = [
    new Response('x', { status: 201, headers: { 'Content-Type': 'text/plain', 'Content-Length': '1' } }),
    new Response(null, { status: 204 }),
    new Response(new Uint8Array(3), { headers: new Headers({ a: '1' }) }),
    new Response(new ReadableStream()),
    Response.json({}),
  ];
  for (const response of light) expect(lightStateOf(response)).toBeDefined();
  expect(lightStateOf(new Response(new Blob([])))).toBeUndefined();
  expect(lightStateOf(Response.redirect('http://h/', 302))).toBeUndefined();
});

it('is an instance of the genuine class, and the other way round', () => {
  expect(globalThis.Response).not.toBe(GenuineResponse);
  expect(new Response('x')).toBeInstanceOf(GenuineResponse);
  expect(early).toBeInstanceOf(Response);
  expect(early.constructor).toBe(Response);
  expect(new GenuineResponse('x')).toBeInstanceOf(Response);
});

function respondWith(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { headers });
}

function createRecord(random: (below: number) => number): Record<string, string> {
  const names = ['a', 'A', 'b-c', 'Content-Type', 'content-type', 'Set-Cookie', 'x_y', 'a b', 'é', 'X-Z', ''];
  const values = [
    '',
    '1',
    ' 1',
    '1 ',
    'a b',
    'a\tb',
    '\t',
    'é',
    '€',
    'a\nb',
    'x\x7f',
    'text/html; charset=utf-8',
  ];
  const record: Record<string, string> = {};
  for (let count = random(4); count >= 0; count -= 1) {
    const [name, value] = [names[random(names.length)], values[random(values.length)]];
    if (name !== undefined && value !== undefined) record[name] = value;
  }
  return record;
}
