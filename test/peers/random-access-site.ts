/** Site files full of access rules, made at random but the same for the same seed. */
export interface RandomSite {
  readonly siteFile: string;
  readonly paths: readonly string[];
}

/** Picks from lists, by a number that looks random. */
export interface Dice {
  pick<Item>(items: readonly Item[]): Item;
}

export function rollDice(seed: number): Dice {
  let state = seed;
  return {
    pick(items) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return items[(state >> 8) % items.length] as never;
    },
  };
}

/** Every section requires something: without that, modhost differs from Apache on purpose under `Satisfy Any`. */
export function makeRandomSite(dice: Dice, sections: number): RandomSite {
  const login = 'AuthType Basic\nAuthName Private\nAuthUserFile $ROOT/htpasswd\nAuthGroupFile $ROOT/groups';
  const paths: string[] = [];
  const texts: string[] = [];
  for (let number = 0; number < sections; number += 1) {
    const path = `/section${number}`;
    const first = `Require ${makeTest(dice)}`;
    const outer = [dice.pick([login, login, '']), first, makeRules(dice)];
    texts.push(makeSection(path, outer), makeSection(`${path}/inner`, [makeRules(dice)]));
    paths.push(path, `${path}/inner`);
  }
  return { siteFile: texts.join(''), paths };
}

function makeSection(path: string, lines: readonly string[]): string {
  const text = lines.filter((line) => line !== '').join('\n');
  return `<Location ${path}>\n${text}\n</Location>\n`;
}

function makeRules(dice: Dice): string {
  const hosts = Array.from({ length: dice.pick([0, 1, 2, 3]) }, () => limit(dice, makeHostRule(dice)));
  const requirements = Array.from({ length: dice.pick([0, 1, 2]) }, () => limit(dice, makeRequire(dice, 0)));
  if (requirements.length > 0) requirements.push(dice.pick(['', '', 'AuthMerging And', 'AuthMerging Or']));
  const rest = dice.pick(['', '', '', 'AuthzSendForbiddenOnFailure On']);
  return [...hosts, ...requirements, rest].filter((line) => line !== '').join('\n');
}

function makeHostRule(dice: Dice): string {
  const from = dice.pick(['all', '10', '10.1', '192.0.2.1', 'env=good', 'env=!good', 'localhost']);
  return dice.pick([
    'Order allow,deny',
    'Order deny,allow',
    'Order mutual-failure',
    `Allow from ${from}`,
    `Deny from ${from}`,
    'Satisfy Any',
    'Satisfy All',
  ]);
}

function makeRequire(dice: Dice, depth: number): string {
  const kind = depth > 2 ? 'plain' : dice.pick(['plain', 'plain', 'plain', 'any', 'every']);
  if (kind === 'plain') return `Require ${makeTest(dice)}`;
  const inner = [makeRequire(dice, depth + 1), makeRequire(dice, depth + 1)].join('\n');
  if (kind === 'any') return `<RequireAny>\n${inner}\n</RequireAny>`;
  const negative = dice.pick([
    '',
    `Require not ${makeTest(dice)}\n`,
    `<RequireNone>\nRequire ${makeTest(dice)}\nRequire ${makeTest(dice)}\n</RequireNone>\n`,
  ]);
  return `<RequireAll>\n${inner}\n${negative}</RequireAll>`;
}

function makeTest(dice: Dice): string {
  return dice.pick([
    ...['all granted', 'all denied', 'valid-user', 'user bob', 'user amy', 'group staff', 'ip 10'],
    ...['ip 10.1 192.0.2.1', 'env good', 'method GET', 'method POST PUT', 'local', 'host localhost'],
  ]);
}

function limit(dice: Dice, text: string): string {
  const wrap = dice.pick(['', '', '', 'Limit GET', 'Limit POST PUT', 'LimitExcept GET', 'LimitExcept POST']);
  return wrap === '' ? text : `<${wrap}>\n${text}\n</${wrap.split(' ', 1)[0]}>`;
}
