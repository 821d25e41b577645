import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apache } from './installed.js';
import { NamedBackend } from './named-backend.js';
import { type Host, makeFolder, removeFolder, startServer } from './server.js';

/** The same balancer behind Apache and behind modhost: the same members answer, in the same order. */

interface Answer {
  readonly status: number;
  /** Which member answered; absent: none. */
  readonly by: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Site {
  readonly backends: readonly NamedBackend[];
  ask(path: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Answer>;
  /** Who answers so many requests, one after the other. */
  askTimes(count: number, path?: string, headers?: Readonly<Record<string, string>>): Promise<string>;
}

interface Scenario {
  readonly name: string;
  /** `@1@` … are the URLs of the backends, `@DEAD@` one where nobody listens. */
  readonly site: string;
  play(site: Site): Promise<unknown>;
}

const oneProcess = 'ServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\nStartServers 1\n';

const balance = (members: readonly string[], set = '') =>
  `<Proxy balancer://all>\n${members.map((member) => `BalancerMember ${member}`).join('\n')}\n${set === '' ? '' : `ProxySet ${set}`}\n</Proxy>\nProxyPass / balancer://all/\n`;

const variables = ['SESSION_STICKY', 'SESSION_ROUTE', 'NAME', 'WORKER_ROUTE', 'ROUTE_CHANGED'];
const tellVariables = variables
  .map((name) => `Header always set X-${name.replace('_', '-')} "%{BALANCER_${name}}e"\n`)
  .join('');

const down = ({ backends }: Site, at: number) => backends[at - 1]?.stop();
const up = ({ backends }: Site, at: number) => backends[at - 1]?.start();

const distribution = async (site: Site) => {
  const answers = await site.askTimes(100);
  const counts = new Map<string, number>();
  for (const by of answers.split(' ')) counts.set(by, (counts.get(by) ?? 0) + 1);
  return { answers, counts: [...counts].sort() };
};

const scenarios: readonly Scenario[] = [
  { name: 'byrequests 1:3', site: balance(['@1@ loadfactor=1', '@2@ loadfactor=3']), play: distribution },
  {
    name: 'byrequests with fractions, and a higher lbset',
    site: balance(['@1@ loadfactor=1.5', '@2@', '@3@ loadfactor=2.25', '@4@ lbset=1 loadfactor=50']),
    play: distribution,
  },
  {
    name: 'bytraffic 1:3',
    site: balance(['@1@', '@2@ loadfactor=3'], 'lbmethod=bytraffic'),
    play: distribution,
  },
  {
    name: 'bytraffic after one large answer',
    site: balance(['@1@', '@2@'], 'lbmethod=bytraffic'),
    // Not to the request: what the servers say of themselves to a member differs by some bytes.
    play: async (site) => [
      await site.askTimes(1, '/size-20000'),
      (await site.askTimes(12, '/size-1000')).split(' ').every((by) => by === 'two'),
    ],
  },
  {
    name: 'bybusyness',
    site: balance(['@1@', '@2@ loadfactor=3'], 'lbmethod=bybusyness'),
    play: async (site) => {
      const idle = await site.askTimes(8);
      const hasCome = new Promise<void>((resolve) => {
        for (const backend of site.backends) backend.onHeld = resolve;
      });
      const held = site.ask('/held');
      await hasCome;
      const besides = await site.askTimes(4);
      for (const backend of site.backends) backend.release();
      return [idle, besides, (await held).by];
    },
  },
  {
    name: 'a member refuses, and comes back',
    site: balance(['@1@', '@2@ retry=1', '@3@']),
    play: async (site) => {
      await down(site, 2);
      const without = await site.askTimes(9);
      await up(site, 2);
      await sleep(1_200);
      return [without, await site.askTimes(9)];
    },
  },
  {
    name: 'a member that was well refuses',
    site: balance(['@1@', '@2@']),
    play: async (site) => {
      const before = await site.askTimes(4);
      await down(site, 1);
      const without = await site.askTimes(5);
      await up(site, 1);
      return [before, without, await site.askTimes(3)];
    },
  },
  ...['', 'forcerecovery=Off', 'nofailover=On', 'maxattempts=1', 'maxattempts=0', 'maxattempts=5'].map(
    (set) => ({
      name: `all are down ${set}`.trim(),
      site: balance(['@1@', '@2@', '@3@'], set),
      play: async (site: Site) => {
        for (const at of [1, 2, 3]) await down(site, at);
        const nobody = await site.askTimes(3);
        await up(site, 1);
        return [nobody, await site.askTimes(6)];
      },
    }),
  ),
  { name: 'one member that is down', site: balance(['@DEAD@']), play: (site) => site.askTimes(2) },
  {
    name: 'a member that is always tried again',
    site: balance(['@1@', '@DEAD@ retry=0']),
    play: (site) => site.askTimes(6),
  },
  {
    name: 'a member that hangs up',
    site: balance(['@1@', '@2@', '@3@']),
    play: async (site) => [await site.askTimes(2, '/hangup'), await site.askTimes(4)],
  },
  ...['', 'failontimeout=On'].map((set) => ({
    name: `a member that is silent ${set}`.trim(),
    site: balance(['@1@ timeout=1', '@2@ timeout=1', '@3@'], set),
    play: async (site: Site) => [await site.askTimes(1, '/slow-1500'), await site.askTimes(4)],
  })),
  {
    name: 'failonstatus',
    site: balance(['@1@', '@2@', '@3@'], 'failonstatus=500,503'),
    play: async (site) => [
      await site.ask('/status-503').then(({ status, by }) => [status, by]),
      await site.askTimes(4),
      await site.askTimes(1, '/status-501'),
      await site.askTimes(4),
    ],
  },
  {
    name: 'failonstatus of an answer that is made for a member',
    site: balance(['@1@', '@2@', '@3@'], 'failonstatus=502'),
    play: async (site) => [await site.askTimes(1, '/hangup'), await site.askTimes(4)],
  },
  {
    name: 'failonstatus until all are in error',
    site: balance(['@1@', '@2@'], 'failonstatus=503'),
    play: async (site) => [await site.askTimes(3, '/status-503'), await site.askTimes(4)],
  },
  {
    name: 'hot standby',
    site: balance(['@1@', '@2@', '@3@ status=+H']),
    play: async (site) => {
      const all = await site.askTimes(4);
      await down(site, 1);
      const one = await site.askTimes(4);
      await down(site, 2);
      return [all, one, await site.askTimes(4)];
    },
  },
  {
    name: 'hot spares',
    site: balance(['@1@', '@2@', '@3@ status=+R', '@4@ status=+R']),
    play: async (site) => {
      const all = await site.askTimes(4);
      await down(site, 1);
      const one = await site.askTimes(6);
      await down(site, 2);
      return [all, one, await site.askTimes(6)];
    },
  },
  {
    name: 'standby and lbset',
    site: balance(['@1@', '@2@ lbset=1', '@3@ status=+H', '@4@ status=+H lbset=1']),
    play: async (site) => {
      const answers = [await site.askTimes(2)];
      for (const at of [1, 3, 2]) {
        await down(site, at);
        answers.push(await site.askTimes(2));
      }
      return answers;
    },
  },
  {
    name: 'several on standby share what there is',
    site: balance(['@DEAD@', '@1@ status=+H', '@2@ status=+H']),
    play: (site) => site.askTimes(5),
  },
  {
    name: 'a spare before one on standby',
    site: balance(['@DEAD@', '@1@ status=+H', '@2@ status=+R']),
    play: (site) => site.askTimes(3),
  },
  { name: 'only a spare', site: balance(['@1@ status=+R']), play: (site) => site.askTimes(2) },
  ...['+D', '+S', '+E', '+N', '+C', 'D', '-D', '+DH', '+HR', '+H-H'].map((status) => ({
    name: `status=${status}`,
    site: balance([`@1@ status=${status}`, '@2@']),
    play: (site: Site) => site.askTimes(4),
  })),
  ...['+D', '+S', '+E', '+N'].map((status) => ({
    name: `status=${status} of the only member`,
    site: balance([`@1@ status=${status}`]),
    play: (site: Site) => site.askTimes(2),
  })),
  {
    name: 'status=+I',
    site: balance(['@1@ status=+I', '@2@']),
    play: async (site) => {
      const before = await site.askTimes(4);
      await down(site, 1);
      return [before, await site.askTimes(4)];
    },
  },
  ...['+N', '+D', '+S'].map((status) => ({
    name: `a spare in place of status=${status}`,
    site: balance(['@1@ status=+R', `@2@ status=${status}`, '@3@']),
    play: (site: Site) => site.askTimes(4),
  })),
  ...['+D', '+N'].map((status) => ({
    name: `one is down, and the other has status=${status}`,
    site: balance([`@1@ status=${status}`, '@DEAD@']),
    play: (site: Site) => site.askTimes(3),
  })),
  {
    name: 'sticky sessions',
    site: `${balance(['@1@ route=r1', '@2@ route=r2', '@DEAD@ route=r3', '@4@ route=a.b'], 'stickysession=SID')}${tellVariables}`,
    play: async (site) => {
      const cookies = [
        ...[
          'SID=x.r2',
          'SID=x.r2',
          'foo=1; SID=x.r2; z=1',
          'foo=1;SID=x.r1',
          'XSID=x.r2',
          'SID=x.r3',
          'SID=x.r3',
        ],
        ...[
          'SID=x.nope',
          'SID=r2',
          'SID=x.y.r2',
          'SID=x.a.b',
          'SID = x.r2',
          'SID=x.nope; SID=x.r2',
          'sid=x.r2',
        ],
        ...['SID=.r2', 'SID=', 'SID=x.', 'SID="x.r2"'],
      ];
      const paths = [
        ...[
          '/a;SID=x.r2',
          '/a;SID=x.r2?q',
          '/a?SID=x.r2',
          '/a?z=1&SID=x.r2',
          '/a?z=1;SID=x.r2;y=2',
          '/SID=x.r2',
        ],
        ...[
          '/a;SID=x.r2;b=c',
          '/a;SID=x.r2/b',
          '/a&SID=x.r2&b',
          '/a%3bSID=x.r2',
          '/aSID=x.r2',
          '/a?SID=x%2er2',
        ],
      ];
      const answers: unknown[] = [await site.ask('/a').then(tellRoute)];
      for (const cookie of cookies) answers.push([cookie, await site.ask('/a', { cookie }).then(tellRoute)]);
      for (const path of paths) answers.push([path, await site.ask(path).then(tellRoute)]);
      answers.push(await site.ask('/a;SID=x.r2', { cookie: 'SID=x.r1' }).then(tellRoute));
      return answers;
    },
  },
  {
    name: 'sticky sessions with two names, another separator and semicolons',
    site: `${balance(['@1@ route=r1', '@2@ route=r2'], 'stickysession=CK|pth stickysessionsep=- scolonpathdelim=On')}${tellVariables}`,
    play: async (site) => {
      const answers: unknown[] = [];
      for (const cookie of ['CK=x-r2', 'pth=x-r2', 'CK=x.r2'])
        answers.push(await site.ask('/a', { cookie }).then(tellRoute));
      for (const path of ['/a;pth=x-r2', '/a;CK=x-r2', '/a;pth=x-r2;b=c', '/a?pth=x-r2;b', '/pthx?pth=x-r2'])
        answers.push(await site.ask(path).then(tellRoute));
      for (const path of ['/a;pth=nothing', '/a;pth=q-zz'])
        answers.push(await site.ask(path, { cookie: 'CK=x-r2' }).then(tellRoute));
      return answers;
    },
  },
  {
    name: 'sticky sessions without routes',
    site: `${balance(['@1@', '@2@'], 'stickysession=S')}${tellVariables}`,
    play: async (site) => [
      await site.ask('/a').then(tellRoute),
      await site.ask('/a', { cookie: 'S=x.r2' }).then(tellRoute),
      await site.ask('/a', { cookie: 'S=x' }).then(tellRoute),
    ],
  },
  ...['', 'nofailover=On'].flatMap((set) =>
    ['', ' redirect=r3'].map((redirect) => ({
      name: `the member of a session is down ${set}${redirect}`.trim(),
      site: `${balance(['@1@ route=r1', `@DEAD@ route=r2${redirect}`, '@3@ route=r3'], `stickysession=S ${set}`)}${tellVariables}`,
      play: async (site: Site) => {
        const answers: unknown[] = [];
        for (const cookie of ['S=x.r2', 'S=x.r2', 'S=x.r1', 'S=x.zzz', 'S=zzz', 'S=x.r2'])
          answers.push(await site.ask('/a', { cookie }).then(tellRoute));
        return answers;
      },
    })),
  ),
  ...['+N', '+D', '+S', '+H', '+R', '+E'].map((status) => ({
    name: `the member of a session has status=${status}`,
    site: balance(['@1@ route=r1', `@2@ route=r2 status=${status}`], 'stickysession=S'),
    play: async (site: Site) => [await site.askTimes(2, '/a', { cookie: 'S=x.r2' }), await site.askTimes(3)],
  })),
  {
    name: 'a route that two members have',
    site: balance(['@1@ route=r', '@2@ route=r', '@3@ route=q'], 'stickysession=S'),
    play: async (site) => [
      await site.askTimes(3, '/a', { cookie: 'S=x.r' }),
      await down(site, 1),
      await site.askTimes(3, '/a', { cookie: 'S=x.r' }),
    ],
  },
  {
    name: 'paths',
    site: `<Proxy balancer://all>
BalancerMember @1@/m
BalancerMember @2@/n/
</Proxy>
ProxyPass /x balancer://all/app
ProxyPass /y balancer://ALL
ProxyPass /z/ balancer://all/zz
ProxyPass /raw balancer://all nocanon
ProxyPassMatch ^/match/(.*)$ balancer://all/by/$1
ProxyPassMatch ^/whole/ balancer://all
ProxyPass /nobody balancer://nobody/
RewriteEngine On
RewriteRule ^/rule(.*)$ balancer://all$1 [P]
RewriteRule ^/none(.*)$ balancer://none$1 [P]
ProxyPass / balancer://all/
`,
    play: async (site) => {
      const answers: unknown[] = [];
      for (const path of [
        ...[
          '/a',
          '/a',
          '/x/q',
          '/x/q?r',
          '/y/q',
          '/y/q',
          '/y',
          '/y',
          '/z/q',
          '/z/q',
          '/raw/a%62%5b?z',
          '/raw/b',
        ],
        ...[
          '/match/a%20b?q',
          '/match/c',
          '/whole/a',
          '/whole/a',
          '/rule/a?b',
          '/rule',
          '/rule/',
          '/none/a',
          '/nobody/a',
        ],
      ]) {
        const { status, body } = await site.ask(path);
        answers.push([path, status, status === 200 ? body.trim() : '']);
      }
      return answers;
    },
  },
  {
    name: 'ProxyPassReverse',
    site: `<Proxy balancer://all>
BalancerMember @1@/m
BalancerMember @2@/n
</Proxy>
ProxyPass /p balancer://all
ProxyPassReverse /p balancer://all
ProxyPass /q/ balancer://all/app/
ProxyPassReverse /q/ balancer://all/app/
ProxyPass / balancer://all/
ProxyPassReverse / balancer://all/
`,
    play: async (site) => {
      const [one = '', two = '', three = ''] = site.backends.map(({ url }) => url);
      const answers: unknown[] = [];
      for (const [path, location] of [
        ...[`${one}/m/q`, `${two}/n/q`, `${one}/n/q`, `${three}/q`, '/rel'].map((to) => ['/p/x', to]),
        ...[`${one}/m/app/q`, `${two}/n/app/q`, `${two}/n/q`].map((to) => ['/q/x', to]),
        ...[`${one}/m/q`, `${one}/m`, 'balancer://all/q'].map((to) => ['/x', to]),
      ] as const) {
        const { headers } = await site.ask(path as string, { 'x-location': location as string });
        answers.push(
          headers.location?.replace(/^http:\/\/127\.0\.0\.1:\d+/, (origin) =>
            [one, two, three].includes(origin) ? origin : 'here',
          ),
        );
      }
      return answers;
    },
  },
  {
    name: 'sections and BalancerMember outside of them',
    site: `BalancerMember balancer://all @1@ route=a
BalancerMember balancer://all @2@
BalancerMember balancer://all @1@ route=b
ProxySet balancer://all stickysession=S
ProxyPass / balancer://all/ failonstatus=503
<Proxy balancer://all/secret>
Require all denied
</Proxy>
<Proxy balancer://all>
Header set X-Section all
</Proxy>
`,
    play: async (site) => {
      const secret = await site.ask('/secret/x');
      const open = await site.ask('/a');
      return [
        [secret.status, open.status, open.headers['x-section']],
        await site.askTimes(2, '/a', { cookie: 'S=x.a' }),
        await site.askTimes(1, '/status-503', { cookie: 'S=x.a' }),
        await site.askTimes(3, '/a', { cookie: 'S=x.a' }),
      ];
    },
  },
  {
    name: 'a POST to a member that is down',
    site: balance(['@DEAD@', '@2@']),
    play: (site) => site.ask('/a', { 'content-length': '0' }, 'POST').then(({ by }) => by),
  },
  {
    name: 'a member whose name cannot be looked up',
    site: balance(['http://no-such-host.invalid', '@2@']),
    play: (site) => site.askTimes(4),
  },
  {
    name: 'waiting for a member',
    site: balance(['@1@ status=+D'], 'timeout=1'),
    play: async (site) => {
      const before = Date.now();
      const answer = await site.askTimes(1);
      const ms = Date.now() - before;
      return [answer, ms > 900 && ms < 3_000];
    },
  },
  {
    name: 'health checks',
    site: `ProxyHCExpr ok234 {%{REQUEST_STATUS} =~ /^[234]/}
ProxyHCExpr in_maint {hc('body') !~ /maintenance/}
ProxyHCTemplate tpl hcmethod=GET hcuri=/health hcinterval=1
${balance([
  '@1@ hctemplate=tpl',
  '@2@ hctemplate=tpl',
  '@3@ hctemplate=tpl hcexpr=ok234',
  '@4@ hctemplate=tpl hcexpr=in_maint',
  '@5@ hcmethod=TCP hcinterval=1',
  '@DEAD@ hcmethod=TCP hcinterval=1',
  '@6@ hcmethod=HEAD hcinterval=1 hcuri=/health hcpasses=2 hcfails=2',
])}`,
    play: async (site) => {
      const [, two, three, four] = site.backends;
      if (two !== undefined) two.health = { status: 404, body: '' };
      if (three !== undefined) three.health = { status: 404, body: '' };
      if (four !== undefined) four.health = { status: 200, body: 'under maintenance' };
      await sleep(2_600);
      const first = (await site.askTimes(12)).split(' ').sort().join(' ');
      if (two !== undefined) two.health = { status: 302, body: '' };
      if (four !== undefined) four.health = { status: 200, body: 'fine' };
      await sleep(1_700);
      return [
        first,
        (await site.askTimes(14)).split(' ').sort().join(' '),
        site.backends.map(({ checks }) => checks[0]),
      ];
    },
  },
  {
    name: 'all are unwell',
    site: balance(['@1@ hcmethod=GET hcuri=/health hcinterval=1', '@2@ hcmethod=OPTIONS hcinterval=1']),
    play: async (site) => {
      for (const backend of site.backends) backend.health = { status: 500, body: '' };
      await sleep(2_500);
      const nobody = await site.askTimes(2);
      for (const backend of site.backends.slice(0, 1)) backend.health = { status: 200, body: '' };
      await sleep(1_500);
      return [nobody, await site.askTimes(2), site.backends.map(({ checks }) => checks[0])];
    },
  },
  {
    name: 'a check lets a member in again before its time',
    site: balance(['@1@ hcmethod=GET hcuri=/health hcinterval=1', '@2@'], 'failonstatus=503'),
    play: async (site) => {
      const answers = [await site.askTimes(1, '/status-503'), await site.askTimes(2)];
      await sleep(2_200);
      return [...answers, (await site.askTimes(4)).split(' ').sort().join(' ')];
    },
  },
];

describe.skipIf(apache === undefined)('a balancer', () => {
  let folder: string;
  let backends: NamedBackend[];

  beforeAll(async () => {
    folder = makeFolder();
    backends = [];
    for (const name of ['one', 'two', 'three', 'four', 'five', 'six'])
      backends.push(await NamedBackend.start(name));
  });
  afterAll(async () => {
    for (const backend of backends ?? []) await backend.stop();
    removeFolder(folder);
  });

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (name, scenario) => {
    const play = (host: Host) => playOn(host, scenario, join(folder, name.replace(/\W+/g, '-')), backends);
    const wanted = await play('Apache');
    expect(await play('modhost')).toEqual(wanted);
  });
});

async function playOn(
  host: Host,
  { site, play }: Scenario,
  folder: string,
  backends: readonly NamedBackend[],
): Promise<unknown> {
  const text = site
    .replace(/@(\d)@/g, (_, digit) => backends[Number(digit) - 1]?.url ?? '')
    .replaceAll('@DEAD@', 'http://127.0.0.1:1');
  const server = await startServer(host, oneProcess + text, folder);
  const ask: Site['ask'] = (path, headers, method) => send(server.port, path, headers, method);
  try {
    return await play({
      backends,
      ask,
      askTimes: async (count, path = '/a', headers = {}) => {
        const answers: string[] = [];
        for (let at = 0; at < count; at += 1) {
          const { by, status } = await ask(path, headers);
          answers.push(by ?? String(status));
        }
        return answers.join(' ');
      },
    });
  } finally {
    await server.stop();
    for (const backend of backends) {
      await backend.stop();
      backend.health = { status: 200, body: 'fine' };
      backend.checks.length = 0;
      await backend.start();
    }
  }
}

async function send(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  const body = (await buffer(answer)).toString('latin1');
  return {
    status: answer.statusCode ?? 0,
    by: answer.headers['x-member']?.toString(),
    headers: answer.headers,
    body,
  };
}

/** Who answered, and what the site file could say of the session. */
function tellRoute({ status, by, headers }: Answer): unknown {
  return [by ?? status, ...variables.map((name) => headers[`x-${name.replace('_', '-').toLowerCase()}`])];
}
