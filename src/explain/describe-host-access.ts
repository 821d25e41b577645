import type { HostAccess, HostTest, Limited, MethodLimit } from '../config/model.js';

/** Order, Allow, Deny and Satisfy as they are written, on one line. */
export function describeHostAccess({ orders, allow, deny, satisfy }: HostAccess): string {
  return [
    ...orders.map((order) => describe('Order', order, order.value)),
    ...allow.map((test) => describe('Allow from', test, describeTest(test.value))),
    ...deny.map((test) => describe('Deny from', test, describeTest(test.value))),
    ...satisfy.map((word) => describe('Satisfy', word, word.value)),
  ].join('; ');
}

/** `<Limit POST>`, `<LimitExcept GET>`, around what it limits. */
export function describeLimited(limit: MethodLimit, text: string): string {
  const name = limit.except ? 'LimitExcept' : 'Limit';
  return `<${name} ${limit.methods.join(' ')}> ${text} </${name}>`;
}

function describe(directive: string, { limit }: Limited<unknown>, value: string): string {
  const text = `${directive} ${value}`;
  return limit === undefined ? text : describeLimited(limit, text);
}

/** As it stands behind `from`. */
export function describeTest(test: HostTest): string {
  switch (test.kind) {
    case 'all':
      return 'all';
    case 'ip':
      return `${test.range.address}/${test.range.prefixLength}`;
    case 'host':
      return test.domain;
    case 'env':
      return `env=${test.negated ? '!' : ''}${test.variable}`;
  }
}
