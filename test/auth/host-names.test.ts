import { describe, expect, it } from 'vitest';
import { createHostNames, type Resolver } from '../../src/auth/host-names.js';

const limits = {
  patienceMs: 10_000,
  keepMs: 60_000,
  keepFaultMs: 60_000,
  mostKept: 100,
  atOnce: 2,
};

function notFound(): Promise<never> {
  return Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
}

/** Answers from tables, and notes what it was asked. */
function tableResolver(names: Record<string, string>, addresses: Record<string, readonly string[]>) {
  const asked: string[] = [];
  const resolver: Resolver = {
    reverse(address) {
      asked.push(address);
      const name = names[address];
      return name === undefined ? notFound() : Promise.resolve(name);
    },
    forward(name) {
      asked.push(name);
      const found = addresses[name];
      return found === undefined ? notFound() : Promise.resolve(found);
    },
  };
  return { resolver, asked };
}

describe('the name of a client', () => {
  const { resolver } = tableResolver(
    {
      '192.0.2.1': 'www.example.com',
      '192.0.2.2': 'www.example.com',
      '192.0.2.3': 'gone.example.com',
      '2001:db8::1': 'six.example.com',
    },
    {
      'www.example.com': ['198.51.100.1', '192.0.2.1'],
      'six.example.com': ['2001:0db8:0:0::0001'],
    },
  );

  it.each([
    ['192.0.2.1', { kind: 'known', name: 'www.example.com' }],
    ['2001:db8::1', { kind: 'known', name: 'six.example.com' }],
  ])('of %s leads back to it', async (address, answer) => {
    expect(await createHostNames(resolver, limits).nameOf(address)).toEqual(answer);
  });

  it.each([
    ['the name leads elsewhere: anybody could claim it', '192.0.2.2'],
    ['the name leads nowhere', '192.0.2.3'],
    ['the address has no name', '192.0.2.4'],
  ])('is none where %s', async (_, address) => {
    expect(await createHostNames(resolver, limits).nameOf(address)).toEqual({ kind: 'none' });
  });

  it('is asked for once as long as it is remembered, by however many', async () => {
    const { resolver, asked } = tableResolver({ '192.0.2.1': 'a' }, { a: ['192.0.2.1'] });
    const hostNames = createHostNames(resolver, limits);
    await Promise.all([hostNames.nameOf('192.0.2.1'), hostNames.nameOf('192.0.2.1')]);
    await hostNames.nameOf('192.0.2.1');
    expect(asked).toEqual(['192.0.2.1', 'a']);
  });

  it('is asked for again when it is forgotten', async () => {
    const { resolver, asked } = tableResolver({}, {});
    const forgetful = createHostNames(resolver, { ...limits, keepMs: 0 });
    await forgetful.nameOf('192.0.2.1');
    await forgetful.nameOf('192.0.2.1');
    expect(asked).toEqual(['192.0.2.1', '192.0.2.1']);
    const small = createHostNames(resolver, { ...limits, mostKept: 1 });
    for (const address of ['192.0.2.7', '192.0.2.8', '192.0.2.7']) await small.nameOf(address);
    expect(asked.slice(2)).toEqual(['192.0.2.7', '192.0.2.8', '192.0.2.7']);
  });
});

describe('a resolver that fails', () => {
  const broken: Resolver = {
    reverse: () => Promise.reject(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' })),
    forward: () => Promise.reject(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' })),
  };

  it('is a fault and not the answer that there is no name', async () => {
    const hostNames = createHostNames(broken, limits);
    expect(await hostNames.nameOf('192.0.2.1')).toEqual({
      kind: 'fault',
      text: 'the host name of 192.0.2.1 could not be looked up: try again',
    });
    expect(await hostNames.addressesOf('example.com')).toEqual({
      kind: 'fault',
      name: 'example.com',
      text: 'the host example.com could not be looked up: try again',
    });
  });

  it('is a fault when the name cannot be confirmed', async () => {
    const half = { ...broken, reverse: () => Promise.resolve('www.example.com') };
    expect(await createHostNames(half, limits).nameOf('192.0.2.1')).toMatchObject({ kind: 'fault' });
  });

  it('is waited for no longer than patience lasts, and holds no more threads than it may', async () => {
    let running = 0;
    const silent: Resolver = {
      reverse() {
        running += 1;
        return new Promise(() => {});
      },
      forward: () => new Promise(() => {}),
    };
    const hostNames = createHostNames(silent, { ...limits, patienceMs: 20 });
    const answers = await Promise.all(['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(hostNames.nameOf));
    expect(answers.map(({ kind }) => kind)).toEqual(['fault', 'fault', 'fault']);
    expect(running).toBe(2);
  });
});

describe('addresses of a name', () => {
  it('are all that it has, and none if there is no such name', async () => {
    const { resolver } = tableResolver({}, { 'example.com': ['192.0.2.1', '2001:db8::1'] });
    const hostNames = createHostNames(resolver, limits);
    expect(await hostNames.addressesOf('example.com')).toMatchObject({
      addresses: ['192.0.2.1', '2001:db8::1'],
    });
    expect(await hostNames.addressesOf('example.net')).toMatchObject({ kind: 'known', addresses: [] });
  });

  it('come from the hosts file too', async () => {
    expect(await createHostNames().addressesOf('localhost')).toMatchObject({
      kind: 'known',
      addresses: expect.arrayContaining(['127.0.0.1']),
    });
  });
});
