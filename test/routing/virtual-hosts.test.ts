import { describe, expect, it } from 'vitest';
import { createRouter, type ResolvedNames, resolveVirtualHostNames } from '../../src/routing/index.js';
import { createVirtualHostSelector } from '../../src/routing/virtual-hosts.js';
import { host, namedHost, site } from './site.js';

function choose(
  virtualHosts: Parameters<typeof site>[1],
  localAddress: string,
  localPort: number,
  hostName: string,
  names?: ResolvedNames,
): number {
  const router = createRouter(site(host(0), virtualHosts), names);
  return router.selectVirtualHost({ localAddress, localPort, hostName }).id;
}

describe('address of a virtual host', () => {
  const hosts = [
    namedHost(1, 'any', ['*:*']),
    namedHost(2, 'port', ['*:80']),
    namedHost(3, 'ip', ['10.0.0.1:*']),
    namedHost(4, 'exact', ['10.0.0.1:80']),
    namedHost(5, 'six', ['2001:DB8:0::1:80']),
    namedHost(6, 'mapped', ['::ffff:10.0.0.9:80']),
  ];
  it.each([
    ['IP:port beats all', '10.0.0.1', 80, 4],
    ['IP:* beats *:port', '10.0.0.1', 81, 3],
    ['*:port beats *', '10.0.0.2', 80, 2],
    ['* is left', '10.0.0.2', 81, 1],
    ['IPv6 in another spelling', '2001:db8::1', 80, 5],
    ['IPv6 with a zone', '2001:db8::1%eth0', 80, 5],
    ['IPv4 written as IPv6', '10.0.0.9', 80, 6],
  ])('%s', (_title, address, port, id) => {
    expect(choose(hosts, address, port, '')).toBe(id);
    expect(choose([...hosts].reverse(), address, port, '')).toBe(id);
  });

  it('hides * hosts behind a matching IP even if their name fits', () => {
    expect(choose(hosts, '10.0.0.1', 80, 'port')).toBe(4);
    expect(choose(hosts, '10.0.0.1', 81, 'exact')).toBe(3);
  });
  it('leaves the main server where no address matches', () => {
    expect(choose([namedHost(1, 'a', ['10.0.0.1:80'])], '10.0.0.2', 80, 'a')).toBe(0);
    expect(choose([namedHost(1, 'a', ['*:81'])], '10.0.0.2', 80, 'a')).toBe(0);
    expect(choose([], '10.0.0.2', 80, 'a')).toBe(0);
  });
  it('takes 0.0.0.0 for *', () => {
    expect(choose([namedHost(1, 'a', ['0.0.0.0:80'])], '10.0.0.2', 80, '')).toBe(1);
  });
  it('serves every address of a virtual host', () => {
    const several = [namedHost(1, 'a', ['*:80']), namedHost(2, 'b', ['10.0.0.1:80', '*:80', '*:80'])];
    expect(choose(several, '10.0.0.1', 80, 'a')).toBe(2);
    expect(choose(several, '10.0.0.2', 80, 'b')).toBe(2);
    expect(choose(several, '10.0.0.2', 80, 'c')).toBe(1);
  });
  it('uses the addresses that were found for a name', () => {
    const named = [namedHost(1, 'a', ['here.example:80']), namedHost(2, 'b', ['localhost:80'])];
    const names = new Map([['here.example', ['10.0.0.1', '2001:db8::2']]]);
    expect(choose(named, '10.0.0.1', 80, '', names)).toBe(1);
    expect(choose(named, '2001:db8::2', 80, '', names)).toBe(1);
    expect(choose(named, '10.0.0.1', 80, '')).toBe(0);
    expect(choose(named, '127.0.0.1', 80, '')).toBe(2);
    expect(choose(named, '::1', 80, '')).toBe(2);
  });
  it('asks the resolver for names only', async () => {
    const hosts = [
      namedHost(1, 'a', ['localhost:80', '*:80', '10.0.0.1:80', '::1:80', 'no-such.invalid:80']),
    ];
    const names = await resolveVirtualHostNames(site(host(0), hosts));
    expect([...names.keys()]).toEqual(['localhost']);
    expect(names.get('localhost')).toContain('127.0.0.1');
  });
});

describe('name of a virtual host', () => {
  const all = ['*:80'];
  const hosts = [
    namedHost(1, 'first.example', all),
    namedHost(2, 'wild.example', all, ['*.shop.example', 'b?.example']),
    namedHost(3, 'x.shop.example', all, ['Alias.Example', 'dot.example.', '[::1]']),
    namedHost(4, 'late.example', all, ['*.example', 'pre*fix', 'first.example']),
    namedHost(5, 'deep.example', all, ['*.c.d.e', '*']),
  ];
  it.each([
    ['first.example', 1],
    ['unknown', 5],
    ['', 1],
    ['wild.example', 2],
    ['x.shop.example', 2],
    ['a.b.shop.example', 2],
    ['.shop.example', 2],
    ['shop.example', 4],
    ['bc.example', 2],
    ['bcd.example', 4],
    ['alias.example', 3],
    ['dot.example', 3],
    ['::1', 3],
    ['late.example', 4],
    ['preXfix', 4],
    ['prefix', 4],
    ['a.b.c.d.e', 5],
    ['c.d.e', 5],
  ])('%j → %i', (name, id) => {
    expect(choose(hosts, '10.0.0.1', 80, name)).toBe(id);
  });

  it('falls to the first of the set, not to the main server', () => {
    expect(choose([namedHost(1, 'a'), namedHost(2, 'b')], '10.0.0.1', 80, 'c')).toBe(1);
  });
  it('is the same with a thousand hosts, and as quick', () => {
    const many = Array.from({ length: 1000 }, (_, at) =>
      namedHost(at + 1, `h${at}.example`, all, [`*.w${at}.example`]),
    );
    const router = createRouter(site(host(0), many));
    const facts = { localAddress: '10.0.0.1', localPort: 80 };
    expect(router.selectVirtualHost({ ...facts, hostName: 'h999.example' }).id).toBe(1000);
    expect(router.selectVirtualHost({ ...facts, hostName: 'x.w998.example' }).id).toBe(999);
    expect(router.selectVirtualHost({ ...facts, hostName: 'nobody' }).id).toBe(1);
    expect(router.selectVirtualHost({ ...facts, hostName: '.a'.repeat(4000) }).id).toBe(1);
  });
});

describe('ten thousand virtual hosts', () => {
  /** How often anything of any virtual host is read while one is chosen. */
  function countReads(count: number): number {
    let reads = 0;
    const spied = Array.from({ length: count }, (_, at) => {
      const { addresses, ...rest } = namedHost(at + 1, `host${at}.example`, ['*:80']);
      return new Proxy(
        { addresses, ...rest },
        {
          get: (target, name, receiver) => {
            reads += 1;
            return Reflect.get(target, name, receiver);
          },
        },
      );
    });
    const select = createVirtualHostSelector(site(host(0), spied));
    const ask = (hostName: string) => select({ localAddress: '10.0.0.1', localPort: 80, hostName });
    // Whatever is compiled at first use is compiled now.
    ask('host0.example');
    reads = 0;
    const last = ask(`host${count - 1}.example`);
    ask('nobody.example');
    const during = reads;
    expect(last.id).toBe(count);
    return during;
  }

  it('cost as much as ten', () => {
    expect(countReads(10_000)).toBe(countReads(10));
  });
});
