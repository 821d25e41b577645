import type { HostAccess, HostTest, Limited } from '../config/model.js';
import { formatRange } from './format-range.js';

/** What Order, Allow, Deny and Satisfy make of the words about whom Require lets in. */
export function addHosts(access: HostAccess, required: string): string {
  const hosts = describeHosts(access);
  if (access.satisfy.at(-1)?.value === 'any') {
    if (hosts === 'everyone') return hosts;
    return hosts === 'denied' ? required : `${required}, or ${hosts}`;
  }
  if (hosts === 'everyone' || required === 'denied') return required;
  return hosts === 'denied' || required === 'everyone' ? hosts : `${required}, and ${hosts}`;
}

/** `everyone`, `denied`, or the directives as they are written: what they come to depends on the client. */
function describeHosts(access: HostAccess): string {
  const { orders, allow, deny } = access;
  const order = orders.at(-1)?.value ?? 'deny,allow';
  if (!isLimited(access)) {
    if (order === 'deny,allow' ? hasAll(allow) || deny.length === 0 : hasAll(allow) && deny.length === 0)
      return 'everyone';
    if (order === 'deny,allow' ? hasAll(deny) && allow.length === 0 : hasAll(deny) || allow.length === 0)
      return 'denied';
  }
  const lists = [
    ...(allow.length === 0 ? [] : [`Allow from ${listTests(allow)}`]),
    ...(deny.length === 0 ? [] : [`Deny from ${listTests(deny)}`]),
  ];
  return [`Order ${order}`, ...lists].join(', ');
}

function isLimited({ orders, satisfy, allow, deny }: HostAccess): boolean {
  return [...orders, ...satisfy, ...allow, ...deny].some(({ limit }) => limit !== undefined);
}

function hasAll(tests: readonly Limited<HostTest>[]): boolean {
  return tests.some(({ value }) => value.kind === 'all');
}

function listTests(tests: readonly Limited<HostTest>[]): string {
  return tests.map(({ value, limit }) => `${formatTest(value)}${limit ? '(some methods)' : ''}`).join(' ');
}

function formatTest(test: HostTest): string {
  switch (test.kind) {
    case 'all':
      return 'all';
    case 'ip':
      return formatRange(test.range);
    case 'host':
      return test.domain;
    case 'env':
      return `env=${test.negated ? '!' : ''}${test.variable}`;
  }
}
