import type { SiteStatus } from '../processes/index.js';

type Group = SiteStatus['groups'][number];

/** The status as a person reads it; `now`: milliseconds since the epoch. */
export function formatStatus({ supervisor, frontEnds, groups }: SiteStatus, now: number): string {
  const rows = [
    ['', 'PID', 'STATE', 'BUSY', 'REQUESTS', 'MEMORY', 'AGE'],
    [
      'supervisor',
      String(supervisor.pid),
      'serving',
      '',
      '',
      megabytes(supervisor.memory),
      age(supervisor.startedAt, now),
    ],
    ...frontEnds.map(({ pid, state, memory, startedAt, counts }) => [
      'front end',
      String(pid),
      state,
      String(counts?.active ?? '?'),
      String(counts?.finished ?? '?'),
      megabytes(memory),
      age(startedAt, now),
    ]),
    ...groups.flatMap((group) => rowsOf(group, now)),
  ];
  const notes = [
    ...describeLogins(frontEnds),
    ...describeMembers(frontEnds),
    ...groups.flatMap((group) => notesOf(group, now)),
  ];
  return `${formatTable(rows)}${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`;
}

/** Nothing where nobody has tried to log in. */
function describeLogins(frontEnds: SiteStatus['frontEnds']): string[] {
  const sum = (name: 'granted' | 'failed' | 'delayed' | 'throttled' | 'overloaded') =>
    frontEnds.reduce((total, { counts }) => total + (counts?.logins[name] ?? 0), 0);
  const [granted, failed, throttled, overloaded] = [
    sum('granted'),
    sum('failed'),
    sum('throttled'),
    sum('overloaded'),
  ];
  if (granted + failed + throttled + overloaded === 0) return [];
  return [
    `logins: ${granted} granted, ${failed} failed (${sum('delayed')} of them answered late), ` +
      `${throttled} refused as guesses, ${overloaded} refused as too many at once`,
  ];
}

/** Each front end has its own idea of how a member is: what they all think is said once. */
function describeMembers(frontEnds: SiteStatus['frontEnds']): string[] {
  const members = frontEnds.flatMap(({ counts }) => counts?.members ?? []);
  const ids = new Set(members.map(({ balancer, member }) => `${balancer}: ${member}`));
  return [...ids].map((id) => {
    const seen = members.filter(({ balancer, member }) => `${balancer}: ${member}` === id);
    const states = [...new Set(seen.map(({ state }) => state))].join(' / ');
    const sum = (pick: (at: (typeof seen)[number]) => number) =>
      seen.reduce((total, at) => total + pick(at), 0);
    return `${id}: ${states}; ${sum(({ elected }) => elected)} requests, ${sum(({ busy }) => busy)} of them now`;
  });
}

function nameOf({ name, runtime }: Group): string {
  return `${name}/${runtime}`;
}

function rowsOf(group: Group, now: number): string[][] {
  const { processes, threads } = group;
  if (processes.length === 0) return [[nameOf(group), '-', 'not running', '', '', '', '']];
  return processes.map(({ pid, state, active, finished, memory, startedAt }) => [
    nameOf(group),
    String(pid),
    // Its interpreter is busy or stuck.
    active === undefined ? `${state}, silent` : state,
    active === undefined ? '?' : threads === null ? String(active) : `${active}/${threads}`,
    finished === undefined ? '?' : String(finished),
    megabytes(memory),
    age(startedAt, now),
  ]);
}

function notesOf(group: Group, now: number): string[] {
  const { failure, endings, starts } = group;
  const lines = endings
    .slice(-5)
    .map(({ at, pid, why }) => `  ${age(at, now)} ago${pid === 0 ? '' : `, pid ${pid}`}: ${why}`);
  return [
    ...(failure === undefined ? [] : [`${nameOf(group)} cannot serve: it ${failure}`]),
    ...(lines.length === 0 ? [] : [`${nameOf(group)}: ${starts} started so far; ended last:`, ...lines]),
  ];
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function age(since: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
