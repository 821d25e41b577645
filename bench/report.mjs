/** Medians of the rounds as a table. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const columns = ['rate', 'p50', 'p99', 'cpuPerThousand', 'residentMb'];

/** @param rounds what measureRound returned */
export function summarise(rounds) {
  const medians = Object.fromEntries(
    columns.map((name) => [name, median(rounds.map((round) => round[name]))]),
  );
  return { ...medians, errors: rounds.reduce((sum, { errors }) => sum + errors, 0) };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One case: a row for each server, modhost first; `ratio` is modhost's rate to that server's. */
export function formatCase(one, results) {
  const own = results.get('modhost');
  const rows = [...results].map(([name, result]) => {
    const goal = one.against[name];
    const ratio = own && name !== 'modhost' ? `${(own.rate / result.rate).toFixed(2)} × (goal ${goal})` : '';
    const cells = [
      result.name,
      Math.round(result.rate).toLocaleString('en'),
      result.p50.toFixed(2),
      result.p99.toFixed(2),
      result.cpuPerThousand.toFixed(3),
      Math.round(result.residentMb),
      result.errors,
      ratio,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `### ${one.title}`,
    '',
    '| server | requests/s | p50 ms | p99 ms | CPU s / 1 000 | MB | errors | modhost is |',
    '|---|--:|--:|--:|--:|--:|--:|---|',
    ...rows,
    '',
  ].join('\n');
}

/** @param contestants with the rounds that measureConstantRate returned */
export function formatConstantRate(title, rate, contestants) {
  const rows = contestants.map(({ server, rounds }) => {
    const of = (name) => median(rounds.map((round) => round[name]));
    const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
    return `| ${server.name} | ${Math.round(of('rate')).toLocaleString('en')} | ${of('p50')} | ${of('p99')} | ${errors} |`;
  });
  return [
    `### ${title}`,
    '',
    `${rate.toLocaleString('en')} requests/s; counted from when a request was due.`,
    '',
    '| server | requests/s | p50 ms | p99 ms | errors |',
    '|---|--:|--:|--:|--:|',
    ...rows,
    '',
  ].join('\n');
}

/** @param facts what measureFacts returned */
export function formatFacts(facts) {
  return [
    '### What is no comparison with others',
    '',
    '| what | measured | goal |',
    '|---|--:|---|',
    ...facts.map(({ what, measured, goal }) => `| ${what} | ${measured} | ${goal} |`),
    '',
  ].join('\n');
}

export function formatMachine() {
  const versions = [
    ['node', ['--version']],
    ['/usr/sbin/apache2', ['-v']],
    ['/usr/sbin/nginx', ['-v']],
    ['/usr/bin/uwsgi', ['--version']],
    ['/usr/bin/gunicorn', ['--version']],
    ['/usr/bin/python3', ['--version']],
    [fileURLToPath(new URL('venv/bin/granian', import.meta.url)), ['--version']],
  ].flatMap(([program, parameters]) => {
    try {
      const text = execFileSync(program, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      return [text.trim().split('\n')[0] || program];
    } catch {
      return [];
    }
  });
  const model = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 1073741824);
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, ${memory} GiB. ${versions.join('; ')}.\n`;
}
